"""Calls about the account and its buckets."""

from typing import Unpack, cast

from cosbox.client import types as t
from cosbox.client.methods.base import Calls
from cosbox.protocol.errors import NotFoundError


class BucketCalls(Calls):
    """Calls about the account and its buckets."""

    def list_buckets(self, **kwargs: Unpack[t.ListBucketsOptions]) -> t.ListBucketsResult:
        """List the buckets of the account.

        >>> [entry["Name"] for entry in client.list_buckets()["Buckets"]["Bucket"]] == [bucket]
        True

        Raises:
            CosServiceError: the store refuses.
        """
        return cast(t.ListBucketsResult, self._call("list_buckets", args=kwargs))

    def create_bucket(self, Bucket: str, **kwargs: Unpack[t.CreateBucketOptions]) -> None:
        """Create a bucket, ``name-APPID``.

        >>> client.create_bucket(Bucket="holiday-1250000000", ACL="private")

        Raises:
            ConflictError: the name is taken.
        """
        self._call("create_bucket", Bucket, args=kwargs)

    def head_bucket(self, Bucket: str, **kwargs: Unpack[t.HeadBucketOptions]) -> t.HeadBucketResult:
        """Ask whether a bucket exists and may be used.

        >>> "x-cos-request-id" in client.head_bucket(Bucket=bucket)
        True

        Raises:
            NotFoundError: it does not exist.
            AccessDeniedError: it belongs to someone else.
        """
        return cast(t.HeadBucketResult, self._call("head_bucket", Bucket, args=kwargs))

    def bucket_exists(self, Bucket: str) -> bool:
        """Whether a bucket exists.

        >>> client.bucket_exists(bucket), client.bucket_exists("nothing-1250000000")
        (True, False)

        Raises:
            AccessDeniedError: it exists and belongs to someone else.
        """
        try:
            self._call("head_bucket", Bucket)
        except NotFoundError:
            return False
        return True

    def delete_bucket(self, Bucket: str, **kwargs: Unpack[t.DeleteBucketOptions]) -> None:
        """Delete an empty bucket.

        >>> client.create_bucket(Bucket="short-1250000000")
        >>> client.delete_bucket(Bucket="short-1250000000")

        Raises:
            ConflictError: there is something in it.
            NotFoundError: it does not exist.
        """
        self._call("delete_bucket", Bucket, args=kwargs)

    def get_bucket_location(
        self, Bucket: str, **kwargs: Unpack[t.GetBucketLocationOptions]
    ) -> t.GetBucketLocationResult:
        """Ask for the region of a bucket.

        >>> client.get_bucket_location(Bucket=bucket)
        {'LocationConstraint': 'local'}

        Raises:
            NotFoundError: it does not exist.
        """
        result = self._call("get_bucket_location", Bucket, args=kwargs)
        return cast(t.GetBucketLocationResult, result)

    def put_bucket_versioning(
        self, Bucket: str, Status: str, **kwargs: Unpack[t.PutBucketVersioningOptions]
    ) -> None:
        """Switch versioning on (``Enabled``), or suspend it (``Suspended``).

        >>> client.put_bucket_versioning(Bucket=bucket, Status="Enabled")
        >>> client.get_bucket_versioning(Bucket=bucket)
        {'Status': 'Enabled'}

        Raises:
            NotFoundError: the bucket does not exist.
        """
        args = {"VersioningConfiguration": {"Status": Status}, **kwargs}
        self._call("put_bucket_versioning", Bucket, args=args)

    def get_bucket_versioning(
        self, Bucket: str, **kwargs: Unpack[t.GetBucketVersioningOptions]
    ) -> t.GetBucketVersioningResult:
        """Ask whether a bucket keeps versions; ``{}`` if it never did.

        >>> client.get_bucket_versioning(Bucket=bucket)
        {}

        Raises:
            NotFoundError: it does not exist.
        """
        result = self._call("get_bucket_versioning", Bucket, args=kwargs)
        return cast(t.GetBucketVersioningResult, result)

    def put_bucket_acl(
        self,
        Bucket: str,
        AccessControlPolicy: t.AccessControlPolicyArgument | None = None,
        **kwargs: Unpack[t.PutBucketAclOptions],
    ) -> None:
        """Replace the access list of a bucket, by a canned one or by grants.

        >>> client.put_bucket_acl(Bucket=bucket, ACL="public-read")

        Raises:
            NotFoundError: it does not exist.
        """
        args = {"AccessControlPolicy": AccessControlPolicy, **kwargs}
        self._call("put_bucket_acl", Bucket, args=args)

    def get_bucket_acl(
        self, Bucket: str, **kwargs: Unpack[t.GetBucketAclOptions]
    ) -> t.GetBucketAclResult:
        """Read the access list of a bucket.

        >>> acl = client.get_bucket_acl(Bucket=bucket)
        >>> [grant["Permission"] for grant in acl["AccessControlList"]["Grant"]]
        ['FULL_CONTROL']

        Raises:
            NotFoundError: it does not exist.
        """
        return cast(t.GetBucketAclResult, self._call("get_bucket_acl", Bucket, args=kwargs))

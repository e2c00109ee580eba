"""Calls about the account and its buckets.

Written by tools/generate_async.py from cosbox/client/methods/buckets.py; change that and run it
again.
"""

from typing import Unpack, cast

from cosbox.client import types as t
from cosbox.client.aio.methods.base import AsyncCalls
from cosbox.protocol.errors import NotFoundError


class AsyncBucketCalls(AsyncCalls):
    """Calls about the account and its buckets."""

    async def list_buckets(self, **kwargs: Unpack[t.ListBucketsOptions]) -> t.ListBucketsResult:
        """List the buckets of the account.

        >>> [entry["Name"] for entry in (await client.list_buckets())["Buckets"]["Bucket"]] == [
        ...     bucket
        ... ]
        True

        Raises:
            CosServiceError: the store refuses.
        """
        return cast(t.ListBucketsResult, await self._call("list_buckets", args=kwargs))

    async def create_bucket(self, Bucket: str, **kwargs: Unpack[t.CreateBucketOptions]) -> None:
        """Create a bucket, ``name-APPID``.

        >>> await client.create_bucket(Bucket="holiday-1250000000", ACL="private")

        Raises:
            ConflictError: the name is taken.
        """
        await self._call("create_bucket", Bucket, args=kwargs)

    async def head_bucket(
        self, Bucket: str, **kwargs: Unpack[t.HeadBucketOptions]
    ) -> t.HeadBucketResult:
        """Ask whether a bucket exists and may be used.

        >>> "x-cos-request-id" in await client.head_bucket(Bucket=bucket)
        True

        Raises:
            NotFoundError: it does not exist.
            AccessDeniedError: it belongs to someone else.
        """
        return cast(t.HeadBucketResult, await self._call("head_bucket", Bucket, args=kwargs))

    async def bucket_exists(self, Bucket: str) -> bool:
        """Whether a bucket exists.

        >>> await client.bucket_exists(bucket), await client.bucket_exists("nothing-1250000000")
        (True, False)

        Raises:
            AccessDeniedError: it exists and belongs to someone else.
        """
        try:
            await self._call("head_bucket", Bucket)
        except NotFoundError:
            return False
        return True

    async def delete_bucket(self, Bucket: str, **kwargs: Unpack[t.DeleteBucketOptions]) -> None:
        """Delete an empty bucket.

        >>> await client.create_bucket(Bucket="short-1250000000")
        >>> await client.delete_bucket(Bucket="short-1250000000")

        Raises:
            ConflictError: there is something in it.
            NotFoundError: it does not exist.
        """
        await self._call("delete_bucket", Bucket, args=kwargs)

    async def get_bucket_location(
        self, Bucket: str, **kwargs: Unpack[t.GetBucketLocationOptions]
    ) -> t.GetBucketLocationResult:
        """Ask for the region of a bucket.

        >>> await client.get_bucket_location(Bucket=bucket)
        {'LocationConstraint': 'local'}

        Raises:
            NotFoundError: it does not exist.
        """
        result = await self._call("get_bucket_location", Bucket, args=kwargs)
        return cast(t.GetBucketLocationResult, result)

    async def put_bucket_versioning(
        self, Bucket: str, Status: str, **kwargs: Unpack[t.PutBucketVersioningOptions]
    ) -> None:
        """Switch versioning on (``Enabled``), or suspend it (``Suspended``).

        >>> await client.put_bucket_versioning(Bucket=bucket, Status="Enabled")
        >>> await client.get_bucket_versioning(Bucket=bucket)
        {'Status': 'Enabled'}

        Raises:
            NotFoundError: the bucket does not exist.
        """
        args = {"VersioningConfiguration": {"Status": Status}, **kwargs}
        await self._call("put_bucket_versioning", Bucket, args=args)

    async def get_bucket_versioning(
        self, Bucket: str, **kwargs: Unpack[t.GetBucketVersioningOptions]
    ) -> t.GetBucketVersioningResult:
        """Ask whether a bucket keeps versions; ``{}`` if it never did.

        >>> await client.get_bucket_versioning(Bucket=bucket)
        {}

        Raises:
            NotFoundError: it does not exist.
        """
        result = await self._call("get_bucket_versioning", Bucket, args=kwargs)
        return cast(t.GetBucketVersioningResult, result)

    async def put_bucket_acl(
        self,
        Bucket: str,
        AccessControlPolicy: t.AccessControlPolicyArgument | None = None,
        **kwargs: Unpack[t.PutBucketAclOptions],
    ) -> None:
        """Replace the access list of a bucket, by a canned one or by grants.

        >>> await client.put_bucket_acl(Bucket=bucket, ACL="public-read")

        Raises:
            NotFoundError: it does not exist.
        """
        args = {"AccessControlPolicy": AccessControlPolicy, **kwargs}
        await self._call("put_bucket_acl", Bucket, args=args)

    async def get_bucket_acl(
        self, Bucket: str, **kwargs: Unpack[t.GetBucketAclOptions]
    ) -> t.GetBucketAclResult:
        """Read the access list of a bucket.

        >>> acl = await client.get_bucket_acl(Bucket=bucket)
        >>> [grant["Permission"] for grant in acl["AccessControlList"]["Grant"]]
        ['FULL_CONTROL']

        Raises:
            NotFoundError: it does not exist.
        """
        return cast(t.GetBucketAclResult, await self._call("get_bucket_acl", Bucket, args=kwargs))

"""Calls about objects."""

import os
from typing import Unpack, cast

from cosbox.client import transfers
from cosbox.client import types as t
from cosbox.client.methods.base import Calls
from cosbox.client.sources import BodySource
from cosbox.protocol.errors import NotFoundError


class ObjectCalls(Calls):
    """Calls about objects."""

    def put_object(
        self,
        Bucket: str,
        Body: BodySource,
        Key: str | bytes,
        EnableMD5: bool = False,
        **kwargs: Unpack[t.PutObjectOptions],
    ) -> t.PutObjectResult:
        """Store an object, of 5 GB at the most.

        >>> client.put_object(Bucket=bucket, Body=b"hello", Key="a.txt")["ETag"]
        '"5d41402abc4b2a76b9719d911017c592"'

        Args:
            Bucket: the bucket.
            Body: bytes, str, a file in binary mode (from where it stands), or anything with
                ``read`` or that is an iterable of bytes.
            Key: the object's name.
            EnableMD5: send the body's MD5 for the store to check. The CRC64 is checked in any case.
            **kwargs: `PutObjectOptions`.

        Raises:
            ParameterError: nothing was sent.
            NotFoundError: the bucket does not exist.
            IntegrityError: the store received other bytes than were sent.
        """
        result = self._call("put_object", Bucket, Key, kwargs, body=Body, enable_md5=EnableMD5)
        return cast(t.PutObjectResult, result)

    def put_object_from_local_file(
        self,
        Bucket: str,
        LocalFilePath: str | os.PathLike[str],
        Key: str | bytes,
        EnableMD5: bool = False,
        **kwargs: Unpack[t.PutObjectOptions],
    ) -> t.PutObjectResult:
        """Store a file as an object, in one request.

        >>> client.put_object_from_local_file(bucket, os.devnull, "empty")["ETag"]
        '"d41d8cd98f00b204e9800998ecf8427e"'

        Raises:
            OSError: the file cannot be read.
            NotFoundError: the bucket does not exist.
        """
        flow = transfers.put_file(
            self._caller, Bucket, Key, LocalFilePath, enable_md5=EnableMD5, options=kwargs
        )
        return cast(t.PutObjectResult, self._run(flow))

    def get_object(
        self, Bucket: str, Key: str | bytes, **kwargs: Unpack[t.GetObjectOptions]
    ) -> t.GetObjectResult:
        """Read an object, or a range of it. ``Body`` of the result is a `StreamBody`.

        >>> _ = client.put_object(Bucket=bucket, Body=b"hello", Key="a.txt")
        >>> answer = client.get_object(Bucket=bucket, Key="a.txt", Range="bytes=1-3")
        >>> answer["Body"].read(), answer["Content-Range"]
        (b'ell', 'bytes 1-3/5')

        Raises:
            NotFoundError: no such object or bucket.
            NotModifiedError: a condition says that the caller has it already.
            PreconditionError: another condition does not hold.
        """
        return cast(t.GetObjectResult, self._call("get_object", Bucket, Key, kwargs))

    def head_object(
        self, Bucket: str, Key: str | bytes, **kwargs: Unpack[t.HeadObjectOptions]
    ) -> t.HeadObjectResult:
        """Read the headers of an object.

        >>> _ = client.put_object(Bucket=bucket, Body=b"hello", Key="a.txt")
        >>> client.head_object(Bucket=bucket, Key="a.txt")["Content-Length"]
        '5'

        Raises:
            NotFoundError: no such object or bucket.
            NotModifiedError: a condition says that the caller has it already.
            PreconditionError: another condition does not hold.
        """
        return cast(t.HeadObjectResult, self._call("head_object", Bucket, Key, kwargs))

    def object_exists(self, Bucket: str, Key: str | bytes) -> bool:
        """Whether an object exists.

        >>> client.object_exists(bucket, "a.txt")
        False

        Raises:
            AccessDeniedError: the caller may not know.
        """
        try:
            self._call("head_object", Bucket, Key)
        except NotFoundError:
            return False
        return True

    def delete_object(
        self, Bucket: str, Key: str | bytes, **kwargs: Unpack[t.DeleteObjectOptions]
    ) -> t.DeleteObjectResult:
        """Delete an object, or one version of it. One that does not exist is no error.

        >>> "x-cos-request-id" in client.delete_object(Bucket=bucket, Key="a.txt")
        True

        Raises:
            NotFoundError: the bucket does not exist.
        """
        return cast(t.DeleteObjectResult, self._call("delete_object", Bucket, Key, kwargs))

    def delete_objects(
        self,
        Bucket: str,
        Delete: t.DeleteArgument | None = None,
        **kwargs: Unpack[t.DeleteObjectsOptions],
    ) -> t.DeleteObjectsResult:
        """Delete up to 1000 objects or versions. What failed is listed as ``Error``, not raised.

        >>> _ = client.put_object(Bucket=bucket, Body=b"", Key="a.txt")
        >>> client.delete_objects(Bucket=bucket, Delete={"Object": [{"Key": "a.txt"}]})
        {'Deleted': [{'Key': 'a.txt'}]}

        Raises:
            NotFoundError: the bucket does not exist.
        """
        args = {"Delete": Delete, **kwargs}
        return cast(t.DeleteObjectsResult, self._call("delete_objects", Bucket, args=args))

    def copy_object(
        self,
        Bucket: str,
        Key: str | bytes,
        CopySource: t.CopySourceArgument,
        CopyStatus: str = "Copy",
        **kwargs: Unpack[t.CopyObjectOptions],
    ) -> t.CopyObjectResult:
        """Copy an object inside the store.

        >>> _ = client.put_object(Bucket=bucket, Body=b"hello", Key="a.txt")
        >>> source = {"Bucket": bucket, "Key": "a.txt", "Region": "local"}
        >>> client.copy_object(Bucket=bucket, Key="b.txt", CopySource=source)["ETag"]
        '"5d41402abc4b2a76b9719d911017c592"'

        Args:
            Bucket: where the copy goes.
            Key: the copy's name.
            CopySource: Bucket, Key, Region and, if need be, VersionId of the source.
            CopyStatus: ``Copy`` keeps the source's metadata, ``Replaced`` takes this call's.
            **kwargs: `CopyObjectOptions`.

        Raises:
            NotFoundError: no such source or bucket.
            PreconditionError: a condition about the source does not hold.
        """
        args = {"CopySource": CopySource, "CopyStatus": CopyStatus, **kwargs}
        return cast(t.CopyObjectResult, self._call("copy_object", Bucket, Key, args))

    def restore_object(
        self,
        Bucket: str,
        Key: str | bytes,
        RestoreRequest: t.RestoreRequestArgument | None = None,
        **kwargs: Unpack[t.RestoreObjectOptions],
    ) -> None:
        """Bring an archived object back for reading, for some days.

        >>> _ = client.put_object(Bucket=bucket, Body=b"", Key="a", StorageClass="ARCHIVE")
        >>> client.restore_object(Bucket=bucket, Key="a", RestoreRequest={"Days": 7})

        Raises:
            NotFoundError: no such object or bucket.
            ConflictError: it is being restored already.
        """
        args = {"RestoreRequest": RestoreRequest, **kwargs}
        self._call("restore_object", Bucket, Key, args)

    def put_object_acl(
        self,
        Bucket: str,
        Key: str | bytes,
        AccessControlPolicy: t.AccessControlPolicyArgument | None = None,
        **kwargs: Unpack[t.PutObjectAclOptions],
    ) -> None:
        """Replace the access list of an object, by a canned one or by grants.

        >>> _ = client.put_object(Bucket=bucket, Body=b"", Key="a.txt")
        >>> client.put_object_acl(Bucket=bucket, Key="a.txt", ACL="public-read")

        Raises:
            NotFoundError: no such object or bucket.
        """
        args = {"AccessControlPolicy": AccessControlPolicy, **kwargs}
        self._call("put_object_acl", Bucket, Key, args)

    def get_object_acl(
        self, Bucket: str, Key: str | bytes, **kwargs: Unpack[t.GetObjectAclOptions]
    ) -> t.GetObjectAclResult:
        """Read the access list of an object.

        >>> _ = client.put_object(Bucket=bucket, Body=b"", Key="a.txt", ACL="private")
        >>> acl = client.get_object_acl(Bucket=bucket, Key="a.txt")
        >>> [grant["Permission"] for grant in acl["AccessControlList"]["Grant"]]
        ['FULL_CONTROL']

        Raises:
            NotFoundError: no such object or bucket.
        """
        return cast(t.GetObjectAclResult, self._call("get_object_acl", Bucket, Key, kwargs))

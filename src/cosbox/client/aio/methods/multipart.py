"""Calls about multipart uploads.

Written by tools/generate_async.py from cosbox/client/methods/multipart.py; change that and run it
again.
"""

from typing import Unpack, cast

from cosbox.client import types as t
from cosbox.client.aio.bodies import AsyncBodySource
from cosbox.client.aio.methods.base import AsyncCalls


class AsyncMultipartCalls(AsyncCalls):
    """Calls about multipart uploads."""

    async def list_multipart_uploads(
        self,
        Bucket: str,
        Prefix: str = "",
        Delimiter: str = "",
        KeyMarker: str = "",
        UploadIdMarker: str = "",
        MaxUploads: int | str = 1000,
        EncodingType: str = "",
        **kwargs: Unpack[t.ListMultipartUploadsOptions],
    ) -> t.ListMultipartUploadsResult:
        """List the multipart uploads that are under way.

        >>> _ = await client.create_multipart_upload(Bucket=bucket, Key="big")
        >>> [
        ...     entry["Key"]
        ...     for entry in (await client.list_multipart_uploads(Bucket=bucket))["Upload"]
        ... ]
        ['big']

        Args:
            Bucket: the bucket.
            Prefix: list keys that begin with it.
            Delimiter: keys that share the text up to it are grouped as one of CommonPrefixes.
            KeyMarker: list keys after this one; the NextKeyMarker of the page before.
            UploadIdMarker: with KeyMarker, its uploads after this one as well.
            MaxUploads: the most uploads and prefixes in one answer.
            EncodingType: ``url`` leaves keys percent-encoded.
            **kwargs: there are no others.

        Raises:
            NotFoundError: the bucket does not exist.
        """
        args = {
            "Prefix": Prefix,
            "Delimiter": Delimiter,
            "KeyMarker": KeyMarker,
            "UploadIdMarker": UploadIdMarker,
            "MaxUploads": MaxUploads,
            "EncodingType": EncodingType,
            **kwargs,
        }
        result = await self._call("list_multipart_uploads", Bucket, args=args)
        return cast(t.ListMultipartUploadsResult, result)

    async def create_multipart_upload(
        self, Bucket: str, Key: str | bytes, **kwargs: Unpack[t.CreateMultipartUploadOptions]
    ) -> t.CreateMultipartUploadResult:
        """Begin a multipart upload; its ``UploadId`` names it in the calls that follow.

        >>> upload = await client.create_multipart_upload(Bucket=bucket, Key="big")
        >>> part = await client.upload_part(bucket, "big", b"hello", 1, upload["UploadId"])
        >>> done = await client.complete_multipart_upload(
        ...     bucket,
        ...     "big",
        ...     upload["UploadId"],
        ...     {"Part": [{"PartNumber": 1, "ETag": part["ETag"]}]},
        ... )
        >>> await (await client.get_object(bucket, "big"))["Body"].read()
        b'hello'

        Raises:
            NotFoundError: the bucket does not exist.
        """
        result = await self._call("create_multipart_upload", Bucket, Key, kwargs)
        return cast(t.CreateMultipartUploadResult, result)

    async def upload_part(
        self,
        Bucket: str,
        Key: str | bytes,
        Body: AsyncBodySource,
        PartNumber: int | str,
        UploadId: str,
        EnableMD5: bool = False,
        **kwargs: Unpack[t.UploadPartOptions],
    ) -> t.UploadPartResult:
        """Store one part, of 1 MB to 5 GB (the last may be smaller).

        >>> upload = await client.create_multipart_upload(Bucket=bucket, Key="big")
        >>> (await client.upload_part(bucket, "big", b"hello", 1, upload["UploadId"]))["ETag"]
        '"5d41402abc4b2a76b9719d911017c592"'

        Args:
            Bucket: the bucket.
            Key: the object's name.
            Body: as in put_object.
            PartNumber: 1 to 10,000.
            UploadId: of create_multipart_upload.
            EnableMD5: send the body's MD5 for the store to check. The CRC64 is checked in any case.
            **kwargs: `UploadPartOptions`.

        Raises:
            NotFoundError: no such upload or bucket.
            IntegrityError: the store received other bytes than were sent.
        """
        args = {"PartNumber": PartNumber, "UploadId": UploadId, **kwargs}
        result = await self._call("upload_part", Bucket, Key, args, body=Body, enable_md5=EnableMD5)
        return cast(t.UploadPartResult, result)

    async def upload_part_copy(
        self,
        Bucket: str,
        Key: str | bytes,
        PartNumber: int | str,
        UploadId: str,
        CopySource: t.CopySourceArgument,
        CopySourceRange: str = "",
        **kwargs: Unpack[t.UploadPartCopyOptions],
    ) -> t.UploadPartCopyResult:
        """Make a part from an object, or a range of it.

        >>> _ = await client.put_object(Bucket=bucket, Body=b"hello", Key="a.txt")
        >>> upload = await client.create_multipart_upload(Bucket=bucket, Key="big")
        >>> source = {"Bucket": bucket, "Key": "a.txt", "Region": "local"}
        >>> (await client.upload_part_copy(bucket, "big", 1, upload["UploadId"], source))["ETag"]
        '"5d41402abc4b2a76b9719d911017c592"'

        Args:
            Bucket: the bucket.
            Key: the object's name.
            PartNumber: 1 to 10,000.
            UploadId: of create_multipart_upload.
            CopySource: Bucket, Key, Region and, if need be, VersionId of the source.
            CopySourceRange: ``bytes=first-last`` of it; all of it otherwise.
            **kwargs: `UploadPartCopyOptions`.

        Raises:
            NotFoundError: no such source, upload or bucket.
            PreconditionError: a condition about the source does not hold.
        """
        args = {
            "PartNumber": PartNumber,
            "UploadId": UploadId,
            "CopySource": CopySource,
            "CopySourceRange": CopySourceRange,
            **kwargs,
        }
        return cast(t.UploadPartCopyResult, await self._call("upload_part_copy", Bucket, Key, args))

    async def list_parts(
        self,
        Bucket: str,
        Key: str | bytes,
        UploadId: str,
        MaxParts: int | str = 1000,
        PartNumberMarker: int | str = 0,
        EncodingType: str = "",
        **kwargs: Unpack[t.ListPartsOptions],
    ) -> t.ListPartsResult:
        """List the parts of a multipart upload, by number.

        >>> upload = await client.create_multipart_upload(Bucket=bucket, Key="big")
        >>> _ = await client.upload_part(bucket, "big", b"hello", 1, upload["UploadId"])
        >>> parts = (await client.list_parts(bucket, "big", upload["UploadId"]))["Part"]
        >>> [(part["PartNumber"], part["Size"]) for part in parts]
        [('1', '5')]

        Raises:
            NotFoundError: no such upload or bucket.
        """
        args = {
            "UploadId": UploadId,
            "MaxParts": MaxParts,
            "PartNumberMarker": PartNumberMarker,
            "EncodingType": EncodingType,
            **kwargs,
        }
        return cast(t.ListPartsResult, await self._call("list_parts", Bucket, Key, args))

    async def complete_multipart_upload(
        self,
        Bucket: str,
        Key: str | bytes,
        UploadId: str,
        MultipartUpload: t.CompleteMultipartUploadArgument | None = None,
        **kwargs: Unpack[t.CompleteMultipartUploadOptions],
    ) -> t.CompleteMultipartUploadResult:
        """Make an object of the parts of an upload; see create_multipart_upload for an example.

        Raises:
            NotFoundError: no such upload or bucket.
            CosServiceError: a part is missing, too small, or out of order.
        """
        args = {"UploadId": UploadId, "MultipartUpload": MultipartUpload, **kwargs}
        result = await self._call("complete_multipart_upload", Bucket, Key, args)
        return cast(t.CompleteMultipartUploadResult, result)

    async def abort_multipart_upload(
        self,
        Bucket: str,
        Key: str | bytes,
        UploadId: str,
        **kwargs: Unpack[t.AbortMultipartUploadOptions],
    ) -> None:
        """Give up a multipart upload and delete its parts.

        >>> upload = await client.create_multipart_upload(Bucket=bucket, Key="big")
        >>> await client.abort_multipart_upload(bucket, "big", upload["UploadId"])

        Raises:
            NotFoundError: no such upload or bucket.
        """
        await self._call("abort_multipart_upload", Bucket, Key, {"UploadId": UploadId, **kwargs})

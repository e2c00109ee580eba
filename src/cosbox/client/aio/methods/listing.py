"""Calls that list what is in a bucket.

Written by tools/generate_async.py from cosbox/client/methods/listing.py; change that and run it
again.
"""

from typing import Unpack, cast

from cosbox.client import types as t
from cosbox.client.aio.methods.base import AsyncCalls


class AsyncListingCalls(AsyncCalls):
    """Calls that list what is in a bucket."""

    async def list_objects(
        self,
        Bucket: str,
        Delimiter: str = "",
        Marker: str = "",
        MaxKeys: int | str = 1000,
        Prefix: str = "",
        EncodingType: str = "",
        **kwargs: Unpack[t.ListObjectsOptions],
    ) -> t.ListObjectsResult:
        """List objects, in the order of their keys' UTF-8 bytes.

        >>> for key in ("a.txt", "dir/b.txt", "dir/c.txt"):
        ...     _ = await client.put_object(Bucket=bucket, Body=b"", Key=key)
        >>> page = await client.list_objects(Bucket=bucket, Delimiter="/")
        >>> [entry["Key"] for entry in page["Contents"]], page["CommonPrefixes"]
        (['a.txt'], [{'Prefix': 'dir/'}])

        Args:
            Bucket: the bucket.
            Delimiter: keys that share the text up to it are grouped as one of CommonPrefixes.
            Marker: list keys after this one; the NextMarker of the page before.
            MaxKeys: the most objects and prefixes in one answer.
            Prefix: list keys that begin with it.
            EncodingType: ``url`` leaves keys percent-encoded.
            **kwargs: there are no others.

        Raises:
            NotFoundError: the bucket does not exist.
        """
        args = {
            "Delimiter": Delimiter,
            "Marker": Marker,
            "MaxKeys": MaxKeys,
            "Prefix": Prefix,
            "EncodingType": EncodingType,
            **kwargs,
        }
        return cast(t.ListObjectsResult, await self._call("list_objects", Bucket, args=args))

    async def list_objects_versions(
        self,
        Bucket: str,
        Prefix: str = "",
        Delimiter: str = "",
        KeyMarker: str = "",
        VersionIdMarker: str = "",
        MaxKeys: int | str = 1000,
        EncodingType: str = "",
        **kwargs: Unpack[t.ListObjectsVersionsOptions],
    ) -> t.ListObjectsVersionsResult:
        """List versions and delete markers, newest first within a key.

        >>> await client.put_bucket_versioning(Bucket=bucket, Status="Enabled")
        >>> for text in (b"one", b"two"):
        ...     _ = await client.put_object(Bucket=bucket, Body=text, Key="a.txt")
        >>> page = await client.list_objects_versions(Bucket=bucket, Prefix="a")
        >>> [(entry["Key"], entry["IsLatest"]) for entry in page["Version"]]
        [('a.txt', 'true'), ('a.txt', 'false')]

        Args:
            Bucket: the bucket.
            Prefix: list keys that begin with it.
            Delimiter: keys that share the text up to it are grouped as one of CommonPrefixes.
            KeyMarker: list keys after this one; the NextKeyMarker of the page before.
            VersionIdMarker: with KeyMarker, its versions older than this one as well.
            MaxKeys: the most versions, markers and prefixes in one answer.
            EncodingType: ``url`` leaves keys percent-encoded.
            **kwargs: there are no others.

        Raises:
            NotFoundError: the bucket does not exist.
        """
        args = {
            "Prefix": Prefix,
            "Delimiter": Delimiter,
            "KeyMarker": KeyMarker,
            "VersionIdMarker": VersionIdMarker,
            "MaxKeys": MaxKeys,
            "EncodingType": EncodingType,
            **kwargs,
        }
        result = await self._call("list_objects_versions", Bucket, args=args)
        return cast(t.ListObjectsVersionsResult, result)

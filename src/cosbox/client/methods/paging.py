"""Listings from their first page to their last."""

from collections.abc import Iterator
from typing import Any, Literal, overload

from cosbox.client import types as t
from cosbox.client.methods.base import Calls
from cosbox.client.paging import Entries, Pages, VersionItem, entries, versions_of


class PagingCalls(Calls):
    """Listings from their first page to their last.

    Pages are asked for one at a time, when they are needed. A mistake in the arguments is told at
    once.
    """

    @overload
    def paginate(
        self, Operation: Literal["list_objects"], *, limit: int | None = None, **kwargs: Any
    ) -> Iterator[t.ListObjectsResult]: ...
    @overload
    def paginate(
        self,
        Operation: Literal["list_objects_versions"],
        *,
        limit: int | None = None,
        **kwargs: Any,
    ) -> Iterator[t.ListObjectsVersionsResult]: ...
    @overload
    def paginate(
        self,
        Operation: Literal["list_multipart_uploads"],
        *,
        limit: int | None = None,
        **kwargs: Any,
    ) -> Iterator[t.ListMultipartUploadsResult]: ...
    @overload
    def paginate(
        self, Operation: Literal["list_parts"], *, limit: int | None = None, **kwargs: Any
    ) -> Iterator[t.ListPartsResult]: ...
    @overload
    def paginate(
        self, Operation: Literal["list_buckets"], *, limit: int | None = None, **kwargs: Any
    ) -> Iterator[t.ListBucketsResult]: ...

    def paginate(self, Operation: str, *, limit: int | None = None, **kwargs: Any) -> Iterator[Any]:
        """The pages of a listing, each what the call returns.

        >>> for number in range(5):
        ...     _ = client.put_object(Bucket=bucket, Body=b"", Key=f"key-{number}")
        >>> pages = client.paginate("list_objects", Bucket=bucket, MaxKeys=2)
        >>> [len(page["Contents"]) for page in pages]
        [2, 2, 1]

        Args:
            Operation: ``list_objects``, ``list_objects_versions``, ``list_multipart_uploads``,
                ``list_parts`` or ``list_buckets``.
            limit: the most entries on all pages together.
            **kwargs: the parameters of the call. ``MaxKeys`` and its like are the size of a page;
                a marker is where the first begins.

        Raises:
            ParameterError: it is no operation that lists, or does not take these parameters.
            NotFoundError: while walking, the bucket does not exist.
        """
        return self._walk(Pages(self._caller, Operation, kwargs, limit))

    def iter_objects(
        self,
        Bucket: str,
        Prefix: str = "",
        Delimiter: str = "",
        Marker: str = "",
        *,
        MaxKeys: int | str = 1000,
        limit: int | None = None,
    ) -> Iterator[t.ContentsEntry]:
        """The objects of a bucket, in the order of their keys' UTF-8 bytes.

        >>> for key in ("a.txt", "dir/b.txt", "dir/c.txt"):
        ...     _ = client.put_object(Bucket=bucket, Body=b"", Key=key)
        >>> [entry["Key"] for entry in client.iter_objects(bucket, Prefix="dir/")]
        ['dir/b.txt', 'dir/c.txt']

        Args:
            Bucket: the bucket.
            Prefix: only keys that begin with it.
            Delimiter: leaves out keys that have it after the prefix: with ``/``, those in
                sub-folders, which iter_prefixes tells.
            Marker: only keys after this one.
            MaxKeys: the most that is asked for at once.
            limit: the most objects.

        Raises:
            NotFoundError: while walking, the bucket does not exist.
        """
        args = {"Prefix": Prefix, "Delimiter": Delimiter, "Marker": Marker, "MaxKeys": MaxKeys}
        pages = Pages(
            self._caller, "list_objects", {"Bucket": Bucket, **args}, None if Delimiter else limit
        )
        return self._walk(Entries(pages, lambda page: entries(page, "Contents"), limit))

    def iter_prefixes(
        self,
        Bucket: str,
        Prefix: str = "",
        Delimiter: str = "/",
        Marker: str = "",
        *,
        MaxKeys: int | str = 1000,
        limit: int | None = None,
    ) -> Iterator[str]:
        """What the keys of a bucket begin with, up to the next Delimiter: its folders.

        >>> for key in ("a.txt", "dir/b.txt", "dir/sub/c.txt"):
        ...     _ = client.put_object(Bucket=bucket, Body=b"", Key=key)
        >>> [prefix for prefix in client.iter_prefixes(bucket)]
        ['dir/']
        >>> [prefix for prefix in client.iter_prefixes(bucket, "dir/")]
        ['dir/sub/']

        Args:
            Bucket: the bucket.
            Prefix: only keys that begin with it.
            Delimiter: where a beginning ends.
            Marker: only keys after this one.
            MaxKeys: the most that is asked for at once.
            limit: the most prefixes.

        Raises:
            NotFoundError: while walking, the bucket does not exist.
        """
        args = {"Prefix": Prefix, "Delimiter": Delimiter, "Marker": Marker, "MaxKeys": MaxKeys}
        pages = Pages(self._caller, "list_objects", {"Bucket": Bucket, **args})
        return self._walk(
            Entries(
                pages,
                lambda page: [entry["Prefix"] for entry in entries(page, "CommonPrefixes")],
                limit,
            )
        )

    def iter_versions(
        self,
        Bucket: str,
        Prefix: str = "",
        Delimiter: str = "",
        KeyMarker: str = "",
        VersionIdMarker: str = "",
        *,
        MaxKeys: int | str = 1000,
        limit: int | None = None,
    ) -> Iterator[VersionItem]:
        """The versions and delete markers of a bucket by key, the newest of a key first.

        >>> client.put_bucket_versioning(Bucket=bucket, Status="Enabled")
        >>> _ = client.put_object(Bucket=bucket, Body=b"", Key="a.txt")
        >>> _ = client.delete_object(Bucket=bucket, Key="a.txt")
        >>> [entry["IsDeleteMarker"] for entry in client.iter_versions(bucket)]
        [True, False]

        Args:
            Bucket: the bucket.
            Prefix: only keys that begin with it.
            Delimiter: leaves out keys that have it after the prefix.
            KeyMarker: only keys after this one.
            VersionIdMarker: with KeyMarker, its versions older than this one as well.
            MaxKeys: the most that is asked for at once.
            limit: the most versions and markers.

        Raises:
            NotFoundError: while walking, the bucket does not exist.
        """
        args = {
            "Bucket": Bucket,
            "Prefix": Prefix,
            "Delimiter": Delimiter,
            "KeyMarker": KeyMarker,
            "VersionIdMarker": VersionIdMarker,
            "MaxKeys": MaxKeys,
        }
        pages = Pages(self._caller, "list_objects_versions", args, None if Delimiter else limit)
        return self._walk(Entries(pages, versions_of, limit))

    def iter_uploads(
        self,
        Bucket: str,
        Prefix: str = "",
        Delimiter: str = "",
        KeyMarker: str = "",
        UploadIdMarker: str = "",
        *,
        MaxUploads: int | str = 1000,
        limit: int | None = None,
    ) -> Iterator[t.UploadEntry]:
        """The multipart uploads that are under way in a bucket.

        >>> _ = client.create_multipart_upload(Bucket=bucket, Key="big")
        >>> [entry["Key"] for entry in client.iter_uploads(bucket)]
        ['big']

        Args:
            Bucket: the bucket.
            Prefix: only keys that begin with it.
            Delimiter: leaves out keys that have it after the prefix.
            KeyMarker: only keys after this one.
            UploadIdMarker: with KeyMarker, its uploads after this one as well.
            MaxUploads: the most that is asked for at once.
            limit: the most uploads.

        Raises:
            NotFoundError: while walking, the bucket does not exist.
        """
        args = {
            "Bucket": Bucket,
            "Prefix": Prefix,
            "Delimiter": Delimiter,
            "KeyMarker": KeyMarker,
            "UploadIdMarker": UploadIdMarker,
            "MaxUploads": MaxUploads,
        }
        pages = Pages(self._caller, "list_multipart_uploads", args, None if Delimiter else limit)
        return self._walk(Entries(pages, lambda page: entries(page, "Upload"), limit))

    def iter_parts(
        self,
        Bucket: str,
        Key: str | bytes,
        UploadId: str,
        PartNumberMarker: int | str = 0,
        *,
        MaxParts: int | str = 1000,
        limit: int | None = None,
    ) -> Iterator[t.ListPartsPartEntry]:
        """The parts of a multipart upload, by number.

        >>> upload = client.create_multipart_upload(Bucket=bucket, Key="big")
        >>> _ = client.upload_part(bucket, "big", b"hello", 1, upload["UploadId"])
        >>> parts = client.iter_parts(bucket, "big", upload["UploadId"])
        >>> [part["Size"] for part in parts]
        ['5']

        Args:
            Bucket: the bucket.
            Key: the object's name.
            UploadId: of create_multipart_upload.
            PartNumberMarker: only parts after this number.
            MaxParts: the most that is asked for at once.
            limit: the most parts.

        Raises:
            NotFoundError: while walking, no such upload or bucket.
        """
        args = {
            "Bucket": Bucket,
            "Key": Key,
            "UploadId": UploadId,
            "PartNumberMarker": PartNumberMarker,
            "MaxParts": MaxParts,
        }
        pages = Pages(self._caller, "list_parts", args, limit)
        return self._walk(Entries(pages, lambda page: entries(page, "Part"), limit))

    def iter_buckets(self, *, limit: int | None = None) -> Iterator[t.ListBucketsBucketEntry]:
        """The buckets of the account.

        >>> [entry["Name"] for entry in client.iter_buckets()] == [bucket]
        True

        Args:
            limit: the most buckets.
        """
        pages = Pages(self._caller, "list_buckets", {}, limit)
        return self._walk(Entries(pages, lambda page: entries(page, "Buckets"), limit))

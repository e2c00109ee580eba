"""What the records hold, as values.

These are named tuples and not dataclasses because a page of a listing makes a thousand of them: a
tuple is made by C code straight from the row that the database returns.

Moments are integers: microseconds since 1970, UTC.
"""

from typing import NamedTuple


class Account(NamedTuple):
    """Who owns buckets.

    Attributes:
        appid: the number that ends the names of its buckets.
        uin: the number that identifies it in access lists.
        name: for people.
        created: moment.
    """

    appid: str
    uin: str
    name: str
    created: int


class KeyPair(NamedTuple):
    """A secret with which an account signs. Its repr does not show the secret."""

    secret_id: str
    secret_key: str
    appid: str
    created: int

    def __repr__(self) -> str:
        return f"KeyPair(secret_id={self.secret_id!r}, appid={self.appid!r})"


class Bucket(NamedTuple):
    """A bucket.

    Attributes:
        id: what rows of objects refer to; never used again after the bucket is gone.
        name: ``name-APPID``.
        appid: of the owner.
        region: where it says it is.
        created: moment.
        versioning: ``""`` (never), ``"Enabled"`` or ``"Suspended"``.
        acl: grants as JSON; ``""`` is private.
    """

    id: int
    name: str
    appid: str
    region: str
    created: int
    versioning: str
    acl: str


class Extent(NamedTuple):
    """Bytes ``offset`` to ``offset + length`` of a blob."""

    blob: int
    offset: int
    length: int


class Version(NamedTuple):
    """One version of an object, or a delete marker.

    Attributes:
        key: the object's.
        stamp: unique in the store and larger for newer versions; the version id is made of it.
        null: it is the null version.
        marker: it is a delete marker, and has no content.
        size: in bytes.
        etag: without quotes.
        crc64: of the whole content; None where it is not known.
        modified: moment.
        storage_class: as COS spells it.
        owner: APPID.
        restore: of an archived object, as JSON; ``""`` when none was asked for.
        acl: grants as JSON; ``""`` inherits from the bucket.
        headers: stored headers and user metadata as a JSON object, names in lower case.
        extents: the content, packed by `pack_extents`; b"" for an empty object.
    """

    key: str
    stamp: int
    null: bool
    marker: bool
    size: int
    etag: str
    crc64: int | None
    modified: int
    storage_class: str
    owner: str
    restore: str
    acl: str
    headers: str
    extents: bytes


class Summary(NamedTuple):
    """What a listing shows of a version; fields as in `Version`."""

    key: str
    stamp: int
    null: bool
    marker: bool
    size: int
    etag: str
    modified: int
    storage_class: str
    owner: str
    restore: str


class Upload(NamedTuple):
    """A multipart upload under way.

    Attributes:
        id: the UploadId, unique in the store.
        bucket: the bucket's id.
        key: the object's.
        initiated: moment.
        storage_class: of the object to be.
        owner: APPID of the owner of the object to be.
        initiator: UIN of who began it.
        acl: of the object to be, as in `Version`.
        headers: of the object to be, as in `Version`.
    """

    id: str
    bucket: int
    key: str
    initiated: int
    storage_class: str
    owner: str
    initiator: str
    acl: str
    headers: str


class Part(NamedTuple):
    """A part of a multipart upload; fields as in `Version`."""

    number: int
    size: int
    etag: str
    crc64: int
    modified: int
    extents: bytes


class Blob(NamedTuple):
    """An immutable run of bytes.

    Attributes:
        id: of the blob, and of its file where it has one.
        size: in bytes.
        crc64: of the whole blob.
        refs: how many extents lie in it.
        data: the bytes themselves, of a small blob; None for one that is a file.
    """

    id: int
    size: int
    crc64: int
    refs: int
    data: bytes | None

"""Objects: put, found, described, deleted."""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from cosbox.protocol.dates import http_date
from cosbox.protocol.errors import Refusal
from cosbox.protocol.names import check_key
from cosbox.service import access, buckets, restoring, versions
from cosbox.service.conditions import Conditions
from cosbox.service.content import Taken
from cosbox.service.identity import Caller
from cosbox.storage.records import Snapshot, Transaction
from cosbox.storage.rows import Bucket, Version

STANDARD: Final = "STANDARD"
STORAGE_CLASSES: Final = frozenset(
    {STANDARD, "STANDARD_IA", "INTELLIGENT_TIERING", *restoring.ARCHIVE_CLASSES}
)
DEFAULT_CONTENT_TYPE: Final = "application/octet-stream"

_STORED_HEADERS: Final[Mapping[str, str]] = {
    "CacheControl": "cache-control",
    "ContentDisposition": "content-disposition",
    "ContentEncoding": "content-encoding",
    "ContentLanguage": "content-language",
    "ContentType": "content-type",
    "Expires": "expires",
}
_KEPT: Final = frozenset({"Metadata", *_STORED_HEADERS})
_SPELLING: Final[Mapping[str, str]] = {wire: wire.title() for wire in _STORED_HEADERS.values()}


class NewObject(NamedTuple):
    """What an object will be, beside its bytes.

    Attributes:
        key: its key.
        storage_class: as COS spells it.
        acl: as it is kept; ``""`` inherits.
        headers: stored headers and user metadata, as JSON.
        forbid_overwrite: refuse if the key exists and versioning was never on.
    """

    key: str
    storage_class: str
    acl: str
    headers: str
    forbid_overwrite: bool


def new_object(key: str, args: Mapping[str, Any]) -> NewObject:
    """What the arguments of a call that makes an object ask for.

    Raises:
        Refusal: KeyTooLong, InvalidObjectName, NotSupportedStorageClass, InvalidArgument or
            PolicyFull.
    """
    check_key(key)
    storage_class = args.get("StorageClass", STANDARD)
    if storage_class not in STORAGE_CLASSES:
        raise Refusal(
            "NotSupportedStorageClass",
            f"The storage class {storage_class[:40]!r} is not one of"
            f" {', '.join(sorted(STORAGE_CLASSES))}.",
        )
    return NewObject(
        key, storage_class, access.object_acl(args), stored_headers(args), forbids_overwrite(args)
    )


def forbids_overwrite(args: Mapping[str, Any]) -> bool:
    """Whether ``x-cos-forbid-overwrite`` says so.

    Raises:
        Refusal: InvalidArgument.
    """
    text = str(args.get("ForbidOverwrite", "false")).lower()
    if text not in {"true", "false"}:
        raise Refusal("InvalidArgument", "x-cos-forbid-overwrite must be true or false.")
    return text == "true"


def stored_headers(args: Mapping[str, Any]) -> str:
    """The headers and user metadata that an object keeps, as JSON."""
    if _KEPT.isdisjoint(args):
        return ""
    kept = {wire: args[name] for name, wire in _STORED_HEADERS.items() if name in args}
    kept.update(args.get("Metadata", {}))
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False) if kept else ""


def check_put(bucket: Bucket, caller: Caller) -> str:
    """Let the caller make an object in a bucket, or refuse; returns the APPID of its owner.
    What an anonymous caller puts belongs to the owner of the bucket.

    Raises:
        Refusal: AccessDenied.
    """
    access.check_bucket(bucket, caller, access.WRITE)
    return caller.appid or bucket.appid


def check_overwrite(snapshot: Snapshot, bucket: Bucket, new: NewObject) -> None:
    """Refuse to replace an object where that was forbidden.

    Raises:
        Refusal: FileAlreadyExists.
    """
    if new.forbid_overwrite and not bucket.versioning and snapshot.current(bucket.id, new.key):
        raise Refusal("FileAlreadyExists")


def put(
    txn: Transaction, caller: Caller, bucket_name: str, new: NewObject, body: Taken, now: int
) -> tuple[Bucket, Version]:
    """Make an object of a body that was taken in.

    Raises:
        Refusal: NoSuchBucket, AccessDenied or FileAlreadyExists.
    """
    bucket = buckets.require(txn, bucket_name)
    owner = check_put(bucket, caller)
    check_overwrite(txn, bucket, new)
    version = Version(
        key=new.key,
        stamp=txn.next_stamp(now),
        null=bucket.versioning != versions.ENABLED,
        marker=False,
        size=body.size,
        etag=body.md5,
        crc64=body.crc64,
        modified=now,
        storage_class=new.storage_class,
        owner=owner,
        restore="",
        acl=new.acl,
        headers=new.headers,
        extents=body.record(txn),
    )
    versions.place(txn, bucket, version, now)
    return bucket, version


def find(
    snapshot: Snapshot,
    caller: Caller,
    bucket_name: str,
    key: str,
    wanted: str | None,
    conditions: Conditions | None = None,
) -> tuple[Bucket, Version]:
    """The version that a caller may read and whose conditions hold.

    Raises:
        Refusal: NoSuchBucket, AccessDenied, NoSuchKey, NoSuchVersion or PreconditionFailed.
        NotModified: the caller has it already.
    """
    bucket = buckets.require(snapshot, bucket_name)
    try:
        version = versions.find(snapshot, bucket, key, wanted)
    except Refusal as refusal:
        # Only who may list the bucket may learn that a key is not there.
        if refusal.status == 404:
            access.check_bucket(bucket, caller, access.READ)
        raise
    access.check_object(bucket, version.owner, version.acl, caller, access.READ)
    if conditions is not None:
        held = conditions.hold(version.etag, version.modified)
        if held is None:
            raise NotModified(bucket, version)
        if held is False:
            raise Refusal("PreconditionFailed")
    return bucket, version


class NotModified(Exception):  # noqa: N818 - an answer, not a fault
    """The object is the one that the caller has."""

    def __init__(self, bucket: Bucket, version: Version) -> None:
        super().__init__(version.key)
        self.bucket = bucket
        self.version = version


def describe(bucket: Bucket, version: Version, now: int) -> dict[str, str]:
    """The headers that tell of an object, spelt as COS spells them; without Content-Length."""
    headers = {
        "ETag": f'"{version.etag}"',
        "Last-Modified": http_date(version.modified // 1_000_000),
    }
    kept = json.loads(version.headers) if version.headers else {}
    headers["Content-Type"] = kept.pop("content-type", DEFAULT_CONTENT_TYPE)
    for name, text in kept.items():
        headers[_SPELLING.get(name, name)] = text
    if version.crc64 is not None:
        headers["x-cos-hash-crc64ecma"] = str(version.crc64)
    if version.storage_class != STANDARD:
        headers["x-cos-storage-class"] = version.storage_class
    if version.restore:
        headers.update(restoring.headers(version, now))
    if bucket.versioning:
        headers["x-cos-version-id"] = versions.version_id(version)
    return headers


def delete(
    txn: Transaction, caller: Caller, bucket_name: str, key: str, wanted: str | None, now: int
) -> dict[str, str]:
    """Delete an object, or one version of it; returns the headers that say what happened.

    Without a version, and where versions are kept, this makes a delete marker.

    Raises:
        Refusal: NoSuchBucket, AccessDenied, KeyTooLong, InvalidObjectName or InvalidArgument.
    """
    bucket = buckets.require(txn, bucket_name)
    access.check_bucket(bucket, caller, access.WRITE)
    check_key(key)
    if wanted is not None:
        gone = versions.remove(txn, bucket, key, wanted, now)
        marker = {"x-cos-delete-marker": "true"} if gone and gone.marker else {}
        return {**marker, "x-cos-version-id": wanted}
    if not bucket.versioning:
        versions.make_room(txn, bucket, key, now)
        return {}
    versions.make_room(txn, bucket, key, now)
    marker_version = Version(
        key=key,
        stamp=txn.next_stamp(now),
        null=bucket.versioning != versions.ENABLED,
        marker=True,
        size=0,
        etag="",
        crc64=None,
        modified=now,
        storage_class="",
        owner=caller.appid or bucket.appid,
        restore="",
        acl="",
        headers="",
        extents=b"",
    )
    txn.add_past(bucket.id, marker_version)
    return {
        "x-cos-delete-marker": "true",
        "x-cos-version-id": versions.version_id(marker_version),
    }

"""Copies inside the store: new objects, and parts, made of bytes that are there already."""

from collections.abc import Mapping
from hashlib import md5
from typing import Any, NamedTuple

from cosbox.checksums import crc64
from cosbox.protocol.errors import Refusal
from cosbox.protocol.ranges import Span, parse_copy_range
from cosbox.service import buckets, conditions, multipart, objects, restoring, versions
from cosbox.service.content import MAX_BODY
from cosbox.service.identity import Caller
from cosbox.service.reading import Source, cut, open_content
from cosbox.service.store import Store
from cosbox.storage.extents import pack_extents, unpack_extents
from cosbox.storage.records import Snapshot, Transaction
from cosbox.storage.rows import Bucket, Part, Version

COPY = "Copy"
REPLACED = "Replaced"


def find_source(
    snapshot: Snapshot, caller: Caller, args: Mapping[str, Any], now: int
) -> tuple[Bucket, Version]:
    """The source of a copy, which the caller may read now and which is as required.

    Raises:
        Refusal: NoSuchBucket, NoSuchKey, NoSuchVersion, AccessDenied, InvalidCopySource,
            PreconditionFailed or InvalidObjectState.
    """
    source = args["CopySource"]
    wanted = source.get("VersionId")
    try:
        bucket, version = objects.find(snapshot, caller, source["Bucket"], source["Key"], wanted)
    except Refusal as refusal:
        if wanted and refusal.code == "NoSuchKey":
            raise Refusal("InvalidCopySource", "The version is a delete marker.") from refusal
        raise
    conditions.check_copy(conditions.of_copy(args), version.etag, version.modified)
    restoring.check_readable(version, now)
    return bucket, version


def copy_object(
    txn: Transaction,
    caller: Caller,
    bucket_name: str,
    new: objects.NewObject,
    args: Mapping[str, Any],
    now: int,
) -> tuple[Bucket, Version, Bucket, Version]:
    """Make an object of another; returns the new one with its bucket, and the source with its.

    Storage class and access list are never the source's; the headers are, unless replaced.

    Raises:
        Refusal: whatever `find_source` and `objects.put` refuse; InvalidArgument for another
            directive, InvalidRequest for a copy onto itself that replaces nothing, EntityTooLarge.
    """
    directive = args.get("CopyStatus", COPY)
    if directive not in {COPY, REPLACED}:
        raise Refusal("InvalidArgument", f"x-cos-metadata-directive must be {COPY} or {REPLACED}.")
    bucket = buckets.require(txn, bucket_name)
    owner = objects.check_put(bucket, caller)
    objects.check_overwrite(txn, bucket, new)
    source_bucket, source = find_source(txn, caller, args, now)
    same = source_bucket.id == bucket.id and source.key == new.key
    if same and directive == COPY and "VersionId" not in args["CopySource"]:
        raise Refusal(
            "InvalidRequest", f"A copy of an object onto itself needs CopyStatus={REPLACED}."
        )
    if source.size > MAX_BODY:
        raise Refusal("EntityTooLarge", "Over 5 GB: copy it in parts.")
    txn.hold(unpack_extents(source.extents))
    version = source._replace(
        key=new.key,
        stamp=txn.next_stamp(now),
        null=bucket.versioning != versions.ENABLED,
        modified=now,
        storage_class=new.storage_class,
        owner=owner,
        restore="",
        acl=new.acl,
        headers=source.headers if directive == COPY else new.headers,
    )
    versions.place(txn, bucket, version, now)
    return bucket, version, source_bucket, source


class Measured(NamedTuple):
    """A span of a source with its checksums.

    Attributes:
        bucket: of the source.
        version: the source.
        span: of it.
        md5: in hex.
        crc64: of the span.
    """

    bucket: Bucket
    version: Version
    span: Span
    md5: str
    crc64: int


def measure(store: Store, caller: Caller, args: Mapping[str, Any]) -> Measured:
    """Find the source of a part and compute its checksums; blocks on the disk.

    A part's ETag is the MD5 of its bytes, so they are read (but not written), unless all of a
    plain object is copied, whose MD5 is known.

    Raises:
        Refusal: whatever `find_source` refuses; InvalidArgument, InvalidRange or EntityTooLarge
            for the range.
        BlobMissing: the source cannot be read.
    """
    now = store.clock.now()
    with store.records.read() as snapshot:
        bucket, version = find_source(snapshot, caller, args, now)
        text = args.get("CopySourceRange")
        span = parse_copy_range(str(text), version.size) if text else Span(0, version.size)
        if span.length > MAX_BODY:
            raise Refusal("EntityTooLarge")
        if span.length == version.size and "-" not in version.etag and version.crc64 is not None:
            return Measured(bucket, version, span, version.etag, version.crc64)
        source = Source(bucket.name, version)
        content = open_content(snapshot, store.records, store.blobs, source, span)
    content.require_whole_blobs(store.verified)
    digest, crc = md5(usedforsecurity=False), 0
    for chunk in content.chunks():
        digest.update(chunk)
        crc = crc64(chunk, crc)
    return Measured(bucket, version, span, digest.hexdigest(), crc)


def copy_part(
    txn: Transaction,
    caller: Caller,
    bucket_name: str,
    key: str,
    args: Mapping[str, Any],
    measured: Measured,
    now: int,
) -> Part:
    """Make a part of a span of a source that was measured before.

    Raises:
        Refusal: whatever `multipart.require` refuses; PathConflict when the source was replaced
            while it was measured.
    """
    _, upload = multipart.require(txn, caller, bucket_name, key, args["UploadId"])
    _, source = find_source(txn, caller, args, now)
    if source.stamp != measured.version.stamp:
        raise Refusal("PathConflict", "The source changed while it was copied. Please try again.")
    extents = cut(unpack_extents(source.extents), measured.span)
    txn.hold(extents)
    part = Part(
        number=args["PartNumber"],
        size=measured.span.length,
        etag=measured.md5,
        crc64=measured.crc64,
        modified=now,
        extents=pack_extents(extents),
    )
    multipart.put_part(txn, upload, part, now)
    return part

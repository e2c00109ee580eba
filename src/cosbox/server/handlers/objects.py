"""Calls on objects: put, get, head, delete, list."""

import re
from collections.abc import Mapping
from typing import Final

from cosbox.protocol import ranges
from cosbox.protocol.dates import iso_seconds
from cosbox.protocol.errors import Refusal
from cosbox.protocol.messages import Call
from cosbox.server.context import Context
from cosbox.server.effects import Flow, Read, Write
from cosbox.server.messages import Outgoing
from cosbox.service import (
    buckets,
    conditions,
    copying,
    deleting,
    history,
    listing,
    objects,
    reading,
    restoring,
    versions,
)
from cosbox.storage.errors import StorageFull
from cosbox.storage.records import Snapshot, Transaction
from cosbox.storage.rows import Bucket, Version

_OVERRIDES: Final[Mapping[str, str]] = {
    "ResponseCacheControl": "Cache-Control",
    "ResponseContentDisposition": "Content-Disposition",
    "ResponseContentEncoding": "Content-Encoding",
    "ResponseContentLanguage": "Content-Language",
    "ResponseContentType": "Content-Type",
    "ResponseExpires": "Expires",
}
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")


def put_object(context: Context, call: Call) -> Flow:
    """PUT Object."""
    new = objects.new_object(call.key or "", call.args)
    name = call.bucket or ""

    def check(snapshot: Snapshot) -> None:
        bucket = buckets.require(snapshot, name)
        objects.check_put(bucket, context.caller)
        objects.check_overwrite(snapshot, bucket, new)

    # What will be refused is refused before the body is sent; `put` looks again in its transaction.
    yield Read(check)
    taken = yield from context.receive()
    now = context.now
    try:
        bucket, version = yield Write(
            lambda txn: objects.put(txn, context.caller, name, new, taken, now)
        )
    except (Refusal, StorageFull):
        # Certainly not recorded. After any other failure it may have been: then the blob stays,
        # and if nobody's, is found when the store is next opened.
        context.store.discard(taken)
        raise
    result = {"ETag": f'"{version.etag}"', "x-cos-hash-crc64ecma": str(version.crc64)}
    if bucket.versioning == versions.ENABLED:
        result["x-cos-version-id"] = versions.version_id(version)
    return context.answer(result)


def head_object(context: Context, call: Call) -> Flow:
    """HEAD Object."""

    def query(snapshot: Snapshot) -> dict[str, str]:
        bucket, version = _find(context, call, snapshot)
        headers = objects.describe(bucket, version, context.now)
        headers["Content-Length"] = str(version.size)
        return headers

    headers = yield Read(query)
    return Outgoing(200, headers)


def get_object(context: Context, call: Call) -> Flow:
    """GET Object."""
    overrides = _overrides(context, call)
    outgoing: Outgoing = yield Read(lambda snapshot: _open(context, call, snapshot, overrides))
    return outgoing


def _open(
    context: Context, call: Call, snapshot: Snapshot, overrides: Mapping[str, str]
) -> Outgoing:
    bucket, version = _find(context, call, snapshot)
    now = context.now
    restoring.check_readable(version, now)
    wanted = call.args.get("Range")
    span = ranges.resolve(str(wanted), version.size) if wanted else None
    store = context.store
    source = reading.Source(bucket.name, version)
    stored = reading.open_content(snapshot, store.records, store.blobs, source, span)
    headers = objects.describe(bucket, version, now)
    headers.update(overrides)
    headers["Accept-Ranges"] = "bytes"
    headers["Content-Length"] = str(stored.length)
    if span is not None:
        headers["Content-Range"] = ranges.content_range(span, version.size)
    at_once = stored.at_once
    body = stored if at_once is None else at_once
    return Outgoing(200 if span is None else 206, headers, body)


def _find(context: Context, call: Call, snapshot: Snapshot) -> tuple[Bucket, Version]:
    wanted = call.args.get("VersionId")
    return objects.find(
        snapshot,
        context.caller,
        call.bucket or "",
        call.key or "",
        None if wanted is None else str(wanted),
        conditions.of_read(call.args),
    )


def _overrides(context: Context, call: Call) -> dict[str, str]:
    """The response-* parameters. They come from a URL, so what no header can hold is refused
    here; and only a signed request may set them."""
    if not call.args:
        return {}
    found = {
        header: str(call.args[name]) for name, header in _OVERRIDES.items() if name in call.args
    }
    if found and context.caller.anonymous:
        raise Refusal("AccessDenied", "Access Denied: response-* parameters must be signed.")
    for header, text in found.items():
        if _CONTROL.search(text):
            raise Refusal("InvalidArgument", f"{header} has a control character.")
    return found


def not_modified(unchanged: objects.NotModified, now: int) -> Outgoing:
    """The 304 that says that the caller has the object already."""
    described = objects.describe(unchanged.bucket, unchanged.version, now)
    kept = ("ETag", "Content-Type", "Cache-Control", "Expires", "x-cos-hash-crc64ecma")
    headers = {name: described[name] for name in kept if name in described}
    return Outgoing(304, headers)


def delete_object(context: Context, call: Call) -> Flow:
    """DELETE Object."""
    wanted = call.args.get("VersionId")
    version = None if wanted is None else str(wanted)
    now = context.now
    result = yield Write(
        lambda txn: objects.delete(
            txn, context.caller, call.bucket or "", call.key or "", version, now
        ),
        frees=True,
    )
    return context.answer(result)


def list_objects(context: Context, call: Call) -> Flow:
    """GET Bucket (List Objects)."""
    result = yield Read(
        lambda snapshot: listing.list_objects(
            snapshot, context.caller, call.bucket or "", call.args, context.now
        ),
        slow=True,
    )
    return context.answer(result)


def list_objects_versions(context: Context, call: Call) -> Flow:
    """GET Bucket Object Versions."""
    result = yield Read(
        lambda snapshot: history.list_versions(
            snapshot, context.caller, call.bucket or "", call.args
        ),
        slow=True,
    )
    return context.answer(result)


def delete_objects(context: Context, call: Call) -> Flow:
    """DELETE Multiple Objects."""
    if "content-md5" not in context.headers:
        raise Refusal("InvalidRequest", "Missing required header for this request: Content-MD5")
    wanted = call.args["Delete"]
    assert isinstance(wanted, dict)  # noqa: S101 - the codec made it so
    now = context.now
    result = yield Write(
        lambda txn: deleting.delete_many(txn, context.caller, call.bucket or "", wanted, now),
        frees=True,
    )
    return context.answer(result)


def copy_object(context: Context, call: Call) -> Flow:
    """PUT Object - Copy."""
    new = objects.new_object(call.key or "", call.args)
    now = context.now
    bucket, version, source_bucket, source = yield Write(
        lambda txn: copying.copy_object(txn, context.caller, call.bucket or "", new, call.args, now)
    )
    result = {
        "ETag": f'"{version.etag}"',
        "CRC64": None if version.crc64 is None else str(version.crc64),
        "LastModified": iso_seconds(version.modified),
        "VersionId": versions.version_id(version)
        if bucket.versioning == versions.ENABLED
        else None,
        "x-cos-copy-source-version-id": source_version(source_bucket, source),
    }
    return context.answer(result)


def source_version(bucket: Bucket, version: Version) -> str | None:
    """The id of a copy's source, where its bucket has versions."""
    return versions.version_id(version) if bucket.versioning else None


def restore_object(context: Context, call: Call) -> Flow:
    """POST Object restore."""
    wanted = call.args.get("VersionId")
    request = call.args["RestoreRequest"]
    assert isinstance(request, dict)  # noqa: S101 - the codec made it so
    now = context.now

    def change(txn: Transaction) -> None:
        bucket, version = objects.find(
            txn,
            context.caller,
            call.bucket or "",
            call.key or "",
            None if wanted is None else str(wanted),
        )
        objects.check_put(bucket, context.caller)
        versions.update(txn, bucket, restoring.restored(version, request, now))

    yield Write(change)
    return context.answer()

"""Calls on multipart uploads."""

from typing import Any

from cosbox.protocol.dates import iso_seconds
from cosbox.protocol.errors import Refusal
from cosbox.protocol.messages import Call
from cosbox.protocol.percent import encode_path
from cosbox.server.context import Context
from cosbox.server.effects import Flow, Read, Work, Write
from cosbox.server.handlers.objects import source_version
from cosbox.service import copying, multipart, objects, versions
from cosbox.storage.errors import StorageFull
from cosbox.storage.records import Transaction
from cosbox.storage.rows import Part


def create_multipart_upload(context: Context, call: Call) -> Flow:
    """Initiate Multipart Upload."""
    new = objects.new_object(call.key or "", call.args)
    bucket, now = call.bucket or "", context.now
    upload = yield Write(lambda txn: multipart.create(txn, context.caller, bucket, new, now))
    return context.answer({"Bucket": bucket, "Key": upload.key, "UploadId": upload.id})


def upload_part(context: Context, call: Call) -> Flow:
    """Upload Part."""
    number, upload_id = _number(call), str(call.args["UploadId"])
    bucket, key = call.bucket or "", call.key or ""
    yield Read(lambda s: multipart.require(s, context.caller, bucket, key, upload_id))
    taken = yield from context.receive()
    now = context.now

    def change(txn: Transaction) -> None:
        _, upload = multipart.require(txn, context.caller, bucket, key, upload_id)
        part = multipart.part_of(number, taken, taken.record(txn), now)
        multipart.put_part(txn, upload, part, now)

    try:
        yield Write(change)
    except (Refusal, StorageFull):
        # As for put_object: only what is certainly not recorded may be removed.
        context.store.discard(taken)
        raise
    return context.answer({"ETag": f'"{taken.md5}"', "x-cos-hash-crc64ecma": str(taken.crc64)})


def upload_part_copy(context: Context, call: Call) -> Flow:
    """Upload Part - Copy."""
    bucket, key, upload_id = call.bucket or "", call.key or "", str(call.args["UploadId"])
    yield Read(lambda s: multipart.require(s, context.caller, bucket, key, upload_id))
    measured: copying.Measured = yield Work(
        lambda: copying.measure(context.store, context.caller, call.args)
    )
    now = context.now
    part: Part = yield Write(
        lambda txn: copying.copy_part(txn, context.caller, bucket, key, call.args, measured, now)
    )
    return context.answer(
        {
            "ETag": f'"{part.etag}"',
            "LastModified": iso_seconds(part.modified),
            "x-cos-copy-source-version-id": source_version(measured.bucket, measured.version),
        }
    )


def list_parts(context: Context, call: Call) -> Flow:
    """List Parts."""
    result = yield Read(
        lambda snapshot: multipart.list_parts(
            snapshot, context.caller, call.bucket or "", call.key or "", call.args
        ),
        slow=True,
    )
    return context.answer(result)


def list_multipart_uploads(context: Context, call: Call) -> Flow:
    """List Multipart Uploads."""
    result = yield Read(
        lambda snapshot: multipart.list_uploads(
            snapshot, context.caller, call.bucket or "", call.args
        ),
        slow=True,
    )
    return context.answer(result)


def complete_multipart_upload(context: Context, call: Call) -> Flow:
    """Complete Multipart Upload."""
    wanted: Any = call.args["MultipartUpload"]
    bucket_name, key = call.bucket or "", call.key or ""
    now = context.now
    bucket, version = yield Write(
        lambda txn: multipart.complete(
            txn,
            context.caller,
            bucket_name,
            key,
            str(call.args["UploadId"]),
            wanted["Part"],
            forbid_overwrite=objects.forbids_overwrite(call.args),
            now=now,
        ),
        frees=True,
    )
    host = context.headers.get("host", "")
    path = f"/{key}" if host.startswith(bucket_name) else f"/{bucket_name}/{key}"
    return context.answer(
        {
            "Location": f"http://{host}{encode_path(path)}",
            "Bucket": bucket_name,
            "Key": key,
            "ETag": f'"{version.etag}"',
            "x-cos-hash-crc64ecma": str(version.crc64),
            "x-cos-version-id": versions.version_id(version) if bucket.versioning else None,
        }
    )


def abort_multipart_upload(context: Context, call: Call) -> Flow:
    """Abort Multipart Upload."""
    now = context.now
    yield Write(
        lambda txn: multipart.abort(
            txn,
            context.caller,
            call.bucket or "",
            call.key or "",
            str(call.args["UploadId"]),
            now,
        ),
        frees=True,
    )
    return context.answer()


def _number(call: Call) -> int:
    number = call.args["PartNumber"]
    assert isinstance(number, int)  # noqa: S101 - the codec made it so
    return number

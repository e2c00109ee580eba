"""Calls on the account and its buckets."""

from cosbox.protocol.errors import Refusal
from cosbox.protocol.messages import Call
from cosbox.server.context import Context
from cosbox.server.effects import Flow, Read, Step, Write
from cosbox.service import access, buckets
from cosbox.storage.records import Snapshot
from cosbox.storage.rows import Bucket


def list_buckets(context: Context, call: Call) -> Flow:
    """GET Service."""
    result = yield Read(lambda snapshot: buckets.list_all(snapshot, context.caller, call.args))
    return context.answer(result)


def create_bucket(context: Context, call: Call) -> Flow:
    """PUT Bucket."""
    name = call.bucket or ""
    yield Write(
        lambda txn: buckets.create(
            txn, context.caller, name, call.args, region=context.store.region, now=context.now
        )
    )
    return context.answer()


def head_bucket(context: Context, call: Call) -> Flow:
    """HEAD Bucket."""
    bucket = yield from readable(context, call)
    return context.answer({"Content-Type": "application/xml", "x-cos-bucket-region": bucket.region})


def delete_bucket(context: Context, call: Call) -> Flow:
    """DELETE Bucket."""
    name = call.bucket or ""
    yield Write(lambda txn: buckets.delete(txn, context.caller, name), frees=True)
    return context.answer()


def get_bucket_location(context: Context, call: Call) -> Flow:
    """GET Bucket location."""
    bucket = yield from readable(context, call)
    return context.answer({"LocationConstraint": bucket.region})


def put_bucket_versioning(context: Context, call: Call) -> Flow:
    """PUT Bucket versioning."""
    configuration = call.args["VersioningConfiguration"]
    assert isinstance(configuration, dict)  # noqa: S101 - the codec made it so
    yield Write(
        lambda txn: buckets.set_versioning(txn, context.caller, call.bucket or "", configuration)
    )
    return context.answer()


def get_bucket_versioning(context: Context, call: Call) -> Flow:
    """GET Bucket versioning."""
    bucket = yield from owned(context, call)
    return context.answer({"Status": bucket.versioning or None})


def readable(context: Context, call: Call) -> Step[Bucket]:
    """The bucket of a call, which the caller may read."""

    def query(snapshot: Snapshot) -> Bucket:
        bucket = buckets.require(snapshot, call.bucket or "")
        access.check_bucket(bucket, context.caller, access.READ)
        return bucket

    bucket: Bucket = yield Read(query)
    return bucket


def owned(context: Context, call: Call) -> Step[Bucket]:
    """The bucket of a call, which is the caller's own."""
    bucket: Bucket = yield Read(lambda snapshot: buckets.require(snapshot, call.bucket or ""))
    if bucket.appid != context.caller.appid:
        raise Refusal("AccessDenied")
    return bucket

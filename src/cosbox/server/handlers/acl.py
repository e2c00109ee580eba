"""Calls on access lists."""

from cosbox.protocol.messages import Call
from cosbox.server.context import Context
from cosbox.server.effects import Flow, Read, Write
from cosbox.service import acl


def get_bucket_acl(context: Context, call: Call) -> Flow:
    """GET Bucket acl."""
    result = yield Read(
        lambda snapshot: acl.get_bucket_acl(snapshot, context.caller, call.bucket or "")
    )
    return context.answer(result)


def put_bucket_acl(context: Context, call: Call) -> Flow:
    """PUT Bucket acl."""
    yield Write(lambda txn: acl.put_bucket_acl(txn, context.caller, call.bucket or "", call.args))
    return context.answer()


def get_object_acl(context: Context, call: Call) -> Flow:
    """GET Object acl."""
    wanted = call.args.get("VersionId")
    result = yield Read(
        lambda snapshot: acl.get_object_acl(
            snapshot,
            context.caller,
            call.bucket or "",
            call.key or "",
            None if wanted is None else str(wanted),
        )
    )
    return context.answer(result)


def put_object_acl(context: Context, call: Call) -> Flow:
    """PUT Object acl."""
    yield Write(
        lambda txn: acl.put_object_acl(
            txn, context.caller, call.bucket or "", call.key or "", call.args
        )
    )
    return context.answer()

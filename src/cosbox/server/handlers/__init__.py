"""One function for each operation of the table: from a call to its answer."""

from collections.abc import Callable, Mapping
from typing import Final

from cosbox.protocol.messages import Call
from cosbox.server.context import Context
from cosbox.server.effects import Flow
from cosbox.server.handlers import buckets, objects

HANDLERS: Final[Mapping[str, Callable[[Context, Call], Flow]]] = {
    "list_buckets": buckets.list_buckets,
    "create_bucket": buckets.create_bucket,
    "head_bucket": buckets.head_bucket,
    "delete_bucket": buckets.delete_bucket,
    "get_bucket_location": buckets.get_bucket_location,
    "put_bucket_versioning": buckets.put_bucket_versioning,
    "get_bucket_versioning": buckets.get_bucket_versioning,
    "list_objects": objects.list_objects,
    "put_object": objects.put_object,
    "get_object": objects.get_object,
    "head_object": objects.head_object,
    "delete_object": objects.delete_object,
}
"""By the operation's name."""

"""One function for each operation of the table: from a call to its answer."""

from collections.abc import Callable, Mapping
from typing import Final

from cosbox.protocol.messages import Call
from cosbox.server.context import Context
from cosbox.server.effects import Flow
from cosbox.server.handlers import acl, buckets, multipart, objects

HANDLERS: Final[Mapping[str, Callable[[Context, Call], Flow]]] = {
    "list_buckets": buckets.list_buckets,
    "create_bucket": buckets.create_bucket,
    "head_bucket": buckets.head_bucket,
    "delete_bucket": buckets.delete_bucket,
    "get_bucket_location": buckets.get_bucket_location,
    "put_bucket_versioning": buckets.put_bucket_versioning,
    "get_bucket_versioning": buckets.get_bucket_versioning,
    "put_bucket_acl": acl.put_bucket_acl,
    "get_bucket_acl": acl.get_bucket_acl,
    "list_objects": objects.list_objects,
    "list_objects_versions": objects.list_objects_versions,
    "list_multipart_uploads": multipart.list_multipart_uploads,
    "put_object": objects.put_object,
    "get_object": objects.get_object,
    "head_object": objects.head_object,
    "delete_object": objects.delete_object,
    "delete_objects": objects.delete_objects,
    "copy_object": objects.copy_object,
    "restore_object": objects.restore_object,
    "put_object_acl": acl.put_object_acl,
    "get_object_acl": acl.get_object_acl,
    "create_multipart_upload": multipart.create_multipart_upload,
    "upload_part": multipart.upload_part,
    "upload_part_copy": multipart.upload_part_copy,
    "list_parts": multipart.list_parts,
    "complete_multipart_upload": multipart.complete_multipart_upload,
    "abort_multipart_upload": multipart.abort_multipart_upload,
}
"""By the operation's name."""

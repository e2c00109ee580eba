"""Every operation of COS that cosbox knows, described once.

The order of parameters and the spelling of results are the seed's (``docs/reference``); where the
official SDK's differ, the seed wins.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cosbox.protocol.operations.buckets import BUCKETS
from cosbox.protocol.operations.listing import LISTING
from cosbox.protocol.operations.multipart import MULTIPART
from cosbox.protocol.operations.objects import OBJECTS
from cosbox.protocol.schema import Operation

OPERATIONS: Final[Mapping[str, Operation]] = MappingProxyType(
    {operation.name: operation for operation in (*BUCKETS, *LISTING, *OBJECTS, *MULTIPART)}
)
"""Every operation by its name."""

SUBRESOURCES: Final = frozenset(
    {
        "accelerate", "acl", "append", "cors", "delete", "domain", "domaincertificate",
        "encryption", "intelligent-tiering", "intelligenttiering", "inventory", "lifecycle", "live",
        "location", "logging", "notification", "object-lock", "origin", "partNumber", "policy",
        "position", "referer", "rename", "replication", "restore", "retention", "select",
        "strict-signature", "symlink", "tagging", "uploadId", "uploads", "versioning", "versions",
        "website",
        # S3's, for clients that take this for S3
        "analytics", "attributes", "legal-hold", "metrics", "ownershipControls",
        "publicAccessBlock", "requestPayment", "torrent",
    }
)  # fmt: skip
"""Query parameters that say *what* of a bucket or object is meant. A request that names one is
never taken for a request about the bucket or object itself, whether or not it is offered here."""

SHARED_ERRORS: Final = (
    "AccessDenied",
    "InternalError",
    "InvalidAccessKeyId",
    "InvalidArgument",
    "InvalidBucketName",
    "InvalidURI",
    "MethodNotAllowed",
    "RequestTimeTooSkewed",
    "ServiceUnavailable",
    "SignatureDoesNotMatch",
)
"""Codes that any request can be refused with."""

"""Deleting many objects in one request."""

from collections.abc import Mapping
from typing import Any, Final

from cosbox.protocol.errors import Refusal
from cosbox.service import access, buckets, objects
from cosbox.service.identity import Caller
from cosbox.storage.records import Transaction

MAX_KEYS: Final = 1000


def delete_many(
    txn: Transaction, caller: Caller, bucket_name: str, wanted: Mapping[str, Any], now: int
) -> dict[str, Any]:
    """Delete what a list names; every entry succeeds or fails for itself.

    Raises:
        Refusal: NoSuchBucket, AccessDenied, or MalformedXML for more than 1000 entries.
    """
    items = wanted["Object"]
    if len(items) > MAX_KEYS:
        raise Refusal("MalformedXML", f"{len(items)} objects; {MAX_KEYS} are allowed.")
    bucket = buckets.require(txn, bucket_name)
    access.check_bucket(bucket, caller, access.WRITE)
    deleted, failed = [], []
    for item in items:
        key, version = item["Key"], item.get("VersionId")
        try:
            headers = objects.delete(txn, caller, bucket_name, key, version, now)
        except Refusal as refusal:
            # Refusals come before anything is changed, so this one undoes nothing of the others.
            failed.append(
                {
                    "Key": key,
                    "VersionId": version,
                    "Code": refusal.code,
                    "Message": refusal.message,
                }
            )
        else:
            deleted.append(_told(key, version, headers))
    return {"Deleted": [] if wanted.get("Quiet") else deleted, "Error": failed}


def _told(key: str, version: str | None, headers: Mapping[str, str]) -> dict[str, str]:
    told = {"Key": key}
    if version is not None:
        told["VersionId"] = version
    if "x-cos-delete-marker" in headers:
        told["DeleteMarker"] = "true"
        told["DeleteMarkerVersionId"] = headers["x-cos-version-id"]
    return told

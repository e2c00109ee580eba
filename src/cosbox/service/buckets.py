"""Buckets: made, looked at, listed, deleted."""

from collections.abc import Mapping
from typing import Any, Final

from cosbox.protocol.dates import iso_seconds
from cosbox.protocol.errors import Refusal
from cosbox.protocol.names import appid_of, check_bucket
from cosbox.service import access
from cosbox.service.identity import Caller, cam_id
from cosbox.service.versions import ENABLED, SUSPENDED
from cosbox.storage.records import Snapshot, Transaction
from cosbox.storage.rows import Bucket

MAX_BUCKETS: Final = 200
"""For each account (COS: specifications and limits)."""

MAX_BUCKETS_PAGE: Final = 2000


def require(snapshot: Snapshot, name: str) -> Bucket:
    """The bucket of a name.

    Raises:
        Refusal: InvalidBucketName or NoSuchBucket.
    """
    bucket = snapshot.bucket(name)
    if bucket is None:
        check_bucket(name)
        raise Refusal("NoSuchBucket")
    return bucket


def create(
    txn: Transaction,
    caller: Caller,
    name: str,
    args: Mapping[str, object],
    *,
    region: str,
    now: int,
) -> Bucket:
    """Make a bucket for the caller, whose APPID must end its name.

    Raises:
        Refusal: InvalidBucketName, AccessDenied, BucketAlreadyOwnedByYou, BucketAlreadyExists,
            TooManyBuckets, InvalidArgument or PolicyFull.
    """
    check_bucket(name)
    if caller.anonymous:
        raise Refusal("AccessDenied")
    acl = access.bucket_acl(args)
    known = txn.bucket(name)
    if known is not None:
        mine = known.appid == caller.appid
        raise Refusal("BucketAlreadyOwnedByYou" if mine else "BucketAlreadyExists")
    if appid_of(name) != caller.appid:
        raise Refusal("AccessDenied", f"Access Denied: your buckets' names end in -{caller.appid}.")
    if len(txn.buckets(caller.appid, "", MAX_BUCKETS)) >= MAX_BUCKETS:
        raise Refusal("TooManyBuckets", f"An account may have {MAX_BUCKETS} buckets.")
    return txn.add_bucket(name, caller.appid, region, now, acl)


def delete(txn: Transaction, caller: Caller, name: str) -> None:
    """Delete an empty bucket of the caller's.

    Raises:
        Refusal: NoSuchBucket, AccessDenied or BucketNotEmpty.
    """
    bucket = require(txn, name)
    if caller.appid != bucket.appid:
        raise Refusal("AccessDenied")
    if not txn.is_empty(bucket.id):
        raise Refusal(
            "BucketNotEmpty",
            "The bucket you tried to delete is not empty: it has objects, versions, delete"
            " markers or unfinished uploads.",
        )
    txn.delete_bucket(bucket.id)


def list_all(snapshot: Snapshot, caller: Caller, args: Mapping[str, Any]) -> dict[str, Any]:
    """The caller's buckets, by name, a page at a time.

    Raises:
        Refusal: AccessDenied to the anonymous.
    """
    if caller.anonymous:
        raise Refusal("AccessDenied")
    limit = min(args.get("MaxKeys", MAX_BUCKETS_PAGE), MAX_BUCKETS_PAGE)
    region = args.get("Region")
    found = [
        bucket
        for bucket in snapshot.buckets(caller.appid, args.get("Marker", ""), MAX_BUCKETS + 1)
        if region is None or bucket.region == region
    ]
    page, more = found[:limit], len(found) > limit
    return {
        "Owner": {"ID": cam_id(caller.uin), "DisplayName": caller.uin},
        "Buckets": {
            "Bucket": [
                {
                    "Name": bucket.name,
                    "Location": bucket.region,
                    "CreationDate": iso_seconds(bucket.created),
                    "BucketType": "cos",
                }
                for bucket in page
            ]
        },
        "Marker": args.get("Marker"),
        "NextMarker": page[-1].name if more else None,
        "IsTruncated": "true" if more else "false",
    }


def set_versioning(
    txn: Transaction, caller: Caller, name: str, configuration: Mapping[str, Any]
) -> None:
    """Switch versioning on or suspend it.

    Raises:
        Refusal: NoSuchBucket, AccessDenied or MalformedXML.
    """
    bucket = require(txn, name)
    if caller.appid != bucket.appid:
        raise Refusal("AccessDenied")
    status = configuration.get("Status")
    if status not in {ENABLED, SUSPENDED}:
        raise Refusal("MalformedXML", f"Status must be {ENABLED} or {SUSPENDED}.")
    txn.update_bucket(bucket._replace(versioning=status))

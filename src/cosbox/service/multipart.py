"""Multipart uploads: begun, filled part by part, completed without moving a byte."""

import secrets
from base64 import b16decode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import md5
from itertools import pairwise
from typing import Any, Final

from cosbox.checksums import combine
from cosbox.protocol.dates import iso_millis
from cosbox.protocol.errors import Refusal
from cosbox.service import access, buckets, objects, versions
from cosbox.service.content import Taken
from cosbox.service.identity import Caller, cam_id
from cosbox.service.listing import (
    MAX_PAGE,
    after,
    closed_group,
    entry_key,
    past_prefix,
    walk,
)
from cosbox.storage.records import Snapshot, Transaction
from cosbox.storage.rows import Bucket, Part, Upload, Version

MAX_PARTS: Final = 10_000
MIN_PART: Final = 1024 * 1024
"""What every part but the last has at least."""

MAX_OBJECT: Final = 50_000 * 1024**3
"""What an object may hold in all (COS: specifications and limits)."""


def create(
    txn: Transaction, caller: Caller, bucket_name: str, new: objects.NewObject, now: int
) -> Upload:
    """Begin an upload.

    Raises:
        Refusal: NoSuchBucket, AccessDenied or FileAlreadyExists.
    """
    bucket = buckets.require(txn, bucket_name)
    owner = objects.check_put(bucket, caller)
    objects.check_overwrite(txn, bucket, new)
    upload = Upload(
        id=f"{now // 1_000_000:010}{secrets.token_hex(32)}",
        bucket=bucket.id,
        key=new.key,
        initiated=now,
        storage_class=new.storage_class,
        owner=owner,
        initiator=caller.uin,
        acl=new.acl,
        headers=new.headers,
    )
    txn.add_upload(upload)
    return upload


def require(
    snapshot: Snapshot, caller: Caller, bucket_name: str, key: str, upload_id: str
) -> tuple[Bucket, Upload]:
    """An upload that the caller may go on with.

    Raises:
        Refusal: NoSuchBucket, AccessDenied or NoSuchUpload.
    """
    bucket = buckets.require(snapshot, bucket_name)
    objects.check_put(bucket, caller)
    upload = snapshot.upload(upload_id)
    if upload is None or upload.bucket != bucket.id or upload.key != key:
        raise Refusal("NoSuchUpload")
    return bucket, upload


def part_of(number: int, taken: Taken, extents: bytes, now: int) -> Part:
    """A part made of a body."""
    return Part(number, taken.size, taken.md5, taken.crc64, now, extents)


def put_part(txn: Transaction, upload: Upload, part: Part, now: int) -> None:
    """Add a part, or replace the one with its number."""
    old = txn.part(upload.id, part.number)
    txn.put_part(upload.id, part)
    if old is not None:
        versions.let_go(txn, old.extents, now)


def complete(
    txn: Transaction,
    caller: Caller,
    bucket_name: str,
    key: str,
    upload_id: str,
    wanted: Sequence[Mapping[str, Any]],
    *,
    forbid_overwrite: bool,
    now: int,
) -> tuple[Bucket, Version]:
    """Make an object of the parts that are wanted; the others are let go.

    An upload that was completed before with the same parts is found by the object that it made,
    so that a client which did not hear the first answer may ask again.

    Raises:
        Refusal: NoSuchBucket, AccessDenied, NoSuchUpload, InvalidPartOrder, InvalidPart,
            EntityTooSmall, EntityTooLarge or FileAlreadyExists.
    """
    _check_order(wanted)
    try:
        bucket, upload = require(txn, caller, bucket_name, key, upload_id)
    except Refusal as refusal:
        done = _completed_before(txn, caller, bucket_name, key, wanted)
        if refusal.code == "NoSuchUpload" and done:
            return done
        raise
    held = {part.number: part for part in txn.parts(upload.id, 0, MAX_PARTS)}
    chosen = _choose(wanted, held)
    new = objects.NewObject(key, upload.storage_class, upload.acl, upload.headers, forbid_overwrite)
    objects.check_overwrite(txn, bucket, new)
    chosen_numbers = {part.number for part in chosen}
    for part in held.values():
        if part.number not in chosen_numbers:
            versions.let_go(txn, part.extents, now)
    version = Version(
        key=key,
        stamp=txn.next_stamp(now),
        null=bucket.versioning != versions.ENABLED,
        marker=False,
        size=sum(part.size for part in chosen),
        etag=etag_of([part.etag for part in chosen]),
        crc64=_joint_crc(chosen),
        modified=now,
        storage_class=upload.storage_class,
        owner=upload.owner,
        restore="",
        acl=upload.acl,
        headers=upload.headers,
        extents=b"".join([part.extents for part in chosen]),
    )
    txn.drop_upload(upload.id)
    versions.place(txn, bucket, version, now)
    return bucket, version


def _check_order(wanted: Sequence[Mapping[str, Any]]) -> None:
    numbers = [part["PartNumber"] for part in wanted]
    if len(numbers) > MAX_PARTS:
        raise Refusal("InvalidPart", f"There are {len(numbers)} parts; {MAX_PARTS} are allowed.")
    if any(first >= second for first, second in pairwise(numbers)):
        raise Refusal("InvalidPartOrder")


def _choose(wanted: Sequence[Mapping[str, Any]], held: Mapping[int, Part]) -> list[Part]:
    chosen = []
    for item in wanted:
        number, etag = item["PartNumber"], item["ETag"].strip().strip('"')
        part = held.get(number)
        if part is None or part.etag != etag:
            why = "was not uploaded" if part is None else f'has the ETag "{part.etag}"'
            raise Refusal("InvalidPart", f"Part {number} {why}.")
        chosen.append(part)
    for part in chosen[:-1]:
        if part.size < MIN_PART:
            raise Refusal(
                "EntityTooSmall",
                f"Part {part.number} has {part.size} bytes; all but the last have at least"
                f" {MIN_PART}.",
            )
    if sum(part.size for part in chosen) > MAX_OBJECT:
        raise Refusal("EntityTooLarge")
    return chosen


def etag_of(part_etags: Sequence[str]) -> str:
    """The ETag of an object made of parts: MD5 of the parts' MD5s and their number. COS does not
    say how it makes its own; this is S3's way, and shows equal parts as equal."""
    whole = md5(usedforsecurity=False)
    for etag in part_etags:
        text = etag.strip().strip('"').upper()
        try:
            whole.update(b16decode(text))
        except ValueError:
            whole.update(text.encode())
    return f"{whole.hexdigest()}-{len(part_etags)}"


def _joint_crc(parts: Sequence[Part]) -> int:
    crc = 0
    for part in parts:
        crc = combine(crc, part.crc64, part.size)
    return crc


def _completed_before(
    snapshot: Snapshot,
    caller: Caller,
    bucket_name: str,
    key: str,
    wanted: Sequence[Mapping[str, Any]],
) -> tuple[Bucket, Version] | None:
    bucket = buckets.require(snapshot, bucket_name)
    objects.check_put(bucket, caller)
    current = snapshot.current(bucket.id, key)
    if current is None or current.etag != etag_of([part["ETag"] for part in wanted]):
        return None
    return bucket, current


def abort(
    txn: Transaction, caller: Caller, bucket_name: str, key: str, upload_id: str, now: int
) -> None:
    """Give an upload up and let its parts go.

    Raises:
        Refusal: NoSuchBucket, AccessDenied or NoSuchUpload.
    """
    _, upload = require(txn, caller, bucket_name, key, upload_id)
    for part in txn.parts(upload.id, 0, MAX_PARTS):
        versions.let_go(txn, part.extents, now)
    txn.drop_upload(upload.id)


def list_parts(
    snapshot: Snapshot, caller: Caller, bucket_name: str, key: str, args: Mapping[str, Any]
) -> dict[str, Any]:
    """A page of an upload's parts (List Parts).

    Raises:
        Refusal: NoSuchBucket, AccessDenied or NoSuchUpload.
    """
    bucket, upload = require(snapshot, caller, bucket_name, key, args["UploadId"])
    limit = min(args.get("MaxParts", MAX_PAGE), MAX_PAGE)
    marker = args.get("PartNumberMarker", 0)
    found = snapshot.parts(upload.id, marker, limit + 1)
    page, more = found[:limit], len(found) > limit
    return {
        "Bucket": bucket.name,
        "EncodingType": args.get("EncodingType"),
        "Key": key,
        "UploadId": upload.id,
        "Owner": _owner(upload),
        "PartNumberMarker": str(marker),
        "Initiator": _initiator(upload),
        "Part": [
            {
                "PartNumber": str(part.number),
                "LastModified": iso_millis(part.modified),
                "ETag": f'"{part.etag}"',
                "Size": str(part.size),
            }
            for part in page
        ],
        "NextPartNumberMarker": str(page[-1].number) if more else None,
        "StorageClass": upload.storage_class,
        "MaxParts": str(limit),
        "IsTruncated": "true" if more else "false",
    }


def list_uploads(
    snapshot: Snapshot, caller: Caller, bucket_name: str, args: Mapping[str, Any]
) -> dict[str, Any]:
    """A page of a bucket's unfinished uploads (List Multipart Uploads).

    Raises:
        Refusal: NoSuchBucket or AccessDenied.
    """
    bucket = buckets.require(snapshot, bucket_name)
    access.check_bucket(bucket, caller, access.READ)
    prefix, delimiter = args.get("Prefix", ""), args.get("Delimiter", "")
    marker = args.get("KeyMarker", "")
    id_marker = args.get("UploadIdMarker", "") if marker else ""
    limit = min(args.get("MaxUploads", MAX_PAGE), MAX_PAGE)
    stop = past_prefix(prefix)

    def open_at(start: str, after_id: str = "") -> Iterator[Upload]:
        while True:
            rows = snapshot.uploads_page(bucket.id, start, after_id, stop, limit + 1)
            yield from rows
            if len(rows) <= limit:
                return
            start, after_id = rows[-1].key, rows[-1].id

    start = max(prefix, marker if id_marker else after(marker)) if marker else prefix
    page = walk(
        lambda key: open_at(key, id_marker if key == marker else ""),
        start=start,
        prefix=prefix,
        delimiter=delimiter,
        limit=limit,
        skip_prefix="" if id_marker else closed_group(marker, prefix, delimiter),
    )
    last = page.entries[-1] if page.more else None
    owners = {each.owner: "" for each in page.entries if isinstance(each, Upload)}
    for appid in owners:
        account = snapshot.account(appid)
        owners[appid] = account.uin if account else appid
    return {
        "Bucket": bucket.name,
        "EncodingType": args.get("EncodingType"),
        "KeyMarker": marker,
        "UploadIdMarker": id_marker,
        "NextKeyMarker": entry_key(last),
        "NextUploadIdMarker": last.id if isinstance(last, Upload) else None,
        "MaxUploads": str(limit),
        "Prefix": prefix,
        "Delimiter": delimiter,
        "IsTruncated": "true" if page.more else "false",
        "Upload": [
            {
                "Key": upload.key,
                "UploadId": upload.id,
                "Initiator": _initiator(upload),
                "Owner": _root(owners[upload.owner]),
                "StorageClass": upload.storage_class,
                "Initiated": iso_millis(upload.initiated),
            }
            for upload in page.entries
            if isinstance(upload, Upload)
        ],
        "CommonPrefixes": [{"Prefix": each} for each in page.entries if isinstance(each, str)],
    }


def _owner(upload: Upload) -> dict[str, str]:
    """As List Parts has it; List Multipart Uploads names the owner as it names the initiator."""
    return {"ID": upload.owner, "DisplayName": upload.owner}


def _initiator(upload: Upload) -> dict[str, str]:
    if not upload.initiator:
        return {"ID": "qcs::cam::anyone:anyone", "DisplayName": "anyone"}
    return _root(upload.initiator)


def _root(uin: str) -> dict[str, str]:
    return {"ID": cam_id(uin), "DisplayName": uin}

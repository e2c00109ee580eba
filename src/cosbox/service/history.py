"""Listings of versions and delete markers (GET Bucket Object Versions)."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cosbox.protocol.dates import iso_millis
from cosbox.service import access, buckets, versions
from cosbox.service.identity import Caller
from cosbox.service.listing import (
    MAX_PAGE,
    Walked,
    after,
    closed_group,
    entry_key,
    paged,
    past_prefix,
    walk,
)
from cosbox.storage.records import Snapshot
from cosbox.storage.rows import Bucket, Summary


def list_versions(
    snapshot: Snapshot, caller: Caller, bucket_name: str, args: Mapping[str, Any]
) -> dict[str, Any]:
    """A page of all versions of a bucket, by key and newest first within a key.

    Raises:
        Refusal: NoSuchBucket, AccessDenied or InvalidArgument.
    """
    bucket = buckets.require(snapshot, bucket_name)
    access.check_bucket(bucket, caller, access.READ)
    prefix, delimiter = args.get("Prefix", ""), args.get("Delimiter", "")
    marker, version_marker = args.get("KeyMarker", ""), args.get("VersionIdMarker", "")
    limit = min(args.get("MaxKeys", MAX_PAGE), MAX_PAGE)
    below = _marked_stamp(snapshot, bucket, marker, version_marker)
    page = _walk(snapshot, bucket, prefix, delimiter, marker, below, limit)
    last = page.entries[-1] if page.more else None
    found, markers = _describe(page.entries, bucket, marker if below is not None else None)
    return {
        "EncodingType": args.get("EncodingType"),
        "Name": bucket.name,
        "Prefix": prefix,
        "KeyMarker": marker,
        "VersionIdMarker": version_marker,
        "MaxKeys": str(limit),
        "IsTruncated": "true" if page.more else "false",
        "NextKeyMarker": entry_key(last),
        "NextVersionIdMarker": versions.version_id(last) if isinstance(last, Summary) else None,
        "Delimiter": delimiter or None,
        "CommonPrefixes": [{"Prefix": each} for each in page.entries if isinstance(each, str)],
        "Version": found,
        "DeleteMarker": markers,
    }


def _marked_stamp(snapshot: Snapshot, bucket: Bucket, key: str, version_marker: str) -> int | None:
    """The stamp of the version that the markers name; None where a whole key is named."""
    if not key or not version_marker:
        return None
    if version_marker != versions.NULL:
        return versions.id_to_stamp(version_marker)
    current = snapshot.current(bucket.id, key)
    if current is not None and current.null:
        return current.stamp
    null = snapshot.null_past(bucket.id, key)
    return null.stamp if null is not None else None


def _walk(
    snapshot: Snapshot,
    bucket: Bucket,
    prefix: str,
    delimiter: str,
    marker: str,
    below: int | None,
    limit: int,
) -> Walked:
    stop = past_prefix(prefix)
    first = 1 if delimiter else limit + 1

    def current(start: str, count: int) -> Sequence[Summary]:
        return snapshot.page(bucket.id, start, stop, count)

    def past(start: str, older: int | None) -> Iterator[Summary]:
        size = first
        while True:
            rows = snapshot.past_page(bucket.id, start, older, stop, size)
            yield from rows
            if len(rows) < size:
                return
            start, older = rows[-1].key, rows[-1].stamp
            size = min(size * 4, MAX_PAGE)

    def open_at(start: str) -> Iterator[Summary]:
        resumed = below is not None and start == marker
        rows = heapq.merge(
            # What is current is newer than every past version, so it is on an earlier page.
            paged(current, after(start) if resumed else start, first),
            past(start, below if resumed else None),
            key=lambda row: (row.key, -row.stamp),
        )
        return iter(rows)

    resume = marker if below is not None else after(marker)
    return walk(
        open_at,
        start=max(prefix, resume) if marker else prefix,
        prefix=prefix,
        delimiter=delimiter,
        limit=limit,
        skip_prefix="" if below is not None else closed_group(marker, prefix, delimiter),
    )


def _describe(
    entries: Sequence[Any], bucket: Bucket, resumed_key: str | None
) -> tuple[list[dict[str, str | dict[str, str]]], list[dict[str, str | dict[str, str]]]]:
    found: list[dict[str, str | dict[str, str]]] = []
    markers: list[dict[str, str | dict[str, str]]] = []
    previous = resumed_key
    for row in entries:
        if isinstance(row, str):
            continue
        entry: dict[str, str | dict[str, str]] = {
            "Key": row.key,
            "VersionId": versions.version_id(row) if bucket.versioning else "",
            "IsLatest": "true" if row.key != previous else "false",
            "LastModified": iso_millis(row.modified),
            "Owner": {"ID": row.owner, "DisplayName": row.owner},
        }
        previous = row.key
        if row.marker:
            markers.append(entry)
        else:
            entry["ETag"] = f'"{row.etag}"'
            entry["Size"] = str(row.size)
            entry["StorageClass"] = row.storage_class
            found.append(entry)
    return found, markers

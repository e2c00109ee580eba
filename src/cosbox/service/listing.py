"""Listings of objects: what begins with a prefix, grouped at a delimiter, a page at a time.

One walk serves every listing: it is given a way to read rows from a key on, and takes what it
needs. A common prefix costs one row and one seek past its whole group, however much the group
holds.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from cosbox.protocol.dates import iso_millis
from cosbox.service import access, buckets, restoring
from cosbox.service.identity import Caller
from cosbox.storage.records import Snapshot
from cosbox.storage.rows import Summary

MAX_PAGE: Final = 1000


class Keyed(Protocol):
    """A row that has a key."""

    @property
    def key(self) -> str: ...


Row = TypeVar("Row", bound=Keyed)


class Walked(NamedTuple):
    """A page: rows and common prefixes in their joint order.

    Attributes:
        entries: rows, and texts for common prefixes.
        more: there is something after the last of them.
    """

    entries: list[Any]
    more: bool


def after(key: str) -> str:
    """The smallest key that comes after ``key``."""
    return key + "\0"


def past_prefix(prefix: str) -> str | None:
    """The smallest text after everything that begins with ``prefix``; None if there is none.

    >>> past_prefix("dir/"), past_prefix(""), past_prefix("a\\U0010ffff")
    ('dir0', None, 'b')
    """
    for index in range(len(prefix) - 1, -1, -1):
        code = ord(prefix[index]) + 1
        if code == 0xD800:  # surrogates are no characters
            code = 0xE000
        if code <= 0x10FFFF:
            return prefix[:index] + chr(code)
    return None


def paged(fetch: Callable[[str, int], Sequence[Row]], start: str, size: int) -> Iterator[Row]:
    """Rows one by one from a way to fetch some: ``size`` of them at first, then more at a time,
    so that a walk which soon jumps away has not fetched what it skips."""
    while True:
        rows = fetch(start, size)
        yield from rows
        if len(rows) < size:
            return
        start = after(rows[-1].key)
        size = min(size * 4, MAX_PAGE)


def walk(
    open_at: Callable[[str], Iterator[Row]],
    *,
    start: str,
    prefix: str,
    delimiter: str,
    limit: int,
    skip_prefix: str = "",
) -> Walked:
    """Walk rows in the order of their keys and gather a page.

    Args:
        open_at: rows from a key on, none beyond the prefix's range.
        start: the key to begin at.
        prefix: that all keys begin with.
        delimiter: at which keys are grouped; ``""`` groups nothing.
        limit: of entries.
        skip_prefix: a common prefix that an earlier page ended with.
    """
    entries: list[Any] = []
    if skip_prefix:
        beyond = past_prefix(skip_prefix)
        if beyond is None:
            return Walked(entries, more=False)
        start = max(start, beyond)
    rows = open_at(start)
    while (row := next(rows, None)) is not None:
        if len(entries) == limit:
            return Walked(entries, more=True)
        group = group_of(row.key, prefix, delimiter) if delimiter else ""
        if not group:
            entries.append(row)
            continue
        entries.append(group)
        beyond = past_prefix(group)
        if beyond is None:
            break
        rows = open_at(beyond)
    return Walked(entries, more=False)


def group_of(key: str, prefix: str, delimiter: str) -> str:
    """The common prefix under which a key is grouped; ``""`` where it stands for itself."""
    at = key.find(delimiter, len(prefix))
    return "" if at < 0 else key[: at + len(delimiter)]


def list_objects(
    snapshot: Snapshot, caller: Caller, bucket_name: str, args: Mapping[str, Any], now: int
) -> dict[str, Any]:
    """A page of a bucket's current objects (GET Bucket, List Objects).

    Raises:
        Refusal: NoSuchBucket or AccessDenied.
    """
    bucket = buckets.require(snapshot, bucket_name)
    access.check_bucket(bucket, caller, access.READ)
    prefix, delimiter = args.get("Prefix", ""), args.get("Delimiter", "")
    marker = args.get("Marker", "")
    limit = min(args.get("MaxKeys", MAX_PAGE), MAX_PAGE)
    stop = past_prefix(prefix)

    def fetch(start: str, count: int) -> Sequence[Summary]:
        return snapshot.page(bucket.id, start, stop, count)

    page = walk(
        lambda start: paged(fetch, start, 1 if delimiter else limit + 1),
        start=max(prefix, after(marker)) if marker else prefix,
        prefix=prefix,
        delimiter=delimiter,
        limit=limit,
        skip_prefix=closed_group(marker, prefix, delimiter),
    )
    last = page.entries[-1] if page.entries else None
    return {
        "Name": bucket.name,
        "EncodingType": args.get("EncodingType"),
        "Prefix": prefix,
        "Marker": marker,
        "MaxKeys": str(limit),
        "Delimiter": delimiter or None,
        "IsTruncated": "true" if page.more else "false",
        "NextMarker": entry_key(last) if page.more else None,
        "CommonPrefixes": [{"Prefix": each} for each in page.entries if isinstance(each, str)],
        "Contents": [_content(each, now) for each in page.entries if not isinstance(each, str)],
    }


def closed_group(marker: str, prefix: str, delimiter: str) -> str:
    """The common prefix that a marker names as a whole, so that the page after it skips the
    group: a page that ended in a common prefix is continued with that prefix as the marker."""
    if not delimiter or not marker.startswith(prefix):
        return ""
    group = group_of(marker, prefix, delimiter)
    return group if group == marker else ""


def entry_key(entry: Any) -> str | None:
    """The key of a row, or the common prefix itself."""
    if entry is None or isinstance(entry, str):
        return entry
    key: str = entry.key
    return key


def _content(row: Summary, now: int) -> dict[str, Any]:
    content = {
        "Key": row.key,
        "LastModified": iso_millis(row.modified),
        "ETag": f'"{row.etag}"',
        "Size": str(row.size),
        "Owner": {"ID": row.owner, "DisplayName": row.owner},
        "StorageClass": row.storage_class,
    }
    if row.restore and (state := restoring.status(row, now)):
        content["RestoreStatus"] = state
    return content

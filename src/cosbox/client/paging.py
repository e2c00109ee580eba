"""Listings from their first page to their last, as flows: pages, and the entries on them.

A walk is a value that is asked for what comes next. It sends one request at a time and only when
it is asked, so that stopping early costs nothing.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Generic, NamedTuple, Protocol, TypedDict, TypeVar, cast

from cosbox.client import types as t
from cosbox.client.effects import Flow
from cosbox.client.flow import Caller
from cosbox.protocol.errors import CosClientError, ParameterError
from cosbox.protocol.operations import OPERATIONS
from cosbox.protocol.percent import decode
from cosbox.protocol.requests import bind
from cosbox.protocol.suggest import unknown_name

Page = Mapping[str, Any]
T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Walk(Protocol[T_co]):
    """Something that comes in portions."""

    def next(self) -> Flow[Sequence[T_co] | None]:
        """The next portion, which may be empty; None at the end."""
        ...


class Listing(NamedTuple):
    """How an operation goes from page to page.

    Attributes:
        size: the parameter that says how much is on a page.
        most: the largest page.
        markers: parameters of the next page, by the fields of this one that they are taken from.
        entries: the fields that count towards the size of a page.
    """

    size: str
    most: int
    markers: Mapping[str, str]
    entries: tuple[str, ...]


LISTINGS: Final[Mapping[str, Listing]] = {
    "list_buckets": Listing("MaxKeys", 1000, {"NextMarker": "Marker"}, ("Buckets",)),
    "list_objects": Listing(
        "MaxKeys", 1000, {"NextMarker": "Marker"}, ("Contents", "CommonPrefixes")
    ),
    "list_objects_versions": Listing(
        "MaxKeys",
        1000,
        {"NextKeyMarker": "KeyMarker", "NextVersionIdMarker": "VersionIdMarker"},
        ("Version", "DeleteMarker", "CommonPrefixes"),
    ),
    "list_multipart_uploads": Listing(
        "MaxUploads",
        1000,
        {"NextKeyMarker": "KeyMarker", "NextUploadIdMarker": "UploadIdMarker"},
        ("Upload", "CommonPrefixes"),
    ),
    "list_parts": Listing(
        "MaxParts", 1000, {"NextPartNumberMarker": "PartNumberMarker"}, ("Part",)
    ),
}
_ENCODED: Final = frozenset({"NextMarker", "NextKeyMarker"})
"""Markers that come percent-encoded where the caller wants to see the encoding."""


def entries(page: Page, name: str) -> list[Any]:
    """What a page lists under a name.

    >>> entries({"Buckets": {"Bucket": [{"Name": "a"}]}}, "Buckets")
    [{'Name': 'a'}]
    """
    found = page.get(name) or []
    return (found.get("Bucket") or []) if isinstance(found, dict) else list(found)


class Pages:
    """The pages of a listing."""

    def __init__(
        self, caller: Caller, operation: str, args: Mapping[str, Any], limit: int | None = None
    ) -> None:
        """List by ``operation`` with its arguments, Bucket and Key among them, up to ``limit``
        entries.

        Raises:
            ParameterError: there is no such listing, or it cannot take these arguments.
        """
        if operation not in LISTINGS:
            message = f"{operation!r} is not an operation that lists"
            raise ParameterError(unknown_name(message, operation, LISTINGS))
        if limit is not None and (not isinstance(limit, int) or limit < 0):
            raise ParameterError(f"limit must be 0 or more, not {limit!r}")
        self._caller = caller
        self._operation = operation
        self._listing = LISTINGS[operation]
        self._args = dict(args)
        self._bucket = self._args.pop("Bucket", None)
        self._key = self._args.pop("Key", None)
        self._left = limit
        self._done = limit == 0
        # So that a mistake is told here and not when the first page is asked for.
        defaults = caller.config.defaults
        bind(OPERATIONS[operation], self._bucket, self._key, self._args, defaults)
        self._size = int(self._args.get(self._listing.size) or self._listing.most)

    def next(self) -> Flow[list[Page] | None]:
        """The next page."""
        if self._done:
            return None
        size = self._size if self._left is None else min(self._size, self._left)
        args = {**self._args, self._listing.size: size}
        page: Page = yield from self._caller.call(self._operation, self._bucket, self._key, args)
        if self._left is not None:
            self._left -= sum(len(entries(page, name)) for name in self._listing.entries)
        self._done = page.get("IsTruncated") != "true" or (
            self._left is not None and self._left < 1
        )
        if not self._done:
            self._advance(page)
        return [page]

    def _advance(self, page: Page) -> None:
        markers = {param: page.get(field) or "" for field, param in self._listing.markers.items()}
        if self._operation == "list_objects" and not markers["Marker"]:
            markers["Marker"] = _last_key(page)
        if self._args.get("EncodingType") == "url":
            for field in _ENCODED & self._listing.markers.keys():
                param = self._listing.markers[field]
                markers[param] = decode(markers[param])
        if not any(markers.values()) or markers.items() <= self._args.items():
            raise CosClientError(
                f"{self._operation}: the store says that there is more, and not after what"
            )
        self._args.update(markers)


def _last_key(page: Page) -> str:
    """Where a page ends that does not say so, as those of other stores without a Delimiter."""
    keys = [entry["Key"] for entry in entries(page, "Contents")]
    return str(keys[-1]) if keys else ""


class Entries(Generic[T]):
    """The entries of one kind on the pages of a listing."""

    def __init__(
        self, pages: Pages, pick: Callable[[Page], Sequence[T]], limit: int | None = None
    ) -> None:
        """Pick entries from pages, ``limit`` at the most."""
        self._pages = pages
        self._pick = pick
        self._left = limit

    def next(self) -> Flow[Sequence[T] | None]:
        """The entries of the next page."""
        if self._left == 0:
            return None
        found = yield from self._pages.next()
        if found is None:
            return None
        picked = self._pick(found[0])
        if self._left is not None:
            picked = picked[: self._left]
            self._left -= len(picked)
        return picked


# --------------------------------------------------------------------------------------------
# Versions and delete markers in one order


class VersionItem(TypedDict, total=False):
    """A version or delete marker, as `iter_versions` gives it: a marker has no ETag, Size and
    StorageClass."""

    Key: str
    VersionId: str | None
    IsLatest: str
    LastModified: str
    ETag: str
    Size: str
    StorageClass: str
    Owner: t.OwnerEntry
    IsDeleteMarker: bool


def versions_of(page: Page) -> list[VersionItem]:
    """The versions and delete markers of a page, by key, the newest first.

    A page lists the two apart, each in its order.
    """
    versions = _marked(page, "Version", is_marker=False)
    markers = _marked(page, "DeleteMarker", is_marker=True)
    merged: list[VersionItem] = []
    version, marker = next(versions, None), next(markers, None)
    while version is not None or marker is not None:
        if marker is None or (version is not None and _comes_before(version, marker)):
            assert version is not None  # noqa: S101 - or else there is a marker
            merged.append(version)
            version = next(versions, None)
        else:
            merged.append(marker)
            marker = next(markers, None)
    return merged


def _marked(page: Page, name: str, *, is_marker: bool) -> Iterator[VersionItem]:
    for entry in entries(page, name):
        yield cast(VersionItem, {**entry, "IsDeleteMarker": is_marker})


def _comes_before(one: VersionItem, other: VersionItem) -> bool:
    if one["Key"] != other["Key"]:
        return one["Key"].encode() < other["Key"].encode()
    if "true" in {one["IsLatest"], other["IsLatest"]}:
        return one["IsLatest"] == "true"
    mine, theirs = _age(one), _age(other)
    if mine is not None and theirs is not None:
        return mine < theirs
    if one["LastModified"] != other["LastModified"]:
        return one["LastModified"] > other["LastModified"]
    return mine is not None  # of the same moment, the null version is likely the older


def _age(item: VersionItem) -> int | None:
    """What orders the ids of COS: base64 of a number that is smaller for newer versions."""
    text = item["VersionId"] or ""
    try:
        return int(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
    except (ValueError, binascii.Error):
        return None

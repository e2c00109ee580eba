"""Records against records: everything here belongs to one snapshot, so nothing in it can be a
matter of timing.
"""

import json
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from cosbox.checksums import combine
from cosbox.service.upkeep.report import Finding, Kind, Place, Tally, counter_text
from cosbox.service.versions import ENABLED, NULL, SUSPENDED, stamp_to_id
from cosbox.storage.extents import unpack_extents
from cosbox.storage.rows import Extent
from cosbox.storage.sqlite.audit import AuditSnapshot, BlobRow, Holder

_WINDOW: Final = 2_000_000
"""Blobs whose references are counted at a time, at 40 bytes each. A store with more of them is
walked through more than once, so that no size of it needs more memory."""

_EXTENT_BYTES: Final = 24


class Drift(NamedTuple):
    """A count of references that is wrong by ``by``."""

    blob: int
    by: int


class _Window:
    """A run of blob records, and how often each is referred to."""

    def __init__(self, snapshot: AuditSnapshot, after: int, limit: int) -> None:
        self._snapshot = snapshot
        self.ids = array("q")
        self.sizes = array("q")
        self.crcs = array("Q")
        self.recorded = array("q")
        self.counted = array("q")
        self.wrong: list[Finding] = []
        while len(self.ids) < limit:
            page = snapshot.blob_rows(self.ids[-1] if self.ids else after, min(1000, limit))
            if not page:
                break
            for row in page:
                self.ids.append(row.id)
                self.sizes.append(row.size)
                self.crcs.append(row.crc64)
                self.recorded.append(row.refs)
                self.counted.append(0)
                if text := _misled(row):
                    self.wrong.append(Finding(kind=Kind.REFERENCES, text=text, blob=row.id))

    def find(self, blob_id: int) -> int | None:
        """Where a blob is in the window."""
        index = bisect_left(self.ids, blob_id)
        return index if index < len(self.ids) and self.ids[index] == blob_id else None

    def known(self, blob_id: int) -> tuple[int, int] | None:
        """Size and CRC of a blob, in the window or not."""
        index = self.find(blob_id)
        if index is not None:
            return self.sizes[index], self.crcs[index]
        row = self._snapshot.blob_row(blob_id)
        return (row.size, row.crc64) if row else None


def _misled(row: BlobRow) -> str | None:
    """Why the janitor would do the wrong thing with a blob, if it would."""
    if row.garbage_since is not None and (row.refs or row.held is not None):
        return "it is marked to be removed, and is referred to or kept in the records"
    if row.refs <= 0 and row.garbage_since is None:
        return "nobody refers to it by its record, and it will not be removed"
    return None


class Names:
    """Names holders of content as people know them."""

    def __init__(self, snapshot: AuditSnapshot) -> None:
        self._buckets: Mapping[int, str] = snapshot.bucket_names()

    def place(self, holder: Holder) -> Place:
        """Where a record with content is."""
        if holder.upload is not None:
            return self._place(holder.bucket, holder.key, upload=holder.upload, part=holder.number)
        version = NULL if holder.null == 1 else stamp_to_id(holder.stamp)
        return self._place(holder.bucket, holder.key, version=version)

    def bucket(self, bucket: int) -> Place:
        """A bucket itself."""
        return Place(bucket=self._buckets.get(bucket, f"#{bucket}"))

    def upload(self, bucket: int, key: bytes, upload: str) -> Place:
        """An upload itself."""
        return self._place(bucket, key, upload=upload)

    def at(self, bucket: int, key: bytes, stamp: int) -> Place:
        """Where a version is; 0 for the stamp is none."""
        return self._place(bucket, key, version=stamp_to_id(stamp) if stamp else None)

    def _place(
        self,
        bucket: int | None,
        key: bytes | None,
        *,
        version: str | None = None,
        upload: str | None = None,
        part: int | None = None,
    ) -> Place:
        name = "?" if bucket is None else self._buckets.get(bucket, f"#{bucket}")
        text = (key or b"?").decode("utf-8", "backslashreplace")
        return Place(bucket=name, key=text, version=version, upload=upload, part=part)


def check_records(
    snapshot: AuditSnapshot,
    tally: Tally,
    findings: list[Finding],
    drifts: list[Drift],
    pieces: list[Holder],
) -> None:
    """Check all records but the bytes of blobs.

    Args:
        snapshot: of the records.
        tally: what is looked at is counted here.
        findings: what is wrong is added here.
        drifts: counts of references that are wrong are added here.
        pieces: what holds pieces of blobs is added here: its checksum cannot be told from theirs.

    Raises:
        RecordsDamaged: they cannot be read to their end.
    """
    names = Names(snapshot)
    for name, least, found in snapshot.overtaken():
        findings.append(Finding(kind=Kind.COUNTER, text=counter_text(name, least, found)))
    for why, bucket, key, stamp in snapshot.misplaced():
        findings.append(Finding(kind=Kind.VERSIONS, text=why, place=names.at(bucket, key, stamp)))
    findings += _check_buckets(snapshot, names)
    findings += _check_uploads(snapshot, names)
    after, first = 0, True
    while True:
        window = _Window(snapshot, after, _WINDOW)
        if not window.ids and not first:
            return
        findings += window.wrong
        tally.blobs += len(window.ids)
        judge = _Judge(names, window, findings, pieces)
        for holder in snapshot.holders():
            extents = _extents(holder)
            if first:
                _count(tally, holder)
                judge.look_at(holder, extents)
            for extent in extents or ():
                index = window.find(extent.blob)
                if index is not None:
                    window.counted[index] += 1
        _compare(window, findings, drifts)
        if not window.ids:
            return
        after, first = window.ids[-1], False


def _check_buckets(snapshot: AuditSnapshot, names: Names) -> Iterator[Finding]:
    for bucket, versioning, acl in snapshot.bucket_rows():
        place = names.bucket(bucket)
        if versioning not in {"", ENABLED, SUSPENDED}:
            text = "whether it keeps versions cannot be read"
            yield Finding(kind=Kind.CONTENT, text=text, place=place)
        if not _is_json(acl, list):
            text = "its access list cannot be read"
            yield Finding(kind=Kind.CONTENT, text=text, place=place)


def _check_uploads(snapshot: AuditSnapshot, names: Names) -> Iterator[Finding]:
    for bucket, key, upload, acl, headers in snapshot.upload_rows():
        if not (_is_json(acl, list) and _is_json(headers, dict)):
            place = names.upload(bucket, key, upload)
            text = "its access list or its headers cannot be read"
            yield Finding(kind=Kind.CONTENT, text=text, place=place)


class _Judge:
    """Finds what is wrong with versions and parts, as far as the records tell."""

    def __init__(
        self, names: Names, window: _Window, findings: list[Finding], pieces: list[Holder]
    ) -> None:
        self._names = names
        self._window = window
        self._findings = findings
        self._pieces = pieces

    def look_at(self, holder: Holder, extents: Sequence[Extent] | None) -> None:
        for text in _broken_fields(holder):
            self._tell(holder, text)
        if extents is None:
            self._tell(holder, "the list of its blobs cannot be read")
            return
        total = sum(extent.length for extent in extents)
        if total != holder.size:
            self._tell(holder, f"it has {holder.size} bytes, and its blobs hold {total} of them")
        crc = self._joint_crc(holder, extents)
        if crc is None or holder.crc64 is None or total != holder.size:
            return
        if crc != holder.crc64:
            self._tell(holder, f"its checksum is {holder.crc64}, and that of its blobs is {crc}")

    def _joint_crc(self, holder: Holder, extents: Sequence[Extent]) -> int | None:
        """The checksum that the blobs give together; None where they do not tell."""
        crc, sound, whole = 0, True, True
        for extent in extents:
            known = self._window.known(extent.blob)
            if known is None:
                sound = False
                text = "there is no record of this blob"
                self._tell(holder, text, kind=Kind.MISSING, blob=extent.blob)
                continue
            size, blob_crc = known
            start, end = extent.offset, extent.offset + extent.length
            if start == end or end > size:
                sound = False
                text = f"bytes {start} to {end} are wanted of this blob, which has {size}"
                self._tell(holder, text, blob=extent.blob)
            elif (start, end) == (0, size):
                crc = combine(crc, blob_crc, size) if crc else blob_crc
            else:
                whole = False
        if sound and not whole:
            self._pieces.append(holder)
        return crc if sound and whole else None

    def _tell(
        self, holder: Holder, text: str, *, kind: Kind = Kind.CONTENT, blob: int | None = None
    ) -> None:
        place = self._names.place(holder)
        self._findings.append(Finding(kind=kind, text=text, place=place, blob=blob))


def _count(tally: Tally, holder: Holder) -> None:
    if holder.upload is not None:
        tally.parts += 1
    elif holder.current:
        tally.objects += 1
    else:
        tally.versions += 1


def blobs_of(holder: Holder) -> set[int]:
    """The blobs that a version or part names."""
    return {extent.blob for extent in _extents(holder) or ()}


def _extents(holder: Holder) -> list[Extent] | None:
    if len(holder.extents) % _EXTENT_BYTES:
        return None
    return unpack_extents(holder.extents)


def _compare(window: _Window, findings: list[Finding], drifts: list[Drift]) -> None:
    if window.recorded == window.counted:
        return
    for blob_id, recorded, counted in zip(window.ids, window.recorded, window.counted, strict=True):
        if recorded != counted:
            drifts.append(Drift(blob_id, counted - recorded))
            text = f"{recorded} references are recorded, and there are {counted}"
            findings.append(Finding(kind=Kind.REFERENCES, text=text, blob=blob_id))


def _broken_fields(holder: Holder) -> Iterator[str]:
    if holder.key is None:
        yield "the upload of this part is gone"
        return
    try:
        holder.key.decode()
    except UnicodeDecodeError:
        yield "the key is not UTF-8"
    if holder.null not in {0, 1} or holder.marker not in {0, 1}:
        yield "it is neither the null version nor another, or neither a delete marker nor not"
    if holder.crc64 is None and not holder.marker:
        yield "it has no checksum"
    for name, text, kind in (
        ("access list", holder.acl, list),
        ("headers", holder.headers, dict),
        ("restore", holder.restore, dict),
    ):
        if text and not _is_json(text, kind):
            yield f"its {name} cannot be read"


def _is_json(text: bytes, kind: type) -> bool:
    """Whether a column is empty, or holds this kind of JSON."""
    try:
        return not text or isinstance(json.loads(text), kind)
    except ValueError:
        return False

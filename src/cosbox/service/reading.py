"""The bytes of objects: read again, and never taken for whole where they are not.

What is read from its first byte to its last is compared with its checksum before the last of it is
given out. So is, in a span, every blob that is read whole. Whoever reads gets an exception instead,
and the log (`cosbox.integrity`) tells which object it was.
"""

import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from cosbox.checksums import combine, crc64
from cosbox.protocol.ranges import Span
from cosbox.service.content import CHUNK, INLINE_LIMIT
from cosbox.service.lately import Lately, Stamp
from cosbox.service.verifying import Rotten, Verified
from cosbox.service.versions import version_id
from cosbox.storage.blobs import BlobReader, Blobs
from cosbox.storage.errors import BlobMissing, StorageBusy, StorageError
from cosbox.storage.extents import unpack_extents
from cosbox.storage.records import Records, Snapshot
from cosbox.storage.rows import Extent, Version

log: Final = logging.getLogger("cosbox.integrity")


class Source(NamedTuple):
    """What content is of: the name of a bucket, and a version in it."""

    bucket: str
    version: Version

    def __str__(self) -> str:
        return f"{self.bucket}/{self.version.key!r} version {version_id(self.version)}"


class Unread(NamedTuple):
    """A part of a file, to be sent without looking at it. Open until the next piece is asked for.

    Attributes:
        file: that is open.
        offset: of the first byte.
        length: in bytes.
        crc64: of them.
    """

    file: BlobReader
    offset: int
    length: int
    crc64: int


Piece = bytes | Unread


class Stored:
    """The content of an object, or a span of it, read as it is asked for. `open_content` makes it.

    Args:
        records: where checksums of blobs are.
        blobs: where large ones are.
        source: whose content it is.
        extents: where it lies.
        held: the bytes of those that are in memory already, by their place in the list.
        expected: the checksums of those that are a whole blob, likewise, where that is compared.
        crc: the checksum of all of it; None for a span.

    Attributes:
        length: in bytes.
        at_once: all of it, where it is in memory already.
    """

    def __init__(
        self,
        records: Records,
        blobs: Blobs,
        source: Source,
        extents: Sequence[Extent],
        held: Mapping[int, bytes],
        expected: Mapping[int, int],
        crc: int | None,
    ) -> None:
        self._records = records
        self._blobs = blobs
        self._source = source
        self._extents = extents
        self._held = held
        self._expected = expected
        self._crc = crc
        self.length = sum([extent.length for extent in extents])
        self.at_once = None if extents else b""
        if len(extents) == 1:
            self.at_once = held.get(0)

    def chunks(self) -> Generator[bytes, None, None]:
        """The bytes in order; the last chunk only once the checksum of all of them is right.

        Blocks on the disk.

        Raises:
            BlobMissing: a part of them is gone.
            Rotten: they are not what was written. What was given so far is then not the whole.
            StorageError: the disk does not give them.
        """
        for piece in self.pieces(None):
            assert isinstance(piece, bytes)  # noqa: S101 - nothing is known of any file
            yield piece

    def pieces(self, lately: Lately | None) -> Generator[Piece, None, None]:
        """The same, but of a whole object files that were right lately, to be sent unread.

        Args:
            lately: knows them, and is told of others.

        Raises:
            BlobMissing, Rotten, StorageError: as `chunks`.
        """
        try:
            yield from self._compared(lately if self._crc is not None else None)
        except StorageError as error:
            _tell(self._source, error)
            raise

    def require_whole_blobs(self, verified: Verified) -> None:
        """See that blobs of which this is only a part are right as wholes. Blocks on the disk.

        Raises:
            BlobMissing: one is gone, or rotten.
            StorageError: one cannot be read.
        """
        try:
            for index, extent in enumerate(self._extents):
                if index not in self._held and index not in self._expected:
                    verified.require(self._records, self._blobs, extent.blob)
        except StorageError as error:
            _tell(self._source, error)
            raise

    def _compared(self, lately: Lately | None) -> Iterator[Piece]:
        crcs = [0] * len(self._extents)
        stamps: dict[int, Stamp] = {}
        left = self.length
        for index, piece, ends in self._read(lately, stamps):
            left -= len(piece) if isinstance(piece, bytes) else piece.length
            expected = self._expected.get(index)
            if not isinstance(piece, bytes):
                crcs[index] = piece.crc64
            elif self._crc is not None or expected is not None:
                crcs[index] = crc64(piece, crcs[index])
            if ends and expected is not None and crcs[index] != expected:
                raise Rotten(_blames(self._extents[index].blob))
            if self._crc is not None and not left:
                self._compare(crcs, self._crc)
                if lately is not None:
                    for number, stamp in stamps.items():
                        lately.note(self._extents[number], stamp, crcs[number])
            yield piece

    def _read(
        self, lately: Lately | None, stamps: dict[int, Stamp]
    ) -> Iterator[tuple[int, Piece, bool]]:
        for index, extent in enumerate(self._extents):
            if index in self._held:
                yield index, self._held[index], True
                continue
            with self._blobs.open(extent.blob) as reader:
                at, end = extent.offset, extent.offset + extent.length
                if lately is not None:
                    stamp = reader.stamp()
                    crc = lately.crc64_of(extent, stamp)
                    if crc is not None:
                        yield index, Unread(reader, at, extent.length, crc), True
                        continue
                    stamps[index] = stamp
                while at < end:
                    chunk = reader.read(at, min(CHUNK, end - at))
                    if not chunk:
                        raise Rotten(f"blob {extent.blob} ends at {at}, not at {end}")
                    at += len(chunk)
                    yield index, chunk, at == end

    def _compare(self, crcs: Sequence[int], expected: int) -> None:
        joint = crcs[0]
        for crc, extent in zip(crcs[1:], self._extents[1:], strict=True):
            joint = combine(joint, crc, extent.length)
        if joint != expected:
            raise Rotten(self._suspect(crcs))

    def _suspect(self, crcs: Sequence[int]) -> str:
        """Which blob it is that rotted, where the records can tell."""
        with self._records.read() as snapshot:
            for crc, extent in zip(crcs, self._extents, strict=True):
                blob = snapshot.blob(extent.blob)
                if blob and extent.length == blob.size and crc != blob.crc64:
                    return _blames(blob.id)
        ids = ", ".join(str(extent.blob) for extent in self._extents[:10])
        return f"the content does not have its checksum (blobs {ids})"


def _blames(blob_id: int) -> str:
    return f"blob {blob_id} does not have its checksum"


def open_content(
    snapshot: Snapshot,
    records: Records,
    blobs: Blobs,
    source: Source,
    span: Span | None = None,
) -> Stored:
    """The content of a version, or a span of it.

    Small blobs are read here and now, in the snapshot that found the version, since they go with
    the last reference to them; files stay for as long as the janitor's grace lasts.

    Raises:
        BlobMissing: a record of it is not there.
        Rotten: what is in the records is not what was written.
    """
    try:
        return _open(snapshot, records, blobs, source, span)
    except StorageError as error:
        _tell(source, error)
        raise


def _tell(source: Source, error: StorageError) -> None:
    """Say in the log whose content it is that cannot be read, unless it may be a moment later."""
    if not isinstance(error, StorageBusy):
        # Without a traceback: whoever catches the error has that.
        log.error("%s cannot be read: %s", source, error)


def _open(
    snapshot: Snapshot, records: Records, blobs: Blobs, source: Source, span: Span | None
) -> Stored:
    version = source.version
    extents = unpack_extents(version.extents)
    if span is not None:
        extents = cut(extents, span)
    held: dict[int, bytes] = {}
    expected: dict[int, int] = {}
    for index, extent in enumerate(extents):
        if extent.length > INLINE_LIMIT and span is None:
            continue
        blob = snapshot.blob(extent.blob)
        if blob is None:
            raise BlobMissing(f"blob {extent.blob} has no record")
        if blob.data is not None:
            if span is not None and crc64(blob.data) != blob.crc64:
                raise Rotten(_blames(blob.id))
            held[index] = data = blob.data[extent.offset : extent.offset + extent.length]
            if len(data) != extent.length:
                raise Rotten(f"blob {blob.id} is shorter than it was")
        elif span is not None and extent.length == blob.size:
            expected[index] = blob.crc64
    crc = version.crc64 if span is None else None
    stored = Stored(records, blobs, source, extents, held, expected, crc)
    wanted = version.size if span is None else span.length
    if stored.length != wanted:
        raise Rotten(f"its blobs do not hold the {wanted} bytes that are wanted")
    whole = stored.at_once
    if crc is not None and whole is not None and crc64(whole) != crc:
        raise Rotten(_blames(extents[0].blob) if extents else "it has lost its content")
    return stored


def cut(extents: list[Extent], span: Span) -> list[Extent]:
    """The extents that hold a span of what these hold.

    >>> cut([Extent(1, 0, 10), Extent(2, 5, 10)], Span(8, 12))
    [Extent(blob=1, offset=8, length=2), Extent(blob=2, offset=5, length=2)]
    """
    found = []
    at = 0
    for extent in extents:
        start = max(span.start - at, 0)
        stop = min(span.stop - at, extent.length)
        if start < stop:
            found.append(Extent(extent.blob, extent.offset + start, stop - start))
        at += extent.length
        if at >= span.stop:
            break
    return found

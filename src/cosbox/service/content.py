"""The bytes of objects: taken in and made durable, and read again.

A body goes to memory while it is small and to a blob of its own once it is not. Only the record
that a later transaction writes makes it anybody's.
"""

import binascii
from base64 import b64decode
from collections.abc import Generator, Iterable, Iterator
from typing import Final, NamedTuple, Self

from cosbox.checksums import Digest, crc64
from cosbox.protocol.errors import Refusal
from cosbox.protocol.ranges import Span
from cosbox.storage.blobs import Blobs, BlobWriter
from cosbox.storage.errors import BlobMissing
from cosbox.storage.extents import pack_extents, unpack_extents
from cosbox.storage.records import Records, Snapshot, Transaction
from cosbox.storage.rows import Extent, Version

INLINE_LIMIT: Final = 64 * 1024
"""Bodies up to this many bytes live in the records; larger ones are files."""

MAX_BODY: Final = 5 * 1024**3
"""What one PUT may hold (COS: specifications and limits)."""

CHUNK: Final = 512 * 1024
"""How much of a file is read or written at once. Every client that is slow holds two of these, and
with less a read costs more (docs/decisions/0006)."""


class Taken(NamedTuple):
    """A body that was taken in whole.

    Attributes:
        size: in bytes.
        md5: in hex.
        crc64: of all of it.
        data: the bytes, where they are few.
        blob: id of the durable blob that holds them otherwise.
    """

    size: int
    md5: str
    crc64: int
    data: bytes | None
    blob: int | None

    def record(self, txn: Transaction) -> bytes:
        """Take note of the content in the records; returns its packed extents."""
        if self.blob is not None:
            txn.add_file(self.blob, self.size, self.crc64)
            return pack_extents([Extent(self.blob, 0, self.size)])
        if not self.data:
            return b""
        return pack_extents([Extent(txn.add_inline(self.data, self.crc64), 0, self.size)])


class Intake:
    """Takes in one body, chunk by chunk, and gives back a `Taken`, or nothing at all.

    `write` does all that a chunk needs. Who has threads calls its three steps instead: `admit` for
    each chunk as it arrives, then `hash` and `keep` side by side, each of them in order. All but
    `admit` may block, and `flush` does so for long.
    """

    def __init__(
        self,
        records: Records,
        blobs: Blobs,
        *,
        length: int | None,
        content_md5: str | None = None,
    ) -> None:
        """Begin.

        Args:
            records: where blob ids come from.
            blobs: where large bodies go.
            length: how many bytes were declared; None where nobody said.
            content_md5: the Content-MD5 header.

        Raises:
            Refusal: EntityTooLarge or InvalidDigest.
        """
        if length is not None and length > MAX_BODY:
            raise Refusal("EntityTooLarge")
        self._records = records
        self._blobs = blobs
        self._length = length
        self._expected_md5 = decode_md5(content_md5) if content_md5 is not None else None
        self._held: list[bytes] = []
        self._held_size = 0
        self._size = 0
        self._digest = Digest()
        self._blob: int | None = None
        self._writer: BlobWriter | None = None
        if length is not None and length > INLINE_LIMIT:
            self._spill()

    def write(self, chunk: bytes) -> None:
        """Take in more.

        Raises:
            Refusal: EntityTooLarge, or EntitySizeNotMatch when there is more than was declared.
            StorageFull: there is no room.
        """
        self.admit(len(chunk))
        chunks = (chunk,)
        self.hash(chunks)
        self.keep(chunks)

    def admit(self, size: int) -> None:
        """Let so many bytes more come.

        Raises:
            Refusal: EntityTooLarge, or EntitySizeNotMatch when there is more than was declared.
        """
        self._size += size
        if self._length is not None and self._size > self._length:
            raise Refusal("EntitySizeNotMatch")
        if self._size > MAX_BODY:
            raise Refusal("EntityTooLarge")

    def hash(self, chunks: Iterable[bytes]) -> None:
        """Go on with the checksums."""
        for chunk in chunks:
            self._digest.update(chunk)

    def keep(self, chunks: Iterable[bytes]) -> None:
        """Put bytes where they stay.

        Raises:
            StorageFull: there is no room.
        """
        for chunk in chunks:
            if self._writer is not None:
                self._writer.write(chunk)
                continue
            self._held.append(chunk)
            self._held_size += len(chunk)
            if self._held_size > INLINE_LIMIT:
                self._spill()

    def _spill(self) -> None:
        self._blob = self._records.new_blob_id()
        self._writer = self._blobs.create(self._blob)
        for chunk in self._held:
            self._writer.write(chunk)
        self._held.clear()

    def flush(self) -> None:
        """Wait until what was kept so far is on the disk, so that `finish` has less to wait for.
        Beside this, `hash` and `keep` may go on.

        Raises:
            StorageError: it could not be written; nothing may be finished.
        """
        if self._writer is not None:
            self._writer.flush()

    def finish(self) -> Taken:
        """Check the whole and make it durable.

        Raises:
            Refusal: IncompleteBody or BadDigest.
        """
        if self._length is not None and self._size < self._length:
            raise Refusal(
                "IncompleteBody", f"{self._length} bytes were declared, {self._size} arrived."
            )
        data = None
        if self._writer is None:
            data = b"".join(self._held)
        if self._expected_md5 is not None and self._digest.md5 != self._expected_md5:
            raise Refusal("BadDigest")
        if self._writer is not None:
            self._writer.commit()
        return Taken(self._size, self._digest.md5.hex(), self._digest.crc64, data, self._blob)

    def abandon(self) -> None:
        """Leave nothing behind. Also after `finish`, where the record was not written."""
        self._held.clear()
        if self._writer is not None:
            self._writer.abort()


def decode_md5(text: str) -> bytes:
    """The 16 bytes of a Content-MD5 header.

    Raises:
        Refusal: InvalidDigest.
    """
    try:
        digest = b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refusal("InvalidDigest") from error
    if len(digest) != 16:
        raise Refusal("InvalidDigest")
    return digest


class Rotten(BlobMissing):
    """What was read is not what was written."""


class Stored:
    """The content of an object, or a span of it, read as it is asked for."""

    def __init__(
        self, records: Records, blobs: Blobs, extents: list[Extent], held: dict[int, bytes]
    ) -> None:
        """Name the bytes; `open_content` does it for a version."""
        self._records = records
        self._blobs = blobs
        self._extents = extents
        self._held = held
        self._crc: int | None = None
        self.length = sum(extent.length for extent in extents)

    def checked(self, crc: int | None) -> Self:
        """The same, compared with the CRC-64 of the whole before the last of it is given out."""
        self._crc = crc
        return self

    @property
    def at_once(self) -> bytes | None:
        """All of it, where it is in memory already."""
        if not self._extents:
            return b""
        if len(self._extents) == 1 and self._extents[0].blob in self._held:
            data = self._held[self._extents[0].blob]
            if self._crc is not None and crc64(data) != self._crc:
                raise Rotten(f"blob {self._extents[0].blob} does not have its checksum")
            return data
        return None

    def chunks(self) -> Generator[bytes, None, None]:
        """The bytes in order; the last chunk only once the checksum of all of them is right.

        Blocks on the disk.

        Raises:
            BlobMissing: a part of them is gone.
            Rotten: they are not what was written. What was given so far is then not the whole.
        """
        crc, left = 0, self.length
        for chunk in self._read():
            left -= len(chunk)
            if self._crc is not None:
                crc = crc64(chunk, crc)
                if not left and crc != self._crc:
                    raise Rotten("the content does not have its checksum")
            yield chunk

    def _read(self) -> Iterator[bytes]:
        for extent in self._extents:
            if extent.blob in self._held:
                yield self._held[extent.blob]
                continue
            with self._blobs.open(extent.blob) as reader:
                at, end = extent.offset, extent.offset + extent.length
                while at < end:
                    chunk = reader.read(at, min(CHUNK, end - at))
                    if not chunk:
                        raise Rotten(f"blob {extent.blob} ends at {at}, not at {end}")
                    at += len(chunk)
                    yield chunk


def open_content(
    snapshot: Snapshot, records: Records, blobs: Blobs, version: Version, span: Span | None = None
) -> Stored:
    """The content of a version, or a span of it.

    Small blobs are read here and now, in the snapshot that found the version, since they go with
    the last reference to them; files stay for as long as the janitor's grace lasts.

    Raises:
        BlobMissing: a record of it is not there.
    """
    extents = unpack_extents(version.extents)
    if span is not None:
        extents = cut(extents, span)
    held: dict[int, bytes] = {}
    for index, extent in enumerate(extents):
        if extent.length > INLINE_LIMIT:
            continue
        blob = snapshot.blob(extent.blob)
        if blob is None:
            raise BlobMissing(f"blob {extent.blob} of {version.key!r} has no record")
        if blob.data is not None:
            # A blob may stand in the list more than once, with other spans of it.
            data = blob.data[extent.offset : extent.offset + extent.length]
            extents[index] = Extent(-1 - index, 0, extent.length)
            held[-1 - index] = data
    content = Stored(records, blobs, extents, held)
    return content if span is not None else content.checked(version.crc64)


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

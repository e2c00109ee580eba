"""The bytes of objects: taken in and made durable. `reading` reads them again.

A body goes to memory while it is small and to a blob of its own once it is not. Only the record
that a later transaction writes makes it anybody's.
"""

import binascii
from base64 import b64decode
from collections.abc import Iterable
from typing import Final, NamedTuple

from cosbox.checksums import Digest
from cosbox.protocol.errors import Refusal
from cosbox.storage.blobs import Blobs, BlobWriter
from cosbox.storage.errors import StorageFull
from cosbox.storage.extents import pack_extents
from cosbox.storage.records import Records, Transaction
from cosbox.storage.rows import Extent

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
        if self._records.pressed():
            raise StorageFull("no room left for a body")
        self._blob = self._records.new_blob_id()
        self._writer = self._blobs.create(self._blob, self._length or 0)
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

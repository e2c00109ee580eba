"""A local file whose parts are read by several at once."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Final

from cosbox.checksums import crc64
from cosbox.client.bodies import FileBody
from cosbox.client.transfers.meter import Meter
from cosbox.protocol.errors import SourceChangedError
from cosbox.transfer.identity import Identity
from cosbox.transfer.parts import Part

_CHUNK: Final = 1024 * 1024


class SourceFile:
    """An open file, and what it was when it was opened."""

    def __init__(self, path: str | os.PathLike[str], go_on: Callable[[], object]) -> None:
        """Open it.

        Args:
            path: where it is.
            go_on: called all the time while it is read; may raise.

        Raises:
            OSError: it cannot be read.
        """
        self.path = Path(path)
        self._go_on = go_on
        self._file = self.path.open("rb", buffering=0)
        self.identity = Identity.of(os.fstat(self._file.fileno()))
        self._lock = Lock()

    @property
    def size(self) -> int:
        """Bytes."""
        return self.identity.size

    def close(self) -> None:
        """Close it."""
        self._file.close()

    def check(self) -> None:
        """Is it still what it was?

        Raises:
            SourceChangedError: it was written to.
        """
        now = Identity.of(os.fstat(self._file.fileno()))
        if now.was_written_since(self.identity):
            raise SourceChangedError(
                f"{self.path} was written to while it was sent; send it again when it is complete"
            )

    def read_at(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes from ``offset`` on, for any thread."""
        if hasattr(os, "pread"):
            return os.pread(self._file.fileno(), size, offset)
        with self._lock:
            self._file.seek(offset)
            return self._file.read(size)

    def body(self, part: Part, meter: Meter) -> FileBody:
        """A part as the body of a request."""
        return metered(self, part, meter)

    def sums(self, part: Part) -> tuple[bytes, int]:
        """MD5 and CRC64 of a part. Blocks.

        Raises:
            SourceChangedError: the file was written to.
        """
        digest, crc = hashlib.md5(usedforsecurity=False), 0
        at = part.offset
        while at < part.end and (data := self.read_at(at, min(_CHUNK, part.end - at))):
            self._go_on()
            digest.update(data)
            crc = crc64(data, crc)
            at += len(data)
        self.check()
        return digest.digest(), crc


class Memory:
    """Bytes in memory, as parts are sent of."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read_at(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes from ``offset`` on."""
        return self._data[offset : offset + size]

    def check(self) -> None:
        """They are what they were."""


def metered(source: SourceFile | Memory, part: Part, meter: Meter) -> FileBody:
    """A part of a source as the body of a request, whose bytes pass a meter."""
    return FileBody(_View(source, part, meter), part.offset, part.length)


class _View:
    """The file of a `FileBody`: reads a part from a position of its own, past a meter."""

    def __init__(self, source: SourceFile | Memory, part: Part, meter: Meter) -> None:
        self._source = source
        self._part = part
        self._meter = meter
        self._at = part.offset

    def read(self, size: int) -> bytes:
        data = self._source.read_at(self._at, self._meter.piece(size))
        self._meter.hold(len(data))
        self._at += len(data)
        if self._at >= self._part.end or not data:
            # Before the last bytes are handed over: without them, nothing is stored.
            self._source.check()
        self._meter.sent(len(data))
        return data

    def seek(self, offset: int) -> None:
        self._meter.sent(offset - self._at)
        self._at = offset

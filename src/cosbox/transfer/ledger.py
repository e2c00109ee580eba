"""Which parts of a transfer are done, and what is known of them."""

from collections.abc import Iterator, Sequence
from threading import Lock
from typing import NamedTuple

from cosbox.checksums import combine
from cosbox.transfer.parts import Part


class Done(NamedTuple):
    """A part that is where it should be.

    Attributes:
        etag: what the store calls it; empty for parts of a download.
        crc64: of its bytes; None where only the store knows.
    """

    etag: str
    crc64: int | None


class Ledger:
    """The parts of one transfer. Shared by those who move them, in any number of threads."""

    def __init__(self, parts: Sequence[Part]) -> None:
        """Begin with nothing done."""
        self.parts = parts
        self._done: dict[int, Done] = {}
        self._lock = Lock()

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return self.parts[-1].end if self.parts else 0

    @property
    def moved(self) -> int:
        """Bytes of the parts that are done."""
        with self._lock:
            return sum(self.parts[number - 1].length for number in self._done)

    def settle(self, number: int, done: Done) -> None:
        """A part is done."""
        with self._lock:
            self._done[number] = done

    def done(self, number: int) -> Done | None:
        """What is known of a part; None if it is not done."""
        return self._done.get(number)

    def missing(self) -> Iterator[Part]:
        """The parts that are not done as yet, in order."""
        return (part for part in self.parts if part.number not in self._done)

    def listed(self) -> list[dict[str, object]]:
        """The parts as complete_multipart_upload takes them. All must be done."""
        return [
            {"PartNumber": part.number, "ETag": self._done[part.number].etag} for part in self.parts
        ]

    def crc64(self) -> int | None:
        """The CRC64 of the whole, put together from those of the parts; None if one is not known.
        All must be done."""
        whole = 0
        for part in self.parts:
            crc = self._done[part.number].crc64
            if crc is None:
                return None
            whole = combine(whole, crc, part.length)
        return whole

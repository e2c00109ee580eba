"""Whether the body of an answer is whole, and what was stored: by its length and its CRC-64."""

from cosbox.checksums import crc64 as crc64_of
from cosbox.protocol.errors import IntegrityError, TransportError


class Check:
    """Counts and sums the bytes of one body as they come."""

    __slots__ = ("_crc", "_expected", "_got", "length")

    def __init__(self, length: int | None, crc64: int | None) -> None:
        """Expect so many bytes with this CRC64; None is nothing to compare with."""
        self.length = length
        self._expected = crc64
        self._crc = 0
        self._got = 0

    @property
    def remaining(self) -> int | None:
        """How many bytes are still to come; None where nobody said."""
        return None if self.length is None else self.length - self._got

    def add(self, data: bytes) -> bool:
        """Take note of more bytes, b"" being the end; whether the body should now be whole."""
        self._got += len(data)
        if self._expected is not None:
            self._crc = crc64_of(data, self._crc)
        return not data or self.full

    @property
    def full(self) -> bool:
        """Whether as many bytes came as were declared; the next read must then give none."""
        return self._got == self.length

    def finish(self, more: bytes) -> None:
        """Compare.

        Args:
            more: what a read beyond the declared length gave.

        Raises:
            TransportError: there are fewer or more bytes than were declared.
            IntegrityError: the CRC64 is another.
        """
        if self.length is not None and (more or not self.full):
            raise TransportError(
                f"the body has {self._got} bytes so far, and should have {self.length}"
            )
        if self._expected is not None and self._crc != self._expected:
            raise IntegrityError(
                f"the body's CRC64 is {self._crc}, and the store says {self._expected}"
            )

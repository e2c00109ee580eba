"""An answer's body that its reader pulls."""

from collections import deque
from typing import Final, Protocol

_READ: Final = 1024 * 1024


def joined(first: bytes, more: deque[bytes]) -> bytes:
    """The first piece and those that came with it, up to a megabyte: libcurl hands over 16 KiB at
    a time, and every step after this costs more than the copy."""
    taken, size = [first], len(first)
    while more and size + len(more[0]) <= _READ:
        piece = more.popleft()
        taken.append(piece)
        size += len(piece)
    return b"".join(taken)


class Source(Protocol):
    """What the bytes come from."""

    def next_piece(self) -> bytes:
        """The next bytes that arrived; b"" at the end."""
        ...

    def finish(self) -> None:
        """The reader is done."""
        ...


class Body:
    """What `HttpResponse.stream` holds."""

    def __init__(self, source: Source) -> None:
        self._source: Source | None = source
        self._left = memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, or all that are left; b"" at the end.

        Raises:
            TransportError: the body broke off.
        """
        if size < 0:
            pieces = []
            while piece := self.read(_READ):
                pieces.append(piece)
            return b"".join(pieces)
        if not size:
            return b""
        if not self._left:
            piece = self._next()
            if len(piece) <= size:
                return piece
            self._left = memoryview(piece)
        taken = bytes(self._left[:size])
        self._left = self._left[size:]
        return taken

    def _next(self) -> bytes:
        if self._source is None:
            return b""
        try:
            piece = self._source.next_piece()
        except BaseException:
            self.close()
            raise
        if not piece:
            self.close()
        return piece

    def close(self) -> None:
        """Let go of the connection, which is closed unless the body was read to its end."""
        source, self._source = self._source, None
        self._left = memoryview(b"")
        if source is not None:
            source.finish()

    def __del__(self) -> None:
        self.close()

"""The bodies of requests, as transports pull them: in memory, in a file, or coming once."""

from base64 import b64encode
from collections.abc import Callable
from hashlib import md5
from typing import Any, Final, Protocol

from cosbox.checksums import crc64
from cosbox.client.transports.base import RequestBody
from cosbox.protocol.errors import CosClientError, ParameterError

MAX_BODY: Final = 5 * 1024**3
"""The most bytes of one PUT Object or Upload Part."""

_CHUNK: Final = 1024 * 1024

Pull = Callable[[int], bytes]
"""Returns the next bytes, at most so many; b"" at the end."""


class Body(RequestBody, Protocol):
    """A request's body that keeps the CRC of what it handed over."""

    def crc64(self) -> int | None:
        """The CRC64 of the whole body; None unless all of it was handed over."""
        ...


class BytesBody:
    """A body in memory."""

    __slots__ = ("_at", "_data", "length")

    replayable = True

    def __init__(self, data: bytes | memoryview) -> None:
        self._data = data
        self._at = 0
        self.length: int = len(data)

    def whole(self) -> bytes:
        """All of it, for transports that need not read it piece by piece."""
        data = self._data
        return data if isinstance(data, bytes) else bytes(data)

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; all of it at once, and uncopied, when it fits."""
        at, data = self._at, self._data
        if at == 0 and size >= self.length:
            self._at = self.length
            return self.whole()
        self._at = min(at + size, self.length)
        return bytes(data[at : self._at])

    def rewind(self) -> None:
        """Begin again."""
        self._at = 0

    def crc64(self) -> int:
        """The CRC64 of the body."""
        return crc64(self._data)


class Seekable(Protocol):
    """A file as far as a body needs it."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; b"" at the end."""
        ...

    def seek(self, offset: int, /) -> object:
        """Go on reading there."""
        ...


class FileBody:
    """The rest of a seekable file, or ``length`` bytes of it, as it is when the call is made.

    The file's position ends up behind what was read; the file is not closed.
    """

    __slots__ = ("_crc", "_file", "_left", "_start", "length")

    replayable = True

    def __init__(self, file: Seekable, start: int, length: int) -> None:
        self._file = file
        self._start = start
        self._left = length
        self._crc = 0
        self.length: int = length

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes."""
        if not self._left:
            return b""
        data = as_bytes(self._file.read(min(size, self._left)))
        if not data:
            raise CosClientError(
                f"the file became shorter while it was sent: {self._left} bytes are missing"
            )
        self._left -= len(data)
        self._crc = crc64(data, self._crc)
        return data

    def rewind(self) -> None:
        """Begin again, where the file stood at first."""
        self._file.seek(self._start)
        self._left = self.length
        self._crc = 0

    def crc64(self) -> int | None:
        """The CRC64, when all was read."""
        return None if self._left else self._crc


class StreamedBody:
    """Bytes that come once.

    ``length`` is what the caller declared, or what the source knows of itself.
    """

    __slots__ = ("_crc", "_ended", "_pull", "_sent", "length")

    replayable = False

    def __init__(self, pull: Pull, length: int | None) -> None:
        self._pull = pull
        self._sent = 0
        self._crc = 0
        self._ended = False
        self.length = length

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes."""
        if self._ended:
            return b""
        data = self._pull(size)
        if self._count(data):
            self._end(self._pull(1))
        return data

    def _count(self, data: bytes) -> bool:
        """Take note of what came; whether that was all that was declared, and so what comes next
        must be nothing. A transport does not ask again then."""
        self._sent += len(data)
        self._crc = crc64(data, self._crc)
        self._ended = not data
        length = self.length
        if length is None:
            return False
        if self._ended and self._sent < length:
            raise CosClientError(
                f"Body ended after {self._sent} bytes; ContentLength declares {length}"
            )
        if self._sent > length:
            self._end(data)
        return self._sent == length and not self._ended

    def _end(self, more: bytes) -> None:
        if more:
            raise CosClientError(f"Body has more than the {self.length} bytes of its ContentLength")
        self._ended = True

    def rewind(self) -> None:
        """Not possible."""
        raise CosClientError("Body cannot be read a second time")

    def crc64(self) -> int | None:
        """The CRC64, when all was read."""
        return self._crc if self._ended else None


def content_md5(body: Body) -> str:
    """The Content-MD5 of a body, which is read once more for it.

    Raises:
        ParameterError: the body can be read once only.
    """
    if not body.replayable:
        raise ParameterError("EnableMD5 needs a Body that can be read twice, such as a file")
    digest = md5(usedforsecurity=False)
    while chunk := body.read(_CHUNK):
        digest.update(chunk)
    body.rewind()
    return b64encode(digest.digest()).decode()


def as_bytes(chunk: Any) -> bytes:
    """What a source handed over, if it is bytes.

    Raises:
        CosClientError: it is not.
    """
    if isinstance(chunk, bytes):
        return chunk
    if isinstance(chunk, (bytearray, memoryview)):
        return bytes(chunk)
    if chunk is None:
        raise CosClientError("Body has no bytes yet: it is in non-blocking mode")
    kind = type(chunk).__name__
    raise CosClientError(f"Body gave {kind} instead of bytes; open files in binary mode")

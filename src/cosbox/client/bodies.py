"""What users pass as Body, as the `RequestBody` that a transport pulls.

====================================  ========  ==========  =======================
given                                 length    replayable  class
====================================  ========  ==========  =======================
None, bytes, bytearray, memoryview,   known     yes         `BytesBody`
str (as UTF-8)
a seekable binary file, from its      known     yes         `FileBody`
current position
a pipe, socket or answer, with        unknown   no          `StreamedBody`
``read``
any other iterable of bytes           unknown   no          `StreamedBody`
====================================  ========  ==========  =======================

A ContentLength argument makes an unknown length known; it is then an error if the stream turns out
shorter or longer, and it is raised before the last byte is handed over, so nothing is stored.
"""

import io
import os
import socket
import stat
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import md5
from typing import Any, BinaryIO, Final, Protocol

from cosbox.checksums import crc64
from cosbox.client.stream import StreamBody
from cosbox.client.transports.base import RequestBody
from cosbox.protocol.errors import CosClientError, ParameterError

MAX_BODY: Final = 5 * 1024**3
"""The most bytes of one PUT Object or Upload Part."""

_CHUNK: Final = 1024 * 1024


class Readable(Protocol):
    """What bytes can be read from."""

    def read(self, size: int, /) -> bytes | bytearray | memoryview | None:
        """Up to ``size`` bytes; b"" at the end."""
        ...


BodySource = (
    bytes
    | bytearray
    | memoryview
    | str
    | Readable
    | socket.socket
    | Iterable[bytes | bytearray | memoryview]
    | None
)
"""What may be given as Body."""

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

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; all of it at once, and uncopied, when it fits."""
        at, data = self._at, self._data
        if at == 0 and size >= self.length:
            self._at = self.length
            return data if isinstance(data, bytes) else bytes(data)
        self._at = min(at + size, self.length)
        return bytes(data[at : self._at])

    def rewind(self) -> None:
        """Begin again."""
        self._at = 0

    def crc64(self) -> int:
        """The CRC64 of the body."""
        return crc64(self._data)


class FileBody:
    """The rest of a seekable file, or ``length`` bytes of it, as it is when the call is made.

    The file's position ends up behind what was read; the file is not closed.
    """

    __slots__ = ("_crc", "_file", "_left", "_start", "length")

    replayable = True

    def __init__(self, file: BinaryIO, start: int, length: int) -> None:
        self._file = file
        self._start = start
        self._left = length
        self._crc = 0
        self.length: int = length

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes."""
        if not self._left:
            return b""
        data = _checked(self._file.read(min(size, self._left)))
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
        self._sent += len(data)
        self._crc = crc64(data, self._crc)
        self._ended = not data
        if self.length is not None:
            self._compare(self.length)
        return data

    def _compare(self, length: int) -> None:
        if self._ended and self._sent < length:
            raise CosClientError(
                f"Body ended after {self._sent} bytes; ContentLength declares {length}"
            )
        # A transport does not ask again once it has as many bytes as were declared.
        if self._sent > length or (self._sent == length and not self._ended and self._pull(1)):
            raise CosClientError(f"Body has more than the {length} bytes of its ContentLength")
        self._ended = self._ended or self._sent == length

    def rewind(self) -> None:
        """Not possible."""
        raise CosClientError("Body cannot be read a second time")

    def crc64(self) -> int | None:
        """The CRC64, when all was read."""
        return self._crc if self._ended else None


def as_body(source: Any, declared: int | None = None) -> Body:
    """The body that ``source`` stands for.

    Args:
        source: what the caller gave as Body.
        declared: what the caller gave as ContentLength.

    Raises:
        ParameterError: it is nothing that holds bytes, its length is not the declared one, or it
            is too long for one request.
    """
    if source is None:
        source = b""
    elif isinstance(source, str):
        source = source.encode()
    body: Body
    if isinstance(source, bytes):
        body = BytesBody(source)
    elif isinstance(source, (BytesBody, FileBody, StreamedBody)):
        body = source
    elif isinstance(source, (bytearray, memoryview)):
        body = BytesBody(_flat(source))
    else:
        body = _file_body(source) or _streamed_body(source, declared)
    length = body.length
    if length is None:
        return body
    if declared is not None and declared != length:
        raise ParameterError(f"ContentLength is {declared}, but Body has {length} bytes")
    if length > MAX_BODY:
        raise ParameterError(
            f"Body has {length} bytes, and one request takes {MAX_BODY}; use upload_file"
        )
    return body


def _flat(source: bytearray | memoryview) -> memoryview:
    view = memoryview(source)
    return view.cast("B") if view.contiguous else memoryview(bytes(view))


def _file_body(source: Any) -> FileBody | None:
    """The rest of a seekable file; None for everything else."""
    if isinstance(source, io.TextIOBase):
        raise ParameterError("Body is a file in text mode; open it with 'rb'")
    if not (hasattr(source, "read") and hasattr(source, "seek") and _is_plain(source)):
        return None
    try:
        start = source.tell()
        end = source.seek(0, os.SEEK_END)
        source.seek(start)
    except (OSError, ValueError, AttributeError) as error:
        if getattr(source, "closed", False):
            raise ParameterError("Body is a closed file") from error
        return None
    # `seek` may return nothing in file-likes that are not from `io`.
    if not isinstance(end, int):
        return None
    return FileBody(source, start, max(0, end - start))


def _is_plain(source: Any) -> bool:
    """Whether a file has an end to seek to; devices and pipes have none, and say it is 0."""
    try:
        return stat.S_ISREG(os.fstat(source.fileno()).st_mode)
    except (OSError, AttributeError, ValueError):
        return True


def _streamed_body(source: Any, declared: int | None) -> StreamedBody:
    if isinstance(source, Mapping):
        raise ParameterError("Body is a dict; pass it as bytes, for example json.dumps(...)")
    known = source.remaining if isinstance(source, StreamBody) else None
    length = declared if known is None else known
    if callable(getattr(source, "iter_content", None)):
        return StreamedBody(_from_iterator(source.iter_content(_CHUNK)), length)
    read = _reader(source)
    if read is not None:
        return StreamedBody(_from_reader(read), length)
    if isinstance(source, os.PathLike):
        raise ParameterError("Body is a path; pass open(path, 'rb'), or use upload_file")
    if isinstance(source, Iterable):
        return StreamedBody(_from_iterator(iter(source)), length)
    raise ParameterError(
        f"Body must be bytes, str, a file or an iterable of bytes, not {type(source).__name__}"
    )


def _reader(source: Any) -> Callable[[int], Any] | None:
    """The method that returns what is there without waiting for more, where there is one."""
    for name in ("read1", "read", "recv"):
        method = getattr(source, name, None)
        if callable(method):
            found: Callable[[int], Any] = method
            return found
    return None


def _from_reader(read: Callable[[int], Any]) -> Pull:
    def pull(size: int) -> bytes:
        return _checked(read(size))

    return pull


def _from_iterator(source: Iterator[Any]) -> Pull:
    rest = memoryview(b"")

    def pull(size: int) -> bytes:
        nonlocal rest
        while not rest:
            try:
                chunk = next(source)
            except StopIteration:
                return b""
            rest = memoryview(_checked(chunk))
        data, rest = rest[:size], rest[size:]
        return bytes(data)

    return pull


def _checked(chunk: Any) -> bytes:
    if isinstance(chunk, bytes):
        return chunk
    if isinstance(chunk, (bytearray, memoryview)):
        return bytes(chunk)
    if chunk is None:
        raise CosClientError("Body has no bytes yet: it is in non-blocking mode")
    kind = type(chunk).__name__
    raise CosClientError(f"Body gave {kind} instead of bytes; open files in binary mode")


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

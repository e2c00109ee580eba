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
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

from cosbox.client.bodies import (
    MAX_BODY,
    Body,
    BytesBody,
    FileBody,
    Pull,
    StreamedBody,
    as_bytes,
)
from cosbox.client.stream import StreamBody
from cosbox.protocol.errors import ParameterError

_CHUNK: Final = 1024 * 1024


class Readable(Protocol):
    """What bytes can be read from."""

    def read(self, size: int, /) -> bytes | bytearray | memoryview | None:
        """Up to ``size`` bytes; b"" at the end."""
        ...


class Receivable(Protocol):
    """What bytes can be received from, such as a socket."""

    def recv(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; b"" at the end."""
        ...


BodySource = (
    bytes
    | bytearray
    | memoryview
    | str
    | Readable
    | Receivable
    | Iterable[bytes | bytearray | memoryview]
    | None
)
"""What may be given as Body."""


def as_body(source: Any, declared: int | None = None, *, most: int = MAX_BODY) -> Body:
    """The body that ``source`` stands for.

    Args:
        source: what the caller gave as Body.
        declared: what the caller gave as ContentLength.
        most: how many bytes there may be.

    Raises:
        ParameterError: it is nothing that holds bytes, its length is not the declared one, or it
            is too long for one request.
    """
    if source is None:
        source = b""
    elif isinstance(source, str):
        source = _encoded(source)
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
    if length == 0 and not body.replayable:
        # A transport has no reason to read it, and so would not find out that there is more.
        body.read(1)
    if declared is not None and declared != length:
        raise ParameterError(f"ContentLength is {declared}, but Body has {length} bytes")
    if length > most:
        raise ParameterError(
            f"Body has {length} bytes, and one request takes {most}; use upload_file"
        )
    return body


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ParameterError(f"Body is not valid Unicode: {error.reason}") from error


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
        return as_bytes(read(size))

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
            rest = memoryview(as_bytes(chunk))
        data, rest = rest[:size], rest[size:]
        return bytes(data)

    return pull

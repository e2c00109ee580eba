"""The head of an answer: status line and header lines, spelt as the app spells them."""

from collections.abc import Iterable
from http import HTTPStatus
from operator import itemgetter
from typing import Final, NamedTuple

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

NO_BODY, SIZED, CHUNKED, UNTIL_CLOSE = range(4)
"""How a body is framed."""

_LENGTH: Final = b"content-length"
_OURS: Final = frozenset(
    {_LENGTH, b"connection", b"date", b"server", b"transfer-encoding", b"keep-alive"}
)
"""Headers that the front writes itself, so that the app's are not sent on."""

_name_of: Final = itemgetter(0)


def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    return f"HTTP/1.1 {status} {phrase}".encode()


_STATUS_LINES: Final = {status: _status_line(status) for status in range(200, 600)}


class Tails(NamedTuple):
    """The last lines of every head made within one second, empty line included."""

    keep_alive: bytes
    close: bytes


def tails(date: str) -> Tails:
    """The tails for a moment.

    >>> tails("Tue, 24 Nov 2026 08:00:00 GMT").close.split(b"\\r\\n")[-3:]
    [b'Connection: close', b'', b'']
    """
    common = f"\r\nDate: {date}\r\nServer: tencent-cos\r\nConnection: "
    return Tails(f"{common}keep-alive\r\n\r\n".encode(), f"{common}close\r\n\r\n".encode())


class Head(NamedTuple):
    """A head, and how the body goes on.

    Attributes:
        data: ready to be sent.
        framing: one of the four above.
        length: bytes of a `SIZED` body; otherwise 0.
        keep_alive: whether the connection stays open afterwards.
    """

    data: bytes
    framing: int
    length: int
    keep_alive: bool


def answer_head(
    status: int,
    headers: Iterable[tuple[bytes, bytes]],
    *,
    tails: Tails,
    keep_alive: bool,
    head_only: bool = False,
    old: bool = False,
    whole: int | None = None,
) -> Head:
    """Make the head of an answer.

    Args:
        status: a final one.
        headers: the app's. A Content-Length among them frames the body and goes out with HEAD.
        tails: of this second.
        keep_alive: whether the connection could stay open.
        head_only: the request was HEAD.
        old: the client speaks HTTP/1.0 and knows no chunks.
        whole: the size of the body where all of it is at hand.

    Raises:
        ValueError: no such status, a Content-Length that is no number, or a header with a line
            end or NUL, with which it could pretend to be another header or another answer.
    """
    line = _STATUS_LINES.get(status)
    if line is None:
        raise ValueError(f"{status} is not the status of an answer")
    # One step of C for all headers, where a loop would take a step of Python for each.
    headers = list(headers)
    names = list(map(bytes.lower, map(_name_of, headers)))
    lines = [line, *map(b": ".join, headers)]
    length = whole
    for ours in _OURS.intersection(names):
        while ours in names:
            at = names.index(ours)
            value = headers[at][1]
            del names[at], headers[at], lines[at + 1]
            if ours == _LENGTH:
                length = _number(value)
            elif ours == b"connection" and b"close" in value.lower():
                keep_alive = False
    if head_only or status in {204, 304}:
        framing = NO_BODY
    elif length is not None:
        framing = SIZED
    else:
        framing = UNTIL_CLOSE if old else CHUNKED
    if framing == CHUNKED:
        lines.append(b"Transfer-Encoding: chunked")
    elif framing == UNTIL_CLOSE:
        keep_alive = False
    elif length is not None and status != 204:
        lines.append(b"Content-Length: %d" % length)
    data = _joined(lines)
    data += tails.keep_alive if keep_alive else tails.close
    return Head(data, framing, length if length and framing == SIZED else 0, keep_alive)


def _number(value: bytes) -> int:
    if not value.isdigit():
        raise ValueError(f"Content-Length {value!r} is not a number")
    return int(value)


def _joined(lines: list[bytes]) -> bytes:
    data = b"\r\n".join(lines)
    ends = len(lines) - 1
    if data.count(b"\n") != ends or data.count(b"\r") != ends or b"\0" in data:
        raise ValueError("a header of the answer holds a line end or a NUL")
    return data

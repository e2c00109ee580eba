"""Bytes to requests, without any input or output of its own.

The grammar is llhttp's in its strict mode (no leniency is ever switched on), which refuses bare
line ends, folded headers, blanks before colons, control characters, and every odd Content-Length
or chunk. This module adds what llhttp lets pass and a store must not: a Host that is missing,
repeated or no host, transfer codings other than plain ``chunked``, a body under a request to
upgrade, versions other than 1.0 and 1.1, and anything beyond the limits.
"""

from typing import Any, Final, Protocol
from urllib.parse import unquote

import httptools

from cosbox.protocol.errors import Refusal
from cosbox.server.http.limits import Limits
from cosbox.server.http.targets import is_authority, split_target

_HEAD_SLICE: Final = 8 * 1024
"""How much is parsed at once while a head is expected. It bounds how many pipelined requests are
taken apart before the first of them is answered."""

_CHUNKED_SLICE: Final = 64 * 1024
"""The same within a chunked body, whose end is not known beforehand."""

_MARKED: Final = frozenset({b"host", b"content-length", b"transfer-encoding", b"expect"})
"""Headers that mean something to this module."""


class Listener(Protocol):
    """Who is told what was read."""

    def request_began(
        self, scope: dict[str, Any], *, keep_alive: bool, expects: bool, old: bool
    ) -> None:
        """A head is complete. ``expects``: with ``Expect: 100-continue``; ``old``: HTTP/1.0."""

    def request_body(self, piece: bytes) -> None:
        """Some of its body."""

    def request_ended(self) -> None:
        """The end of it."""

    def has_enough(self) -> bool:
        """Nothing more should be read for now."""


class Clock(Protocol):
    """The time, as seconds on some scale."""

    now: float


class RequestReader:
    """Reads the requests of one connection.

    Args:
        listener: who is told.
        base: the part of the ASGI scope that is the same for all requests.
        clock: tells the time.
        limits: on heads.

    Attributes:
        in_head: a head is expected, or under way.
        head_since: when its first byte was seen; None before.
        body_left: how much of a body with a Content-Length is still to come.
        method: of the latest request whose head was complete, or "".
        path: the same.
    """

    __slots__ = (
        "_base",
        "_clock",
        "_fed",
        "_headers",
        "_limits",
        "_listener",
        "_marked",
        "_parser",
        "_target",
        "body_left",
        "head_since",
        "in_head",
        "method",
        "path",
    )

    def __init__(
        self, listener: Listener, base: dict[str, Any], clock: Clock, limits: Limits
    ) -> None:
        self._listener = listener
        self._base = base
        self._clock = clock
        self._limits = limits
        self._parser = httptools.HttpRequestParser(self)
        self.method = ""
        self.path = b""
        self.body_left = 0
        self._reset()
        self._fed = 0

    def _reset(self) -> None:
        self.in_head = True
        self.head_since: float | None = None
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._marked: list[tuple[bytes, bytes]] = []

    def feed(self, data: bytes) -> bytes:
        """Read on, until the listener has enough; returns what was not read.

        Raises:
            Refusal: this is no request that will be served. Nothing more can be read.
        """
        at, end = 0, len(data)
        while at < end:
            if at and self._listener.has_enough():
                return data[at:]
            size = _HEAD_SLICE if self.in_head else self.body_left or _CHUNKED_SLICE
            if at == 0 and end <= size:
                at = self._parse(data, end)
            else:
                piece = memoryview(data)[at : at + size]
                at += self._parse(piece, len(piece))
        return b""

    def _parse(self, piece: bytes | memoryview, size: int) -> int:
        if self._fed > self._limits.header_bytes + self._limits.request_target + _CHUNKED_SLICE:
            raise Refusal("InvalidRequest", "The header lines of the request are too long.")
        if not self.body_left:
            self._fed += size
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserUpgrade as stop:
            # The offer to switch protocols is not taken up; the connection goes on as it is.
            size = stop.args[0]
        except httptools.HttpParserCallbackError as error:
            if isinstance(error.__context__, Refusal):
                raise error.__context__ from None
            raise
        except httptools.HttpParserInvalidURLError as error:
            raise Refusal("InvalidURI", "The request target is no URI.") from error
        except httptools.HttpParserError as error:
            raise Refusal("InvalidRequest", f"The request is no HTTP: {error}.") from error
        if self.in_head and self.head_since is None:
            self._fed = 0
        return size

    # ----------------------------------------------------------------------------------------
    # The parser's callbacks

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        self.head_since = self._clock.now

    def on_url(self, piece: bytes) -> None:
        """Some of the target."""
        self._target += piece
        if len(self._target) > self._limits.request_target:
            limit = self._limits.request_target
            raise Refusal("InvalidURI", f"The request target is over {limit} bytes.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header line, or a trailer line, of which none means anything to COS."""
        if not self.in_head:
            return
        name = name.lower()
        value = value.strip(b" \t")
        if name in _MARKED:
            self._marked.append((name, value))
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The end of the head."""
        parser, headers = self._parser, self._headers
        self.method = method = parser.get_method().decode("ascii")
        self.path = b""
        version = parser.get_http_version()
        self._check_size()
        has_body, expects = self._read_marked(version)
        if method == "CONNECT":
            raise Refusal("MethodNotAllowed", "This is no proxy.")
        if has_body and parser.should_upgrade():
            raise Refusal("InvalidRequest", "A request to upgrade takes no body.")
        target = split_target(self._target)
        if target.authority is not None:
            self._set_host(target.authority)
        self.path = raw_path = target.path
        path = raw_path.decode("ascii")
        scope = self._base.copy()
        scope["method"] = method
        scope["http_version"] = version
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = raw_path
        scope["query_string"] = target.query
        scope["headers"] = headers
        self.in_head = False
        self.head_since = None
        self._listener.request_began(
            scope,
            keep_alive=parser.should_keep_alive(),
            expects=expects,
            old=version == "1.0",
        )

    def on_body(self, piece: bytes) -> None:
        """Some of the body."""
        self._fed = 0
        if self.body_left:
            self.body_left -= len(piece)
        self._listener.request_body(piece)

    def on_message_complete(self) -> None:
        """The end of the request."""
        self._reset()
        # What the parser has seen of the next head already is not known, but it is not more.
        self._fed = _CHUNKED_SLICE
        self._listener.request_ended()

    # ----------------------------------------------------------------------------------------

    def _check_size(self) -> None:
        limits, headers = self._limits, self._headers
        if len(headers) > limits.header_count:
            raise Refusal("InvalidRequest", f"The request has over {limits.header_count} headers.")
        if self._fed > limits.header_bytes:
            size = sum(len(name) + len(value) + 4 for name, value in headers)
            if size > limits.header_bytes:
                raise Refusal(
                    "InvalidRequest", f"The headers are over {limits.header_bytes} bytes."
                )

    def _read_marked(self, version: str) -> tuple[bool, bool]:
        """Whether there is a body, and whether 100 Continue is waited for."""
        if version not in {"1.1", "1.0"}:
            raise Refusal("InvalidRequest", f"HTTP {version} is not spoken here.")
        hosts = 0
        has_body = expects = False
        for name, value in self._marked:
            if name == b"host":
                hosts += 1
                if not is_authority(value):
                    raise Refusal("InvalidRequest", "The Host header names no host.")
            elif name == b"content-length":
                self.body_left = int(value)
                has_body = self.body_left > 0
            elif name == b"transfer-encoding":
                if value.lower() != b"chunked" or version == "1.0":
                    raise Refusal("InvalidRequest", "The only transfer coding is chunked.")
                has_body = True
            else:
                expects = value.lower() == b"100-continue"
        if hosts > 1 or (not hosts and version == "1.1"):
            raise Refusal("InvalidRequest", "The request must have one Host header.")
        return has_body, expects and has_body and version == "1.1"

    def _set_host(self, authority: bytes) -> None:
        for index, (name, _) in enumerate(self._headers):
            if name == b"host":
                self._headers[index] = (name, authority)
                return
        self._headers.append((b"host", authority))

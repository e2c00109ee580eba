"""A handle of libcurl that is used for one request after another, and what of it changes."""

import re
from collections import deque
from collections.abc import Callable
from typing import Final

import pycurl

from cosbox.client.transports.base import HttpRequest
from cosbox.client.transports.curl_options import establish
from cosbox.client.transports.curl_uploads import Upload
from cosbox.client.transports.settings import Settings
from cosbox.protocol.errors import ParameterError

_BLANK: Final = re.compile(r"[\0-\x20\x7f]")
_UNSENDABLE: Final = re.compile(r"[\0\r\n]")
_FRAMING: Final = frozenset({"host", "content-length", "transfer-encoding"})
_KEPT: Final = 64 * 1024
"""Bytes of the last body that a handle without a request may keep."""
_FOREVER: Final = 2**31 - 1


class Line:
    """A handle that is set up for requests to one place. libcurl keeps its options, so what the
    last request had in common with the next is not set again.

    Attributes:
        handle: libcurl's.
        place: where its requests go.
        lines: of the answer's head, as they arrived.
        pieces: of its body.
    """

    __slots__ = (
        "_holds",
        "_lent",
        "_limits",
        "_once",
        "_proxied",
        "_reads",
        "_shape",
        "_url",
        "handle",
        "lines",
        "pieces",
        "place",
    )  # fmt: skip

    def __init__(self, request: HttpRequest, settings: Settings) -> None:
        """Make one for requests to the place where ``request`` goes."""
        self.place = request.place
        self.handle = pycurl.Curl()
        self._proxied = establish(self.handle, request, settings)
        self._url = ""
        self._shape: object = None
        self._limits: object = None
        self._reads = self._holds = self._once = False
        self.lines: list[bytes] = []
        self.pieces: deque[bytes] = deque()
        self._receive()

    def _receive(self) -> None:
        self.handle.setopt(pycurl.HEADERFUNCTION, self.lines.append)
        self.handle.setopt(pycurl.WRITEFUNCTION, self.pieces.append)
        self._lent = False

    def lend(self, head: Callable[[bytes], object], body: Callable[[bytes], object]) -> None:
        """Hand the next answer's head, line by line, and its body to these instead."""
        self.handle.setopt(pycurl.HEADERFUNCTION, head)
        self.handle.setopt(pycurl.WRITEFUNCTION, body)
        self._lent = True

    def limit(self, connect: float | None, total: float | None = None) -> None:
        """Set how many seconds connecting may take, and the whole of a request."""
        if (connect, total) == self._limits:
            return
        self._limits = connect, total
        self.handle.setopt(pycurl.CONNECTTIMEOUT_MS, _milliseconds(connect) or _FOREVER)
        self.handle.setopt(pycurl.TIMEOUT_MS, _milliseconds(total))

    def lift_total(self) -> None:
        """Let the request under way take any time."""
        self._limits = None
        self.handle.setopt(pycurl.TIMEOUT_MS, 0)

    def describe(self, request: HttpRequest, upload: Upload | None, held: bytes | None) -> None:
        """Set up for one request, READFUNCTION excepted.

        Args:
            request: what to send.
            upload: its body, where that is read piece by piece.
            held: its body, where all of it is in memory.

        Raises:
            ParameterError: it cannot be written as HTTP.
        """
        if held is None and upload is None and request.method in {"PUT", "POST"}:
            held = b""
        self._set_target(request)
        if request.once is not self._once:
            self.handle.setopt(pycurl.FRESH_CONNECT, request.once)
            self._once = request.once
        self._set_method(request.method, upload, held)
        self._set_headers(request, upload, held)

    def _set_target(self, request: HttpRequest) -> None:
        target = request.target
        if _BLANK.search(target) or not target.startswith("/"):
            raise ParameterError(f"not a target of a request: {target[:80]!r}")
        url = f"{request.scheme}://{request.host}"
        if self._proxied:
            # Only libcurl knows whether the target is to be absolute, so it makes it from the URL.
            self.handle.setopt(pycurl.URL, url + target)
            return
        # Which it would otherwise write in its own way: escapes in capitals, nothing after "#".
        self.handle.setopt(pycurl.REQUEST_TARGET, target.encode())
        if url != self._url:
            self.handle.setopt(pycurl.URL, f"{url}/")
            self._url = url

    def _set_method(self, method: str, upload: Upload | None, held: bytes | None) -> None:
        setopt = self.handle.setopt
        shape = method, upload is None, held is None
        if shape != self._shape:
            self._shape = None
            setopt(pycurl.HTTPGET, 1)  # undoes what the request before needed
            own = "GET"
            if upload is not None:
                own = "PUT"
                setopt(pycurl.UPLOAD, 1)
            elif held is not None:
                own = "POST"
                setopt(pycurl.POST, 1)
            elif method == "HEAD":
                own = "HEAD"
                setopt(pycurl.NOBODY, 1)
            if method == own:
                self.handle.unsetopt(pycurl.CUSTOMREQUEST)
            else:
                setopt(pycurl.CUSTOMREQUEST, method)
            self._shape = shape
        if held is not None:
            self._holds = len(held) > _KEPT
            setopt(pycurl.POSTFIELDS, held)
        elif upload is not None:
            self._reads = True
            setopt(pycurl.SEEKFUNCTION, upload.seek)
            setopt(pycurl.INFILESIZE_LARGE, -1 if upload.length is None else upload.length)

    def _set_headers(self, request: HttpRequest, upload: Upload | None, held: bytes | None) -> None:
        headers = request.headers
        if not _FRAMING.isdisjoint(headers):
            raise ParameterError(
                "Host, Content-Length and Transfer-Encoding follow from the request"
            )
        # libcurl's own Host leaves out the scheme's port, which the signature may cover.
        lines = [f"Host: {request.host}", "Accept:"]
        # What libcurl would add by itself:
        if "user-agent" not in headers:
            lines.append("User-Agent:")
        if held is not None and "content-type" not in headers:
            lines.append("Content-Type:")
        if upload is not None or (held is not None and len(held) > _KEPT):
            lines.append("Expect:")
        for name, value in headers.items():
            # An empty value is spelt with a semicolon, since "name:" removes the header.
            lines.append(f"{name}: {value}" if value and not value.isspace() else f"{name};")
        text = "\n".join(lines)
        if "\r" in text or "\0" in text or text.count("\n") >= len(lines):
            names = [name for name, value in headers.items() if _UNSENDABLE.search(name + value)]
            raise ParameterError(f"a line break or NUL in the headers {', '.join(names)}")
        self.handle.setopt(pycurl.HTTPHEADER, text.encode().split(b"\n"))

    def rest(self) -> None:
        """Hold nothing of the request that is over: callbacks hold what they are bound to."""
        self.lines.clear()
        self.pieces.clear()
        if self._lent:
            self._receive()
        if self._holds:
            self._holds = False
            self.handle.setopt(pycurl.POSTFIELDS, b"")
        if self._reads:
            self._reads = False
            self.handle.setopt(pycurl.READFUNCTION, bytes)
            self.handle.setopt(pycurl.SEEKFUNCTION, max)


def _milliseconds(seconds: float | None) -> int:
    """As libcurl takes a limit; 0 is none."""
    return 0 if seconds is None else max(1, round(seconds * 1000))

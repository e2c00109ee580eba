"""What carries a request to a store: HTTP by libcurl, or a call into the same process.

``tests/conformance/calls`` runs over every transport, and
``tests/client/transports/transport_suite.py`` holds the contract below against them.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol


class RequestBody(Protocol):
    """The bytes of a request, pulled by the transport."""

    @property
    def length(self) -> int | None:
        """How many bytes there are; None sends them chunked."""
        ...

    @property
    def replayable(self) -> bool:
        """Whether `rewind` works."""
        ...

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; b"" at the end. What it raises ends the request and reaches the
        caller as it is."""
        ...

    def rewind(self) -> None:
        """Begin again, for a resend on a fresh connection or a retry."""
        ...


class ResponseBody(Protocol):
    """The bytes of an answer, pulled by the caller. Not to be shared between threads."""

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, or all that are left; b"" at the end.

        Raises:
            TransportError: the body broke off; nothing is passed off as complete.
        """
        ...

    def close(self) -> None:
        """Let go of the connection, which is closed unless the body was read to its end."""
        ...


class AsyncResponseBody(Protocol):
    """The bytes of an answer, pulled by one task at a time."""

    async def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, or all that are left; b"" at the end.

        Raises:
            TransportError: the body broke off; nothing is passed off as complete.
        """
        ...

    def close(self) -> None:
        """Let go of the connection, which is closed unless the body was read to its end."""
        ...


class Timeouts(NamedTuple):
    """How long each phase may take, in seconds. None waits for ever.

    Attributes:
        connect: to resolve the name and connect, TLS included.
        stall: that no byte moves in either direction, in any phase after that: sending the body,
            waiting for the answer, receiving the body.
        total: for everything, the body of a streamed answer excluded.
    """

    connect: float | None = 10.0
    stall: float | None = 30.0
    total: float | None = None


class HttpRequest(NamedTuple):
    """A request, addressed and signed.

    Attributes:
        method: HTTP method.
        scheme: ``http`` or ``https``.
        host: the Host header.
        connect: ``host[:port]`` to connect to; that of ``host`` when empty.
        target: path and query as they stand on the request line.
        headers: names in lower case. Neither Host nor Content-Length nor Transfer-Encoding, which
            follow from ``host`` and ``body``; a declared ``content-length`` is an error here.
        body: None sends none (with ``Content-Length: 0`` for PUT and POST).
        stream: hand the answer's body over as it arrives instead of whole. An answer with an error
            status always comes whole (its first MiB).
        stop: called several times a second while a blocking transport is at work; what it raises
            ends the request, or the reading of its streamed answer, and reaches the caller.
        once: it must not be sent again by itself when a connection that was kept turns out to be
            lost, since the store may have carried it out. So it goes over a new one.
    """

    method: str
    scheme: str
    host: str
    target: str
    connect: str = ""
    headers: Mapping[str, str] = MappingProxyType({})
    body: RequestBody | None = None
    stream: bool = False
    stop: Callable[[], None] | None = None
    once: bool = False

    @property
    def place(self) -> tuple[str, str]:
        """Where it goes: requests for one place share what is set up for it."""
        return self.scheme, self.connect or self.host


class HttpResponse:
    """An answer.

    Attributes:
        status: the HTTP status.
        headers: as received, in order, names as spelt on the wire.
        body: whole; b"" when ``stream`` holds it.
        stream: the body, where the request asked for a stream and the status is no error; the
            async client's transports make it one that is awaited.
    """

    __slots__ = ("body", "headers", "status", "stream")

    def __init__(
        self,
        status: int,
        headers: Sequence[tuple[str, str]],
        body: bytes = b"",
        stream: ResponseBody | AsyncResponseBody | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.stream = stream


class Transport(Protocol):
    """Sends requests. Safe to use from any thread, and after a fork."""

    @property
    def signs(self) -> bool:
        """Whether requests need a signature (a call into the same process does not)."""
        ...

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        """Send one request and wait for its answer, once.

        Raises:
            TransportTimeoutError: a limit passed.
            TransportError: no usable answer came. Whatever the body's ``read`` raised comes
                through as it is, as does KeyboardInterrupt.
        """
        ...

    def close(self) -> None:
        """Close the connections that are idle, and those in use when they are done."""
        ...

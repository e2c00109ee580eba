"""HTTP by libcurl (docs/decisions/0003-http-by-libcurl.md).

An answer that is wanted whole is fetched by a handle that blocks. An answer that is wanted as a
stream is pulled: a handle in a multi of its own runs only while its reader waits, and is paused
when it is ahead. Both kinds are kept with their connections and used again, last in first out.
"""

from collections import deque
from collections.abc import Mapping
from typing import Protocol, Self, TypeVar

import pycurl

from cosbox.client.transports.base import HttpRequest, HttpResponse, Timeouts
from cosbox.client.transports.curl_options import Settings, Upload, apply
from cosbox.client.transports.curl_stream import Stream
from cosbox.client.transports.faults import raise_fault, was_connected
from cosbox.client.transports.forks import abandon, remember
from cosbox.client.transports.heads import Head
from cosbox.protocol.errors import ParameterError

T = TypeVar("T")


class Config(Protocol):
    """What of a client's configuration concerns its connections."""

    @property
    def verify(self) -> bool | str: ...
    @property
    def client_certificate(self) -> str | tuple[str, str] | None: ...
    @property
    def proxies(self) -> Mapping[str, str] | None: ...
    @property
    def pool_size(self) -> int: ...


class CurlTransport:
    """Sends requests over HTTP. For any number of threads, and usable after a fork."""

    signs = True

    def __init__(
        self,
        *,
        verify: bool | str = True,
        certificate: str | tuple[str, str] | None = None,
        proxies: Mapping[str, str] | None = None,
        pool_size: int = 10,
    ) -> None:
        """Make a transport; it connects when something is sent.

        Args:
            verify: whether to check the peer's certificate, or the CA bundle to check it by.
            certificate: of the client: a file with certificate and key, or one of each.
            proxies: by scheme; None goes by the environment, an empty one uses none.
            pool_size: how many idle connections of each kind are kept. More may be in use.
        """
        self._settings = Settings(verify, certificate, proxies)
        self._pool_size = pool_size
        self._idle: deque[pycurl.Curl] = deque()
        self._idle_streams: deque[Stream] = deque()
        self._closed = False
        remember(self)

    @classmethod
    def of(cls, config: Config) -> Self:
        """The transport that a client's configuration asks for."""
        return cls(
            verify=config.verify,
            certificate=config.client_certificate,
            proxies=config.proxies,
            pool_size=config.pool_size,
        )

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        """Send one request and wait for its answer, once.

        Raises:
            ParameterError: the client was closed, or the request cannot be written as HTTP.
            TransportTimeoutError: a limit passed.
            TransportError: no usable answer came. Whatever the body's ``read`` raised comes
                through as it is, as does KeyboardInterrupt.
        """
        if self._closed:
            raise ParameterError("the client is closed")
        return self._stream(request, timeouts) if request.stream else self._whole(request, timeouts)

    def orphan(self) -> None:
        """In a child: what is idle is the parent's."""
        abandon(self._idle)
        self._idle, self._idle_streams = deque(), deque()

    def _whole(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        handle = _last(self._idle) or pycurl.Curl()
        head = Head()
        pieces: list[bytes] = []
        upload = Upload(request.body)
        try:
            apply(handle, request, timeouts, self._settings, upload)
            handle.setopt(pycurl.HEADERFUNCTION, head.feed)
            handle.setopt(pycurl.WRITEFUNCTION, pieces.append)
            handle.perform()
        except BaseException as error:  # noqa: BLE001 - raised again in the client's terms
            connected = was_connected(handle)
            handle.close()
            raise_fault(error, upload.failure, request, timeouts, connected=connected)
        upload.check()
        self._keep(handle)
        return HttpResponse(head.status, head.fields(), b"".join(pieces))

    def _keep(self, handle: pycurl.Curl) -> None:
        if self._closed or len(self._idle) >= self._pool_size:
            handle.close()
            return
        # Callbacks hold what they were bound to.
        handle.reset()
        self._idle.append(handle)

    def _stream(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        stream = _last(self._idle_streams) or Stream()
        return stream.begin(request, timeouts, self._settings, self._keep_stream)

    def _keep_stream(self, stream: Stream) -> None:
        if self._closed or len(self._idle_streams) >= self._pool_size:
            stream.destroy()
            return
        self._idle_streams.append(stream)

    def close(self) -> None:
        """Close the connections that are idle, and those in use when they are done."""
        self._closed = True
        while handle := _last(self._idle):
            handle.close()
        while stream := _last(self._idle_streams):
            stream.destroy()


def _last(kept: deque[T]) -> T | None:
    """The one that was kept last, which is most likely connected still."""
    try:
        return kept.pop()
    except IndexError:
        return None

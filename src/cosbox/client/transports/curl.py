"""HTTP by libcurl (docs/decisions/0003-http-by-libcurl.md).

Every connection has a multi of its own, which is driven by the thread that waits for the answer or
reads its body. Connections are kept and used again, last in first out.
"""

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, Self

from cosbox.client.transports.base import HttpRequest, HttpResponse, Timeouts
from cosbox.client.transports.forks import remember
from cosbox.client.transports.settings import Settings
from cosbox.protocol.errors import ParameterError

if TYPE_CHECKING:
    from cosbox.client.transports.curl_exchange import Exchange


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
            pool_size: how many idle connections are kept. More may be in use.
        """
        self._settings = Settings(verify, certificate, proxies)
        self._pool_size = pool_size
        self._idle: deque[Exchange] = deque()
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
        exchange = self._take(request.place) or _connection(request, self._settings)
        return exchange.begin(request, timeouts, self._keep)

    def orphan(self) -> None:
        """In a child: what is idle is the parent's."""
        self._idle = deque()

    def _take(self, place: tuple[str, str]) -> "Exchange | None":
        """The idle one for this place that was used last. Deques need no lock for this."""
        idle = self._idle
        for _ in range(len(idle)):
            try:
                exchange = idle.pop()
            except IndexError:
                break
            if exchange.place == place:
                return exchange
            idle.appendleft(exchange)
        return None

    def _keep(self, exchange: "Exchange") -> None:
        self._idle.append(exchange)
        while self._idle and (self._closed or len(self._idle) > self._pool_size):
            self._drop()

    def _drop(self) -> None:
        try:
            exchange = self._idle.popleft()
        except IndexError:
            return
        exchange.destroy()

    def close(self) -> None:
        """Close the connections that are idle, and those in use when they are done."""
        self._closed = True
        while self._idle:
            self._drop()


def _connection(request: HttpRequest, settings: Settings) -> "Exchange":
    # Loaded here: libcurl takes long to load, and a client that sends nothing does without.
    from cosbox.client.transports.curl_exchange import Exchange  # noqa: PLC0415

    return Exchange(request, settings)

"""HTTP by libcurl for asyncio: one multi for each event loop (docs/decisions/0003)."""

import asyncio
from collections.abc import Mapping
from typing import Self

from cosbox.client.transports.async_engine import Engine
from cosbox.client.transports.async_transfer import StreamedTransfer, Transfer
from cosbox.client.transports.base import HttpRequest, HttpResponse, Timeouts
from cosbox.client.transports.curl import Config
from cosbox.client.transports.settings import Settings
from cosbox.protocol.errors import ParameterError


class AsyncCurlTransport:
    """Sends requests over HTTP, for any number of tasks, in any number of event loops.

    It works on asyncio's selector loop and on uvloop. Windows' Proactor loop cannot watch sockets
    and is refused.
    """

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
            pool_size: how many transfers run at once in an event loop. The others wait for their
                turn, and their timeouts begin when it comes. A streamed answer counts while its
                bytes are on the way, and not while its reader is behind.
        """
        self._settings = Settings(verify, certificate, proxies)
        self._pool_size = max(1, pool_size)
        self._engines: dict[int, Engine] = {}
        self._closed = False

    @classmethod
    def of(cls, config: Config) -> Self:
        """The transport that a client's configuration asks for."""
        return cls(
            verify=config.verify,
            certificate=config.client_certificate,
            proxies=config.proxies,
            pool_size=config.pool_size,
        )

    async def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        """Send one request and wait for its answer, once. When it is cancelled, the transfer ends
        there.

        Raises:
            ParameterError: the client was closed, or the event loop cannot watch sockets.
            TransportTimeoutError: a limit passed.
            TransportError: no usable answer came. Whatever the body raised comes through as it is.
        """
        engine = self._engine()
        await engine.slots.take()
        try:
            self._check_open()
            kind = StreamedTransfer if request.stream else Transfer
            transfer = kind(engine, request, timeouts, self._settings)
        except BaseException:
            engine.slots.give()
            raise
        return await transfer.run()

    def _check_open(self) -> None:
        if self._closed:
            raise ParameterError("the client is closed")

    def _engine(self) -> Engine:
        self._check_open()
        loop = asyncio.get_running_loop()
        engine = self._engines.get(id(loop))
        if engine is None or engine.gone or engine.loop is not loop:
            self._drop_the_dead()
            engine = self._engines[id(loop)] = Engine(loop, self._pool_size)
        return engine

    def _drop_the_dead(self) -> None:
        """Let go of the engines of loops that have ended, and of the parent's after a fork."""
        for key, engine in list(self._engines.items()):
            if engine.gone:
                self._engines.pop(key).discard()

    async def close(self) -> None:
        """Close the connections that are idle, and those in use when they are done."""
        self._closed = True
        self._drop_the_dead()
        here = asyncio.get_running_loop()
        for engine in self._engines.values():
            if engine.loop is here:
                engine.close()
            else:
                engine.loop.call_soon_threadsafe(engine.close)
        self._engines.clear()

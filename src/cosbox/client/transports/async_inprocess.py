"""A store in the same process, for the async client: its flows are driven as the server's are."""

import asyncio
from collections.abc import AsyncGenerator

from cosbox.client.transports.async_base import AwaitedBody
from cosbox.client.transports.base import HttpRequest, HttpResponse, RequestBody, Timeouts
from cosbox.client.transports.inprocess import Embedded, raise_cause
from cosbox.protocol.errors import ParameterError, TransportError
from cosbox.server.driving import Driver
from cosbox.server.effects import BodyFailed
from cosbox.server.messages import Outgoing
from cosbox.service.clock import Clock
from cosbox.service.content import CHUNK
from cosbox.service.reading import Stored
from cosbox.storage.errors import StorageError
from cosbox.storage.folder import Folder


class AsyncInProcessTransport(Embedded):
    """Hands the requests of an event loop's tasks to a store that this process has opened."""

    def __init__(self, folder: Folder, *, appid: str | None, region: str, clock: Clock) -> None:
        """Serve an open folder, as `Embedded` does."""
        super().__init__(folder, appid=appid, region=region, clock=clock)
        self._driver = Driver(self._store)
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    async def send(
        self,
        request: HttpRequest,
        timeouts: Timeouts,  # noqa: ARG002 - there is nothing to time out: no peer can stall
    ) -> HttpResponse:
        """Serve one request.

        Raises:
            ParameterError: the client is closed.
        """
        if self._closed:
            raise ParameterError("the client is closed")
        self.begin()
        try:
            flow = self._gateway.handle(self._incoming(request))
            outgoing = await self._driver.drive(flow, _Arriving(request.body))
            return await self._response(request, outgoing)
        except BodyFailed as failed:
            raise_cause(failed)
        finally:
            self.end()

    async def _response(self, request: HttpRequest, outgoing: Outgoing) -> HttpResponse:
        headers = list(outgoing.headers.items())
        body = outgoing.body
        if request.stream and outgoing.status < 300:
            stream = _Body(body, self, self._driver)
            return HttpResponse(outgoing.status, headers, stream=stream)
        if isinstance(body, Stored):
            body = await _Body(body, self, self._driver).read()
        return HttpResponse(outgoing.status, headers, body)

    def begin(self) -> None:
        """Something uses the store from now on."""
        self._under_way += 1
        self._idle.clear()

    def end(self) -> None:
        """It does so no more."""
        self._under_way -= 1
        if not self._under_way:
            self._idle.set()

    def close_soon(self, chunks: AsyncGenerator[bytes, None]) -> None:
        """Close what reads a file, once a thread that is in it has left it."""
        self.begin()
        closing = asyncio.ensure_future(chunks.aclose())
        closing.add_done_callback(lambda _: self.end())

    async def close(self) -> None:
        """Finish what is under way, bodies that are being read excepted, and let go of the
        folder."""
        self._closed = True
        await self._idle.wait()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._driver.close)
        await loop.run_in_executor(None, self.let_go)


class _Arriving:
    """A request's body, as the gateway's driver asks for it."""

    def __init__(self, body: RequestBody | None) -> None:
        self._body = body

    async def next(self) -> bytes:
        """The next bytes; b"" at the end."""
        body = self._body
        if body is None:
            return b""
        try:
            return await body.next(CHUNK) if isinstance(body, AwaitedBody) else body.read(CHUNK)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            raise BodyFailed from error


class _Body:
    """The bytes of an answer, read from the store as they are asked for."""

    def __init__(
        self, body: bytes | Stored, transport: AsyncInProcessTransport, driver: Driver
    ) -> None:
        self._chunks: AsyncGenerator[bytes, None] | None = None
        self._left = memoryview(b"")
        self._transport = transport
        if isinstance(body, bytes):
            self._left = memoryview(body)
        else:
            self._chunks = driver.chunks(body)

    async def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, or all that are left; b"" at the end."""
        if size < 0:
            parts = []
            while part := await self.read(CHUNK):
                parts.append(part)
            return b"".join(parts)
        if not self._left:
            self._left = memoryview(await self._next())
        piece = bytes(self._left[:size])
        self._left = self._left[size:]
        return piece

    async def _next(self) -> bytes:
        if self._chunks is None:
            return b""
        self._transport.begin()
        try:
            return await anext(self._chunks, b"")
        except StorageError as error:
            raise TransportError(f"the store could not read the object: {error}") from error
        finally:
            self._transport.end()

    def close(self) -> None:
        """Let go of the file that is being read."""
        chunks, self._chunks = self._chunks, None
        self._left = memoryview(b"")
        if chunks is not None:
            self._transport.close_soon(chunks)

"""One request and its answer in an engine: the answer whole, or its body as it is read."""

import asyncio
import time
from collections import deque
from typing import Final

import pycurl

from cosbox.client.transports.async_base import AwaitedBody
from cosbox.client.transports.async_engine import Engine
from cosbox.client.transports.async_uploads import AwaitedUpload
from cosbox.client.transports.base import HttpRequest, HttpResponse, RequestBody, Timeouts
from cosbox.client.transports.curl_sockets import unsent
from cosbox.client.transports.curl_uploads import Upload, held_whole
from cosbox.client.transports.faults import (
    broken_off,
    not_moving,
    transport_error,
    was_connected,
)
from cosbox.client.transports.heads import Answer, final_head
from cosbox.client.transports.settings import Settings
from cosbox.protocol.errors import CosClientError, TransportError

_AHEAD: Final = 1024 * 1024
"""How much is received ahead of the reader before the transfer is paused."""

_ERROR_BODY: Final = 1024 * 1024
# The later ones count in whole numbers; older versions of pycurl have the others alone.
_SENT: Final[int] = getattr(pycurl, "SIZE_UPLOAD_T", pycurl.SIZE_UPLOAD)
_RECEIVED: Final[int] = getattr(pycurl, "SIZE_DOWNLOAD_T", pycurl.SIZE_DOWNLOAD)


class Transfer:
    """Gets an answer whole. It holds one of the engine's slots until it is over."""

    def __init__(
        self, engine: Engine, request: HttpRequest, timeouts: Timeouts, settings: Settings
    ) -> None:
        """Set a request up, in a slot that was taken for it."""
        self.stall = timeouts.stall
        self._engine = engine
        self._request = request
        self._timeouts = timeouts
        self._answer: asyncio.Future[HttpResponse] = engine.loop.create_future()
        self._slotted = True
        self._moved = time.monotonic()
        self._count: object = None
        held = held_whole(request.body)
        self._upload = None if held is not None else self._reading(request.body)
        line = self.line = engine.take_line(request, settings)
        line.describe(request, self._upload, held)
        line.limit(timeouts.connect, timeouts.total)
        if self._upload is not None:
            line.handle.setopt(pycurl.READFUNCTION, self._upload.read)
        self._lines, self._pieces = self._receivers()

    def _reading(self, body: RequestBody | None) -> Upload | None:
        if isinstance(body, AwaitedBody):
            return AwaitedUpload(body, self._engine.loop, self.resume)
        return Upload(body) if body is not None else None

    def _receivers(self) -> tuple[list[bytes], deque[bytes]]:
        """Where the answer is gathered."""
        return self.line.lines, self.line.pieces

    async def run(self) -> HttpResponse:
        """Send the request and wait for the answer.

        Raises:
            TransportError: no usable answer came. Whatever the body raised comes through as it is.
        """
        try:
            self._engine.start(self)
            return await self._answer
        except BaseException:
            self.abort()
            raise

    def resume(self) -> None:
        """Let a paused transfer go on."""
        if self._engine.is_running(self):
            self._moved = time.monotonic()
            self.line.handle.pause(pycurl.PAUSE_CONT)

    def abort(self) -> None:
        """Break off, if it is not over."""
        self._engine.stop(self)
        self._leave()

    def finished(self, failure: tuple[int, str] | None) -> None:
        """For the engine: it is over."""
        error = self._upload.failure if self._upload is not None else None
        if error is None and failure is not None:
            error = self._error(*failure)
        self._leave()
        self._conclude(error)

    def _error(self, code: int, message: str) -> BaseException:
        request = self._request
        head = final_head(self._lines)
        length = head.length() if head is not None else None
        if code == pycurl.E_PARTIAL_FILE and length is not None:
            made = broken_off(request, self._received(), length)
        else:
            sent = was_connected(self.line.handle)
            made = transport_error(code, message, request, self._timeouts, connected=sent)
        made.__cause__ = pycurl.error(code, message)
        return made

    def _received(self) -> int:
        return sum(map(len, self._pieces))

    def _conclude(self, error: BaseException | None) -> None:
        if self._answer.done():
            return
        head = final_head(self._lines) if error is None else None
        if head is not None:
            body = b"".join(self._pieces)
            self._answer.set_result(HttpResponse(head.status, head.fields, body))
        else:
            where = f"{self._request.method} {self._request.host}"
            self._answer.set_exception(error or TransportError(f"{where}: no HTTP answer"))

    def _leave(self) -> None:
        """Give the slot back, and let go of the body."""
        if isinstance(self._upload, AwaitedUpload):
            self._upload.stop()
        if self._slotted:
            self._slotted = False
            self._engine.slots.give()

    # stalls

    def _is_ours_to_move(self) -> bool:
        """Whether it is not the peer that the transfer waits for."""
        return isinstance(self._upload, AwaitedUpload) and self._upload.waiting

    def check_stall(self, now: float) -> None:
        """For the engine: give up if no byte moved for too long."""
        handle = self.line.handle
        info = handle.getinfo
        # A slow peer empties the kernel's megabytes long before the socket can be written to again.
        queued = unsent(info(pycurl.ACTIVESOCKET))
        count = info(_SENT), info(_RECEIVED), info(pycurl.HEADER_SIZE), queued
        # Connecting has a limit of its own.
        if count != self._count or self._is_ours_to_move() or not was_connected(handle):
            self._count, self._moved = count, now
        elif self.stall is not None and now - self._moved >= self.stall:
            self.abort()
            self._conclude(not_moving(self._request, self._timeouts))


class StreamedTransfer(Transfer):
    """Gets an answer whose body is read as it arrives. It is paused, and gives up its slot, while
    its reader is behind."""

    def __init__(
        self, engine: Engine, request: HttpRequest, timeouts: Timeouts, settings: Settings
    ) -> None:
        self._held = self._all = 0
        self._head: Answer | None = None
        self._paused = False
        self._over = False
        self._failure: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None
        super().__init__(engine, request, timeouts, settings)

    def _receivers(self) -> tuple[list[bytes], deque[bytes]]:
        self.line.lend(self._take_head, self._take)
        return [], deque()  # the reader may have them for longer than this has its line

    def _take_head(self, line: bytes) -> None:
        if self._head is not None:
            return  # what follows a chunked body is no part of the head
        self._lines.append(line)
        if line not in {b"\r\n", b"\n"}:
            return
        head = self._head = final_head(self._lines)
        if head is None or head.status >= 300 or self._answer.done():
            return
        body = AsyncBody(self, self._engine.loop)
        self._answer.set_result(HttpResponse(head.status, head.fields, stream=body))
        if self._timeouts.total is not None:
            self._engine.loop.call_soon(self._lift_total)

    def _lift_total(self) -> None:
        """The limit for everything leaves out the body. Not from within libcurl's callback."""
        if self._engine.is_running(self):
            self.line.lift_total()

    def _take(self, data: bytes) -> int | None:
        if self._is_error():
            # What an error has to say beyond this is of no interest.
            if self._held < _ERROR_BODY:
                self._pieces.append(data[: _ERROR_BODY - self._held])
                self._held += len(data)
                return None
            return 0
        if self._held >= _AHEAD:
            self._paused = True
            self._engine.loop.call_soon(self._rest)
            return int(pycurl.WRITEFUNC_PAUSE)
        self._pieces.append(data)
        self._held += len(data)
        self._all += len(data)
        self._wake()
        return None

    def _is_error(self) -> bool:
        return self._head is not None and self._head.status >= 300

    def _rest(self) -> None:
        if self._paused and self._slotted:
            self._slotted = False
            self._engine.slots.give()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _go_on(self) -> None:
        self._paused = False
        if not self._engine.is_running(self):
            return
        if not self._slotted:
            self._slotted = True
            self._engine.slots.take_now()
        self.resume()

    async def next_piece(self) -> bytes:
        """The next bytes that arrived; b"" at the end.

        Raises:
            TransportError: the body broke off.
            CosClientError: another task reads it.
        """
        while not self._pieces:
            if self._failure is not None:
                raise self._failure
            if self._over:
                return b""
            if self._paused:
                self._go_on()
                continue
            if self._waiter is not None:
                raise CosClientError("the body is being read by another task")
            self._waiter = self._engine.loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        piece = self._pieces.popleft()
        self._held -= len(piece)
        if self._paused and self._held < _AHEAD // 2:
            self._go_on()
        return piece

    def abort(self) -> None:
        """Break off, if it is not over. What was received can still be read."""
        super().abort()
        self._over = True
        self._wake()

    def _received(self) -> int:
        return self._all

    def _conclude(self, error: BaseException | None) -> None:
        self._over = True
        if self._held >= _ERROR_BODY and self._is_error():
            error = None
        if self._answer.done():
            self._failure = error
            self._wake()
        else:
            super()._conclude(error)

    def _is_ours_to_move(self) -> bool:
        return self._paused or super()._is_ours_to_move()


class AsyncBody:
    """What `HttpResponse.stream` holds."""

    def __init__(self, transfer: StreamedTransfer, loop: asyncio.AbstractEventLoop) -> None:
        self._transfer: StreamedTransfer | None = transfer
        self._loop = loop
        self._left = memoryview(b"")

    async def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, or all that are left; b"" at the end.

        Raises:
            TransportError: the body broke off.
        """
        if size < 0:
            pieces = []
            while piece := await self.read(_AHEAD):
                pieces.append(piece)
            return b"".join(pieces)
        if not self._left:
            if self._transfer is None:
                return b""
            piece = await self._next(self._transfer)
            if len(piece) <= size:
                return piece
            self._left = memoryview(piece)
        taken = bytes(self._left[:size])
        self._left = self._left[size:]
        return taken

    async def _next(self, transfer: StreamedTransfer) -> bytes:
        try:
            piece = await transfer.next_piece()
        except BaseException:
            self.close()
            raise
        if not piece:
            self.close()
        return piece

    def close(self) -> None:
        """Let go of the connection, which is closed unless the body was read to its end."""
        transfer, self._transfer = self._transfer, None
        self._left = memoryview(b"")
        if transfer is not None:
            transfer.abort()

    def __del__(self) -> None:
        # From any thread, and from within libcurl's callbacks.
        transfer, self._transfer = self._transfer, None
        if transfer is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(transfer.abort)

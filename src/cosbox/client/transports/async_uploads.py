"""A request's body that libcurl pulls and that a task brings."""

import asyncio
from collections.abc import Callable
from typing import Final

import pycurl

from cosbox.client.transports.async_base import AwaitedBody
from cosbox.client.transports.curl_uploads import Upload
from cosbox.protocol.errors import TransportError

_CHUNK: Final = 512 * 1024
"""How much is asked of a body at once; as much as libcurl takes."""


class AwaitedUpload(Upload):
    """Pauses the transfer while the body has nothing, and asks for the next bytes while the last
    ones are sent: what is held are two chunks of the body."""

    __slots__ = ("_coming", "_count", "_left", "_loop", "_paused", "_source", "_wake")

    def __init__(
        self, body: AwaitedBody, loop: asyncio.AbstractEventLoop, wake: Callable[[], None]
    ) -> None:
        """Upload ``body``; ``wake`` lets the transfer go on."""
        super().__init__(body)
        self._source = body
        self._loop = loop
        self._wake = wake
        self._left = memoryview(b"")
        self._count = 0
        self._coming: asyncio.Future[bytes] | None = None
        self._paused = False

    @property
    def waiting(self) -> bool:
        """Whether it is the body that the transfer waits for."""
        return self._paused

    def read(self, size: int) -> bytes | int:
        """For READFUNCTION."""
        if self.failure is not None:
            return int(pycurl.READFUNC_ABORT)
        try:
            piece = self._piece(size)
        except BaseException as error:  # noqa: BLE001 - raised again once libcurl has returned
            self.failure = error
            return int(pycurl.READFUNC_ABORT)
        if piece is None:
            self._paused = True
            if self._coming is None:
                self._ask()
            return int(pycurl.READFUNC_PAUSE)
        return piece

    def _piece(self, size: int) -> bytes | None:
        """Up to ``size`` bytes; None while there are none yet."""
        if not self._left:
            if self._coming is None or not self._coming.done():
                return None
            data = self._coming.result()
            if not data:
                self._check_length()
                return b""
            self._count += len(data)
            self._ask()
            if len(data) <= size:
                return data
            self._left = memoryview(data)
        piece = bytes(self._left[:size])
        self._left = self._left[size:]
        return piece

    def _check_length(self) -> None:
        if self.length is not None and self._count < self.length:
            raise TransportError(f"the body ended after {self._count} of {self.length} bytes")

    def _ask(self) -> None:
        """Begin to get the next bytes. Not from here, which libcurl has called: the body may be
        made of the same client's answers."""
        coming: asyncio.Future[bytes] = self._loop.create_future()
        coming.add_done_callback(self._arrived)
        self._coming = coming
        self._loop.call_soon(self._get, coming)

    def _get(self, coming: "asyncio.Future[bytes]") -> None:
        if coming.cancelled():
            return
        task = self._loop.create_task(_next(self._source))
        coming.add_done_callback(lambda _: task.cancel())
        task.add_done_callback(lambda _: _hand_over(task, coming))

    def _arrived(self, coming: "asyncio.Future[bytes]") -> None:
        if not coming.cancelled():
            coming.exception()  # it may be that nobody asks for it any more
        if coming is self._coming and self._paused:
            self._paused = False
            self._wake()

    def seek(self, offset: int, origin: int) -> int:
        """For SEEKFUNCTION: libcurl sends again what a stale connection swallowed."""
        if offset or origin or not self._source.replayable:
            return int(pycurl.SEEKFUNC_FAIL)
        self.stop()
        self._source.rewind()
        self._left, self._count = memoryview(b""), 0
        return int(pycurl.SEEKFUNC_OK)

    def stop(self) -> None:
        """Nothing more is needed."""
        coming, self._coming, self._paused = self._coming, None, False
        if coming is not None:
            coming.cancel()


async def _next(body: AwaitedBody) -> bytes:
    return await body.next(_CHUNK)


def _hand_over(task: "asyncio.Task[bytes]", coming: "asyncio.Future[bytes]") -> None:
    if task.cancelled():
        coming.cancel()
        return
    error = task.exception()
    if coming.done():
        return
    if error is not None:
        coming.set_exception(error)
    else:
        coming.set_result(task.result())

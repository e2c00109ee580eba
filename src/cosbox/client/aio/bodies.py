"""What users of the async client pass as Body, as transports pull it.

Bytes and `io.BytesIO` are read in the loop. All else that blocks is read in a thread, half a
mebibyte at a time, one thread's turn being some 0.1 ms: files wait for disks, and pipes, sockets
and generators for whoever feeds them. Async sources are awaited.
"""

import asyncio
import inspect
import io
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any, Final, Protocol

from cosbox.client.aio.stream import AsyncStreamBody
from cosbox.client.bodies import MAX_BODY, Body, BytesBody, StreamedBody, as_bytes
from cosbox.client.sources import BodySource, as_body
from cosbox.client.transports.async_base import AwaitedBody

_THREADS: Final = 16
_AT_ONCE: Final = 0.001
"""Seconds for which a thread goes on collecting pieces before it hands over what it has."""


class AsyncReadable(Protocol):
    """What bytes can be awaited from, such as an `asyncio.StreamReader`."""

    async def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; b"" at the end."""
        ...


AsyncBodySource = (
    BodySource | AsyncReadable | AsyncIterable[bytes | bytearray | memoryview] | AsyncStreamBody
)
"""What may be given as Body."""

AsyncPull = Callable[[int], Awaitable[bytes]]


class Bodies:
    """Makes bodies of what users pass, and owns the threads that blocking ones are read in."""

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None

    def as_body(self, source: Any, declared: int | None = None, *, most: int = MAX_BODY) -> Body:
        """The body that ``source`` stands for; the parameters and errors are those of
        `cosbox.client.sources.as_body`."""
        pull = _async_pull(source)
        if pull is not None:
            known = source.remaining if isinstance(source, AsyncStreamBody) else None
            streamed = _AsyncStreamed(pull, declared if known is None else known)
            body = as_body(streamed, declared, most=most)
        else:
            body = as_body(source, declared, most=most)
        if isinstance(body, (BytesBody, AwaitedBody)) or isinstance(source, io.BytesIO):
            return body
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="cosbox-body")
        return ThreadedBody(body, self._threads)

    def close(self) -> None:
        """Let the threads end when they are done."""
        if self._threads is not None:
            self._threads.shutdown(wait=False)


class ThreadedBody(AwaitedBody):
    """A body that blocks, read in threads."""

    def __init__(self, body: Body, threads: ThreadPoolExecutor) -> None:
        self._body = body
        self._threads = threads
        self._reading: asyncio.Future[bytes] | None = None
        self._from_start = False

    @property
    def length(self) -> int | None:
        """How many bytes there are."""
        return self._body.length

    @property
    def replayable(self) -> bool:
        """Whether `rewind` works."""
        return self._body.replayable

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; blocks."""
        if self._from_start:
            self._from_start = False
            self._body.rewind()
        return self._body.read(size)

    def _gather(self, size: int) -> bytes:
        """Up to ``size`` bytes, of as many small pieces as come at once."""
        end = monotonic() + _AT_ONCE
        data = self.read(size)
        if not data or len(data) == size:
            return data
        pieces, missing = [data], size - len(data)
        # Beginning again is for the next read: this may be one that a transfer left behind.
        while missing and monotonic() < end and (piece := self._body.read(missing)):
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def rewind(self) -> None:
        """Begin again with the next read: a thread may still be reading."""
        self._from_start = True

    def crc64(self) -> int | None:
        """The CRC64, when all was read."""
        return self._body.crc64()

    async def settle(self) -> None:
        """Wait for the thread that reads the file, if there is one."""
        if self._body.replayable and self._reading is not None and not self._reading.done():
            await asyncio.wait([self._reading])

    async def next(self, size: int) -> bytes:
        """Up to ``size`` bytes."""
        if self._reading is not None and not self._reading.done():
            await asyncio.wait([self._reading])  # left behind by a transfer that broke off
        loop = asyncio.get_running_loop()
        self._reading = loop.run_in_executor(self._threads, self._gather, size)
        self._reading.add_done_callback(_look_at)
        return await asyncio.shield(self._reading)


def _look_at(future: "asyncio.Future[bytes]") -> None:
    """What a read that nobody waits for any more raised is nobody's business."""
    if not future.cancelled():
        future.exception()


class _AsyncStreamed(StreamedBody, AwaitedBody):
    """Bytes that come once, and are awaited."""

    __slots__ = ("_async_pull",)

    def __init__(self, pull: AsyncPull, length: int | None) -> None:
        super().__init__(_refuse, length)
        self._async_pull = pull

    async def next(self, size: int) -> bytes:
        """Up to ``size`` bytes."""
        if self._ended:
            return b""
        data = await self._async_pull(size)
        if self._count(data):
            self._end(await self._async_pull(1))
        return data


def _refuse(_size: int) -> bytes:
    return b""


def _async_pull(source: Any) -> AsyncPull | None:
    """How the bytes of an async source are had; None for one that is none."""
    if isinstance(source, AsyncStreamBody):
        return source.read_some
    read = getattr(source, "read", None)
    if inspect.iscoroutinefunction(read):
        return _from_reader(read)
    if isinstance(source, AsyncIterable):
        return _from_iterator(aiter(source))
    return None


def _from_reader(read: Callable[[int], Awaitable[Any]]) -> AsyncPull:
    async def pull(size: int) -> bytes:
        return as_bytes(await read(size))

    return pull


def _from_iterator(source: AsyncIterator[Any]) -> AsyncPull:
    rest = memoryview(b"")

    async def pull(size: int) -> bytes:
        nonlocal rest
        while not rest:
            try:
                chunk = await anext(source)
            except StopAsyncIteration:
                return b""
            rest = memoryview(as_bytes(chunk))
        data, rest = rest[:size], rest[size:]
        return bytes(data)

    return pull

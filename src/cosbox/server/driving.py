"""The driver that waits in an asyncio loop.

What is quick runs in the loop itself: reading a few records, small bodies. What may wait for the
disk runs in threads of its own: large bodies, in and out, and long listings. Writes of records are
handed to the records' own writer, and many requests share one of its transactions.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol

from cosbox.protocol.errors import Refusal
from cosbox.server.effects import Effect, Flow, Read, ReceiveBody, ReceiveDocument, Work, Write
from cosbox.server.messages import Outgoing
from cosbox.service.content import CHUNK, Intake, Stored, Taken
from cosbox.service.store import Store

_DISK_THREADS: Final = 16


class Arriving(Protocol):
    """A request's body, on its way."""

    async def next(self) -> bytes:
        """The next bytes of the body; b"" at its end.

        Raises:
            BodyFailed: it broke off.
            Refusal: it was not sent as it has to be.
        """
        ...


class Driver:
    """Drives flows to their answers, many at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._disk = ThreadPoolExecutor(_DISK_THREADS, thread_name_prefix="cosbox-disk")

    def close(self) -> None:
        """Wait for the threads."""
        self._disk.shutdown()

    async def drive(self, flow: Flow, body: Arriving) -> Outgoing:
        """Run a flow to its answer.

        Raises:
            BodyFailed: the body broke off.
        """
        try:
            effect = next(flow)
            while True:
                try:
                    outcome = await self._perform(effect, body)
                except BaseException as error:  # noqa: BLE001 - the flow judges it
                    effect = flow.throw(error)
                else:
                    effect = flow.send(outcome)
        except StopIteration as end:
            outgoing: Outgoing = end.value
            return outgoing

    async def _perform(self, effect: Effect, body: Arriving) -> Any:
        match effect:
            case Read(query, slow):
                return await self._in_thread(self._read, query) if slow else self._read(query)
            case Write(change):
                return await asyncio.wrap_future(self._store.records.write(change))
            case ReceiveBody(begin, large):
                return await self._receive_body(begin, large, body)
            case ReceiveDocument(limit):
                return await _receive_document(limit, body)
            case Work(function):
                return await self._in_thread(function)

    def _read(self, query: Callable[[Any], Any]) -> Any:
        with self._store.records.read() as snapshot:
            return query(snapshot)

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await self._submit(function, *args)

    def _submit(self, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(self._disk, function, *args)

    async def _receive_body(
        self, begin: Callable[[], Intake], large: bool, body: Arriving
    ) -> Taken:
        intake = await self._begin(begin) if large else begin()
        pouring = _Pouring(intake, self._disk, large=large)
        try:
            while chunk := await body.next():
                await pouring.pour(chunk)
            return await pouring.finish()
        except BaseException:
            await pouring.abandon()
            raise

    async def _begin(self, begin: Callable[[], Intake]) -> Intake:
        beginning = self._submit(begin)
        try:
            intake: Intake = await asyncio.shield(beginning)
        except asyncio.CancelledError:
            await _settle(beginning)
            if not beginning.exception():
                await self._in_thread(beginning.result().abandon)
            raise
        return intake

    async def chunks(self, stored: Stored) -> AsyncGenerator[bytes, None]:
        """What is stored, read in threads: the next chunk is read while one is dealt with.

        Raises:
            BlobMissing: it cannot be read.
        """
        chunks = stored.chunks()
        coming = self._submit(next, chunks, None)
        try:
            while chunk := await asyncio.shield(coming):
                coming = self._submit(next, chunks, None)
                yield chunk
        finally:
            # A generator that a thread is in cannot be closed.
            await _settle(coming)
            await self._in_thread(chunks.close)


async def _settle(work: "asyncio.Future[Any]") -> None:
    """Wait for a thread to be done with what it was given, however that ends."""
    await asyncio.wait([work])
    if not work.cancelled():
        work.exception()


class _Pouring:
    """Moves chunks from the loop into an intake, in threads where the intake may block: one
    buffer is written while the next one fills."""

    def __init__(self, intake: Intake, disk: ThreadPoolExecutor, *, large: bool) -> None:
        self._intake = intake
        self._disk = disk
        self._large = large
        self._held: list[bytes] = []
        self._size = 0
        self._writing: asyncio.Future[Any] | None = None

    async def pour(self, chunk: bytes) -> None:
        if not self._large:
            self._intake.write(chunk)
            return
        self._held.append(chunk)
        self._size += len(chunk)
        if self._size >= CHUNK:
            await self._flush()

    async def _flush(self) -> None:
        if self._writing is not None:
            await asyncio.shield(self._writing)
        held, self._held, self._size = self._held, [], 0
        self._writing = asyncio.get_running_loop().run_in_executor(self._disk, self._write, held)

    def _write(self, chunks: list[bytes]) -> None:
        for chunk in chunks:
            self._intake.write(chunk)

    async def finish(self) -> Taken:
        if not self._large:
            return self._intake.finish()
        await self._flush()
        assert self._writing is not None  # noqa: S101 - flush has just set it
        await asyncio.shield(self._writing)
        loop = asyncio.get_running_loop()
        finishing = loop.run_in_executor(self._disk, self._intake.finish)
        self._writing = finishing
        return await asyncio.shield(finishing)

    async def abandon(self) -> None:
        if self._writing is not None:
            await _settle(self._writing)
        await asyncio.get_running_loop().run_in_executor(self._disk, self._intake.abandon)


async def _receive_document(limit: int, body: Arriving) -> bytes:
    held, size = [], 0
    while chunk := await body.next():
        size += len(chunk)
        if size > limit:
            raise Refusal("XMLSizeLimit")
        held.append(chunk)
    return b"".join(held)

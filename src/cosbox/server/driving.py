"""The driver that waits in an asyncio loop.

What is quick runs in the loop itself: reading a few records, small bodies. What may wait for the
disk runs in threads of its own: large bodies, in and out, and long listings. Writes of records are
handed to the records' own writer, and many requests share one of its transactions.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, aclosing
from typing import Any, Final, Protocol

from cosbox.protocol.errors import Refusal
from cosbox.server.effects import Effect, Flow, Read, ReceiveBody, ReceiveDocument, Work, Write
from cosbox.server.landing import Landing
from cosbox.server.messages import Outgoing
from cosbox.server.transfers import Transfers
from cosbox.service.content import CHUNK, INLINE_LIMIT, Intake, Taken
from cosbox.service.lately import Lately
from cosbox.service.reading import Piece, Stored, Unread
from cosbox.service.store import Store

_DISK_THREADS: Final = 16

_FLUSH: Final = 32 * 1024 * 1024
"""How much of a body is written before its way to the disk begins."""


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

    def __init__(self, store: Store, *, transfers: float = math.inf) -> None:
        """Begin.

        Args:
            store: that flows are about.
            transfers: how many large bodies may be on their way at once, in or out.
        """
        self._store = store
        self.transfers = Transfers(transfers)
        self._landed: Landing | None = None
        self._lately = Lately()
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
                if isinstance(effect, Read) and not effect.slow:
                    effect = self._read_on(flow, effect)
                    continue
                try:
                    outcome = await self._perform(effect, body)
                except BaseException as error:  # noqa: BLE001 - the flow judges it
                    effect = flow.throw(error)
                else:
                    effect = flow.send(outcome)
        except StopIteration as end:
            outgoing: Outgoing = end.value
            return outgoing

    def _read_on(self, flow: Flow, effect: Effect) -> Effect:
        """Do the quick reads that follow each other, all in one snapshot (to find who signed and to
        find the object costs little more than one of the two); returns what is asked for next."""
        with self._store.records.read() as snapshot:
            while isinstance(effect, Read) and not effect.slow:
                try:
                    outcome = effect.query(snapshot)
                except BaseException as error:  # noqa: BLE001 - the flow judges it
                    effect = flow.throw(error)
                else:
                    effect = flow.send(outcome)
        return effect

    async def _perform(self, effect: Effect, body: Arriving) -> Any:
        match effect:
            case Write(change, frees):
                landing = self._landing().await_one()
                self._store.records.hand_in(change, landing, frees=frees)
                return await landing.landed
            case ReceiveBody(begin, large):
                if not large:
                    return await _receive_small(begin(), body)
                with self.transfers.one():
                    return await self._receive_large(begin, body)
            case Read(query):
                return await self._in_thread(self._read, query)
            case ReceiveDocument(limit):
                return await self._receive_document(limit, body)
            case Work(function):
                return await self._in_thread(function)

    def _landing(self) -> Landing:
        loop = asyncio.get_running_loop()
        if self._landed is None or self._landed.loop is not loop:
            self._landed = Landing(loop)
        return self._landed

    def _read(self, query: Callable[[Any], Any]) -> Any:
        with self._store.records.read() as snapshot:
            return query(snapshot)

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await self._submit(function, *args)

    def _submit(self, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(self._disk, function, *args)

    async def _receive_large(self, begin: Callable[[], Intake], body: Arriving) -> Taken:
        pouring = _Pouring(await self._begin(begin), self._disk)
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

    async def pieces(self, stored: Stored, *, files: bool) -> AsyncGenerator[Piece, None]:
        """What is stored, read in threads: the next chunk is read while one is dealt with.

        Args:
            stored: the content.
            files: files may be among the pieces, to be sent as they are.

        Raises:
            Refusal: SlowDown, before the first.
            StorageBusy: no file can be opened for now; before the first, or later.
            BlobMissing: it cannot be read.
        """
        with self.transfers.one():
            pieces = stored.pieces(self._lately if files else None)
            coming = self._submit(next, pieces, None)
            try:
                while piece := await asyncio.shield(coming):
                    if isinstance(piece, Unread):
                        yield piece
                        coming = self._submit(next, pieces, None)
                    else:
                        coming = self._submit(next, pieces, None)
                        yield piece
            finally:
                # A generator that a thread is in cannot be closed.
                await _settle(coming)
                await self._in_thread(pieces.close)

    async def chunks(self, stored: Stored) -> AsyncGenerator[bytes, None]:
        """The same without files.

        Raises:
            Refusal, StorageBusy, BlobMissing: as `pieces`.
        """
        async with aclosing(self.pieces(stored, files=False)) as pieces:
            async for piece in pieces:
                assert isinstance(piece, bytes)  # noqa: S101 - as was asked for
                yield piece

    async def _receive_document(self, limit: int, body: Arriving) -> bytes:
        """A document, which is as large a body as others if it is not small."""
        held, size = [], 0
        with ExitStack() as stack:
            while chunk := await body.next():
                if size <= INLINE_LIMIT < size + len(chunk):
                    stack.enter_context(self.transfers.one())
                size += len(chunk)
                if size > limit:
                    raise Refusal("XMLSizeLimit")
                held.append(chunk)
            return b"".join(held)


async def _receive_small(intake: Intake, body: Arriving) -> Taken:
    try:
        while chunk := await body.next():
            intake.write(chunk)
        return intake.finish()
    except BaseException:
        intake.abandon()
        raise


async def _settle(work: "asyncio.Future[Any]") -> None:
    """Wait for a thread to be done with what it was given, however that ends."""
    await asyncio.wait([work])
    if not work.cancelled():
        work.exception()


class _Pouring:
    """Moves chunks from the loop into an intake, in threads where the intake may block.

    While one buffer fills, the one before is hashed in one thread and written in another, and what
    was written earlier goes to the disk in a third, so that none of them waits for the others.
    """

    def __init__(self, intake: Intake, disk: ThreadPoolExecutor) -> None:
        self._intake = intake
        self._disk = disk
        self._held: list[bytes] = []
        self._size = self._unflushed = 0
        self._jobs: list[asyncio.Future[Any]] = []
        self._flushing: asyncio.Future[Any] | None = None

    async def pour(self, chunk: bytes) -> None:
        self._intake.admit(len(chunk))
        self._held.append(chunk)
        self._size += len(chunk)
        if self._size >= CHUNK:
            await self._hand_over()

    def _submit(self, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(self._disk, function, *args)

    async def _hand_over(self) -> None:
        await self._done()
        held, self._held = self._held, []
        self._flush_at_times()
        self._jobs = [self._submit(self._intake.keep, held), self._submit(self._intake.hash, held)]
        self._unflushed += self._size
        self._size = 0

    async def _done(self) -> None:
        """Wait until the last buffer is hashed and written."""
        for job in self._jobs:
            await asyncio.shield(job)
        self._jobs = []

    def _flush_at_times(self) -> None:
        flushing = self._flushing
        if self._unflushed < _FLUSH or (flushing is not None and not flushing.done()):
            return
        if flushing is not None:
            flushing.result()
        self._flushing = self._submit(self._intake.flush)
        self._unflushed = 0

    async def finish(self) -> Taken:
        await self._hand_over()
        await self._done()
        if self._flushing is not None:
            # The disk tells of a failure once, and this may have been when.
            await asyncio.shield(self._flushing)
        finishing = self._submit(self._intake.finish)
        self._jobs = [finishing]
        taken: Taken = await asyncio.shield(finishing)
        return taken

    async def abandon(self) -> None:
        for job in [*self._jobs, *filter(None, [self._flushing])]:
            await _settle(job)
        await self._submit(self._intake.abandon)

"""The ASGI application: a gateway, driven by an asyncio loop.

What is quick runs in the loop itself: reading a few records, small bodies. What may wait for the
disk runs in threads of its own: large bodies, in and out, and long listings. Writes of records are
handed to the records' own writer, and many requests share one of its transactions.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Self

from cosbox.protocol.errors import Refusal
from cosbox.server.effects import (
    BodyFailed,
    Effect,
    Read,
    ReceiveBody,
    ReceiveDocument,
    Work,
    Write,
)
from cosbox.server.gateway import Gateway
from cosbox.server.messages import Incoming, Outgoing
from cosbox.service.clock import Clock, FolderClock
from cosbox.service.content import CHUNK, Intake, Stored, Taken
from cosbox.service.store import Store
from cosbox.storage.folder import Folder, open_folder

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_DISK_THREADS: Final = 16
_REFUSED_BODIES: Final[Mapping[str, str]] = {
    "stalled": "RequestTimeout",
    "malformed": "InvalidRequest",
    "cut": "IncompleteBody",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a store is served.

    Attributes:
        region: that its buckets say they are in.
        clock: what time it is; None for the machine's, moved as the folder says.
    """

    region: str = "local"
    clock: Clock | None = None


class App:
    """An ASGI 3 application that serves one store."""

    def __init__(self, folder: Folder, settings: Settings) -> None:
        self.folder = folder
        self.store = Store(
            records=folder.records,
            blobs=folder.blobs,
            clock=settings.clock or FolderClock(folder.path),
            region=settings.region,
        )
        self._gateway = Gateway(self.store)
        self._disk = ThreadPoolExecutor(_DISK_THREADS, thread_name_prefix="cosbox-disk")

    def close(self) -> None:
        """Finish what is under way and let go of the folder."""
        self._disk.shutdown()
        self.folder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            raise ValueError(f"cosbox serves HTTP, not {scope['type']}")

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            incoming = incoming_of(scope)
            outgoing = await self._drive(incoming, receive)
        except BodyFailed:
            return  # the client is gone
        await self._send(incoming, outgoing, send)

    async def _drive(self, incoming: Incoming, receive: Receive) -> Outgoing:
        flow = self._gateway.handle(incoming)
        try:
            effect = next(flow)
            while True:
                try:
                    outcome = await self._perform(effect, receive)
                except BaseException as error:  # noqa: BLE001 - the flow judges it
                    effect = flow.throw(error)
                else:
                    effect = flow.send(outcome)
        except StopIteration as end:
            outgoing: Outgoing = end.value
            return outgoing

    async def _perform(self, effect: Effect, receive: Receive) -> Any:
        match effect:
            case Read(query, slow):
                return await self._in_thread(self._read, query) if slow else self._read(query)
            case Write(change):
                return await asyncio.wrap_future(self.store.records.write(change))
            case ReceiveBody(begin, large):
                return await self._receive_body(begin, large, receive)
            case ReceiveDocument(limit):
                return await _receive_document(limit, receive)
            case Work(function):
                return await self._in_thread(function)

    def _read(self, query: Callable[[Any], Any]) -> Any:
        with self.store.records.read() as snapshot:
            return query(snapshot)

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._disk, function, *args)

    async def _receive_body(
        self,
        begin: Callable[[], Intake],
        large: bool,
        receive: Receive,
    ) -> Taken:
        intake = await self._in_thread(begin) if large else begin()
        pouring = _Pouring(intake, self._disk, large=large)
        body = _Arriving(receive)
        try:
            while chunk := await body.next():
                await pouring.pour(chunk)
            return await pouring.finish()
        except BaseException:
            await pouring.abandon()
            raise

    async def _send(self, incoming: Incoming, outgoing: Outgoing, send: Send) -> None:
        head = {
            "type": "http.response.start",
            "status": outgoing.status,
            "headers": [
                (name.encode("ascii"), value.encode()) for name, value in outgoing.headers.items()
            ],
        }
        await send(head)
        body = outgoing.body
        if isinstance(body, bytes):
            await send({"type": "http.response.body", "body": body})
            return
        if incoming.method != "HEAD":
            await self._send_stored(body, send)
        await send({"type": "http.response.body", "body": b""})

    async def _send_stored(self, stored: Stored, send: Send) -> None:
        """Send what is read in a thread; the next chunk is read while this one is sent."""
        chunks = stored.chunks()
        coming = asyncio.ensure_future(self._in_thread(next, chunks, None))
        try:
            while chunk := await coming:
                coming = asyncio.ensure_future(self._in_thread(next, chunks, None))
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        finally:
            # A generator that a thread is in cannot be closed; wait for the thread to leave it.
            await asyncio.wait([coming])
            if not coming.cancelled():
                coming.exception()
            await self._in_thread(chunks.close)


class _Pouring:
    """Moves chunks from the loop into an intake, in threads where the intake may block: one
    buffer is written while the next one fills."""

    def __init__(self, intake: Intake, disk: ThreadPoolExecutor, *, large: bool) -> None:
        self._intake = intake
        self._disk = disk
        self._large = large
        self._held: list[bytes] = []
        self._size = 0
        self._writing: asyncio.Future[None] | None = None

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
            await self._writing
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
        await self._writing
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._disk, self._intake.finish)

    async def abandon(self) -> None:
        if self._writing is not None:
            await asyncio.wait([self._writing])
            self._writing.cancelled() or self._writing.exception()
        await asyncio.get_running_loop().run_in_executor(self._disk, self._intake.abandon)


class _Arriving:
    """A request's body, as its messages bring it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def next(self) -> bytes:
        """The next bytes of a body; b"" at its end.

        Raises:
            BodyFailed: the client is gone.
            Refusal: RequestTimeout or InvalidRequest.
        """
        while not self._ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                code = _REFUSED_BODIES.get(message.get("reason", ""))
                raise Refusal(code) if code else BodyFailed
            self._ended = not message.get("more_body", False)
            if chunk := message.get("body"):
                return bytes(chunk)
        return b""


async def _receive_document(limit: int, receive: Receive) -> bytes:
    held, size = [], 0
    body = _Arriving(receive)
    while chunk := await body.next():
        size += len(chunk)
        if size > limit:
            raise Refusal("XMLSizeLimit")
        held.append(chunk)
    return b"".join(held)


def incoming_of(scope: Message) -> Incoming:
    """A request from its ASGI scope. Bytes that are not UTF-8 become lone surrogates, which the
    gateway refuses."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("utf-8", "surrogateescape")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return Incoming(
        method=scope["method"],
        raw_path=scope["raw_path"].decode("latin-1"),
        raw_query=scope["query_string"].decode("latin-1"),
        headers=headers,
    )


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def open_app(folder: str | os.PathLike[str], *, settings: Settings | None = None) -> App:
    """An application on a store's folder, which is made if it does not exist.

    Raises:
        StoreFormatError: the folder holds something else, or a store of a newer format.
        StoreInUseError: another process excludes this one.
    """
    return App(open_folder(folder), settings or Settings())

"""The ASGI application: a gateway, driven by an asyncio loop."""

import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, Self

from cosbox.protocol.errors import Refusal
from cosbox.server.driving import Driver
from cosbox.server.effects import BodyFailed
from cosbox.server.gateway import Gateway, busy
from cosbox.server.messages import Incoming, Outgoing
from cosbox.service.clock import Clock, FolderClock
from cosbox.service.janitor import Janitor
from cosbox.service.reading import Piece, Stored
from cosbox.service.store import Store
from cosbox.service.upkeep.scrub import Scrub
from cosbox.storage.durable import Durability
from cosbox.storage.errors import StorageBusy
from cosbox.storage.folder import Folder, open_folder

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_LARGE: Final = 64 * 1024
"""An answer of more bytes, as a page of a listing may be, is sent in pieces as its reader takes
them, and counts as a transfer."""

_UNREAD: Final = "http.response.zerocopysend"
"""An extension of ASGI: a part of a file that the server sends by itself."""

_REFUSED_BODIES: Final[Mapping[str, str]] = {
    "stalled": "RequestTimeout",
    "slow": "UserNetworkTooSlow",
    "malformed": "InvalidRequest",
    "cut": "IncompleteBody",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a store is served.

    Attributes:
        region: that its buckets say they are in.
        durability: what an answer outlives (docs/durability.md).
        clock: what time it is; None for the machine's, moved as the folder says.
        transfers: how many large bodies may be on their way at once, in or out.
        scrub_rate: bytes per second of what is stored to read again, to find what rots; 0 for none.
        reserve: bytes to keep on the disk for deletes, should it be full.
        abort_uploads_after: seconds after its last part at which a multipart upload is given up;
            None for never.
    """

    region: str = "local"
    durability: Durability = "full"
    clock: Clock | None = None
    transfers: int = 512
    scrub_rate: int = 0
    reserve: int = 0
    abort_uploads_after: float | None = None


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
        self._driver = Driver(self.store, transfers=settings.transfers)
        self._janitor = Janitor(self.store, abort_uploads_after=settings.abort_uploads_after)
        self._scrub: Scrub | None = None
        if settings.scrub_rate:
            self._scrub = Scrub(self.store, folder.path, rate=settings.scrub_rate)

    def close(self) -> None:
        """Finish what is under way and let go of the folder."""
        self._driver.close()
        self._janitor.close()
        if self._scrub is not None:
            self._scrub.close()
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
            outgoing = await self._driver.drive(self._gateway.handle(incoming), _Arriving(receive))
        except BodyFailed:
            return  # the client is gone
        if isinstance(outgoing.body, Stored):
            files = _UNREAD in scope.get("extensions", ())
            await self._send_stored(incoming, outgoing, outgoing.body, send, files=files)
        elif len(outgoing.body) > _LARGE:
            await self._send_large(incoming, outgoing, outgoing.body, send)
        else:
            await _send_small(outgoing, send)

    async def _send_large(
        self, incoming: Incoming, outgoing: Outgoing, body: bytes, send: Send
    ) -> None:
        try:
            with self._driver.transfers.one():
                await send(_head(outgoing))
                for at in range(0, len(body), _LARGE):
                    piece = body[at : at + _LARGE]
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
        except Refusal as refusal:
            await _send_small(busy(refusal, incoming), send)

    async def _send_stored(
        self, incoming: Incoming, outgoing: Outgoing, stored: Stored, send: Send, *, files: bool
    ) -> None:
        async with aclosing(self._driver.pieces(stored, files=files)) as pieces:
            try:
                # Before the head, for until then it can still be said that it is not to be had.
                first = await anext(pieces, b"")
            except (Refusal, StorageBusy) as error:
                await _send_small(busy(error, incoming), send)
                return
            await send(_head(outgoing))
            await send(_part(first))
            del first  # else each slow reader would hold a chunk more
            async for piece in pieces:
                await send(_part(piece))
        await send({"type": "http.response.body", "body": b""})


async def _send_small(outgoing: Outgoing, send: Send) -> None:
    await send(_head(outgoing))
    await send({"type": "http.response.body", "body": outgoing.body})


def _head(outgoing: Outgoing) -> Message:
    headers = outgoing.headers
    return {
        "type": "http.response.start",
        "status": outgoing.status,
        "headers": [*zip(map(str.encode, headers), map(str.encode, headers.values()), strict=True)],
    }


def _part(piece: Piece) -> Message:
    if isinstance(piece, bytes):
        return {"type": "http.response.body", "body": piece, "more_body": True}
    return {
        "type": _UNREAD,
        "file": piece.file,
        "offset": piece.offset,
        "count": piece.length,
        "more_body": True,
    }


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


def incoming_of(scope: Message) -> Incoming:
    """A request from its ASGI scope. Bytes that are not UTF-8 become lone surrogates, which the
    gateway refuses."""
    pairs = [
        (name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))
        for name, value in scope["headers"]
    ]
    headers = dict(pairs)
    if len(headers) < len(pairs):
        headers = {}
        for name, text in pairs:
            headers[name] = f"{headers[name]},{text}" if name in headers else text
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
    settings = settings or Settings()
    folder_open = open_folder(folder, reserve=settings.reserve, durability=settings.durability)
    return App(folder_open, settings)

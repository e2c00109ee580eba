"""One request and its answer, as the ASGI app sees them.

`Exchange.receive` gives the body as it arrives. When it cannot go on it gives ``http.disconnect``
with a ``reason``:

``closed``
    The client is gone; nothing that is sent will reach it.
``stalled``
    The body stood still for too long.
``slow``
    The body arrives slower than it must.
``malformed``
    The rest of the body is no HTTP.
``cut``
    The client has ended its side of the connection before the end of the body.
``answered``
    The answer is complete.

After ``stalled``, ``slow``, ``malformed`` and ``cut`` the app can still answer. Where it does not,
the front does, with RequestTimeout, UserNetworkTooSlow, InvalidRequest and IncompleteBody. In all
these cases the body is incomplete: its end is told by ``more_body: False`` and by nothing else.

`Exchange.send` raises `ClientGone` when the client is gone.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from cosbox.protocol.errors import Refusal
from cosbox.server.http.front import Front
from cosbox.server.http.heads import CHUNKED, CONTINUE, NO_BODY, SIZED, UNTIL_CLOSE, answer_head
from cosbox.server.http.refusals import refusal_answer
from cosbox.server.http.sending import EXTENSION, File

Message = dict[str, Any]
App = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]

_JOIN_BELOW: Final = 64 * 1024
"""Pieces smaller than this are joined, on the way in for the app and on the way out for the
network. Copying larger ones costs more than another turn or another entry of a vector."""

_PIECE_COST: Final = 64
"""What keeping a piece costs beside its bytes, so that many tiny ones fill the buffer too."""

_SKIP_AT_MOST: Final = 64 * 1024
"""How much of an unread body is awaited and thrown away to keep a connection open."""

_FAULTS: Final = {
    "stalled": ("RequestTimeout", ""),
    "slow": ("UserNetworkTooSlow", ""),
    "malformed": ("InvalidRequest", "The body is no HTTP."),
    "cut": ("IncompleteBody", ""),
}

_log = logging.getLogger("cosbox.http")


class ClientGone(ConnectionError):  # noqa: N818 - names what happened
    """The client closed the connection before the answer was complete."""


class Connection(Protocol):
    """What an exchange needs of the connection that it happens on."""

    front: Front
    transport: asyncio.Transport
    write_paused: bool

    @property
    def body_left(self) -> int:
        """How much is still to come of a body with a Content-Length."""

    def body_wanted(self) -> None:
        """The app waits for the body: it may be said to stand still from now on."""

    def body_taken(self) -> None:
        """There is room for more of the body."""

    async def drain(self) -> None:
        """Wait until the client has read most of what was written."""

    async def send_file(self, exchange: "Exchange", file: File, offset: int, count: int) -> None:
        """Send a part of a file; returns when that is done, or the client is gone."""

    def answered(self, exchange: "Exchange") -> None:
        """The answer is complete."""

    def broken(self, exchange: "Exchange") -> None:
        """The answer will never be complete, which the client must be able to tell."""

    def ended(self, exchange: "Exchange") -> None:
        """The app is done with the exchange."""


class Exchange:
    """A request and its answer.

    Attributes:
        scope: as in ASGI.
        keep_alive: whether the connection stays open afterwards.
        expects: the client waits for 100 Continue.
        reason: why there is no more to receive, or "".
        buffered: what the body costs that the app has not taken yet.
        body_complete: all of the body has arrived.
        complete: all of the answer was written.
        waiting: the app waits for the body.
        status: of the answer; 0 before it began.
        sent: bytes of the answer's body.
        began: the loop's time when the request's head was complete.
        task: runs the app.
    """

    # What most requests leave as it is costs nothing to set.
    _waiter: asyncio.Future[None] | None = None
    _told_end = False
    _start: Message | None = None
    _framing = NO_BODY
    _left = 0
    buffered = 0
    body_complete = False
    reason = ""
    complete = False
    status = 0
    sent = 0
    began = 0.0
    task: asyncio.Task[None] | None = None

    def __init__(
        self, connection: Connection, scope: Message, *, keep_alive: bool, expects: bool, old: bool
    ) -> None:
        self._connection = connection
        self.scope = scope
        self.keep_alive = keep_alive
        self.expects = expects
        self._old = old
        self._pieces: list[bytes] = []

    @property
    def waiting(self) -> bool:
        """The app waits for the body."""
        return self._waiter is not None and not self.body_complete

    @property
    def ends_by_close(self) -> bool:
        """Nothing but the end of the connection tells the client where the answer ends."""
        return self.status > 0 and self._framing == UNTIL_CLOSE

    # ----------------------------------------------------------------------------------------
    # The connection's side

    def feed(self, piece: bytes) -> None:
        """A piece of the body arrived."""
        if not self.reason:
            self._pieces.append(piece)
            self.buffered += len(piece) + _PIECE_COST
            if self._waiter is not None:
                self._wake()

    def finish_body(self) -> None:
        """The body arrived whole."""
        self.body_complete = True
        if self._waiter is not None:
            self._wake()

    def interrupt(self, reason: str) -> None:
        """Nothing more will be received."""
        self.reason = self.reason or reason
        self._pieces.clear()
        self.buffered = 0
        self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def run(self, app: App) -> None:
        """Let the app serve the request, and answer for it where it fails."""
        try:
            await app(self.scope, self.receive, self.send)
            if not self.complete:
                self._fail(None)
        except ClientGone:
            pass
        except Exception as error:  # noqa: BLE001 - whatever an app raises ends its request only
            self._fail(error)
        except BaseException:
            self._connection.broken(self)
            raise
        finally:
            self._connection.ended(self)

    def _fail(self, error: Exception | None) -> None:
        if self.reason == "closed":
            return
        fault = _FAULTS.get(self.reason)
        if fault is None or self.status:
            name = f"{self.scope['method']} {self.scope['path']}"
            _log.error("%s was not answered as it should be", name, exc_info=error)
        if self.complete:
            return
        if self.status:
            self._connection.broken(self)
        else:
            self.refuse(*(fault or ("InternalError", "")))

    def give_up(self) -> None:
        """Answer for an app that takes too long. What it was asked to do may still be done."""
        _log.error("%s %s takes too long", self.scope["method"], self.scope["path"])
        self.refuse("InternalError", "The store did not answer in time.")
        self.reason = "closed"

    def refuse(self, code: str, message: str = "", *, go_on: bool = False) -> None:
        """Answer with an error document.

        Args:
            code: of the refusal.
            message: in place of the code's own.
            go_on: keep the connection for the next request, where the client wants that too.
        """
        refusal = Refusal(code, message)
        self.keep_alive = go_on and self._stays_open()
        self.status = refusal.status
        data = refusal_answer(
            refusal,
            path=self.scope["raw_path"],
            tails=self._connection.front.tails,
            head_only=self.scope["method"] == "HEAD",
            keep_alive=self.keep_alive,
        )
        self._connection.transport.write(data)
        self._complete()

    def _stays_open(self) -> bool:
        """Whether the connection can be kept: what is left of the body must be worth reading."""
        return self.keep_alive and (
            self.body_complete
            or (not self.expects and 0 < self._connection.body_left <= _SKIP_AT_MOST)
        )

    def _complete(self) -> None:
        self.complete = True
        self.interrupt("answered")
        self._connection.answered(self)

    # ----------------------------------------------------------------------------------------
    # The app's side

    async def receive(self) -> Message:
        """The next of the request, as in ASGI; see the module for ``http.disconnect``."""
        if self.expects:
            self.expects = False
            if not (self._pieces or self.body_complete or self.reason):
                self._connection.transport.write(CONTINUE)
        while True:
            if self.reason:
                return {"type": "http.disconnect", "reason": self.reason}
            if self._pieces:
                body = self._take()
                self._told_end = self.body_complete and not self._pieces
                return {"type": "http.request", "body": body, "more_body": not self._told_end}
            if self.body_complete and not self._told_end:
                self._told_end = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await self._wait()

    def _take(self) -> bytes:
        pieces = self._pieces
        body = pieces.pop(0)
        if pieces and len(body) < _JOIN_BELOW:
            body = self._joined(body)
        self.buffered -= len(body) + _PIECE_COST
        self._connection.body_taken()
        return body

    def _joined(self, first: bytes) -> bytes:
        """A piece, with those behind it that are small."""
        pieces = self._pieces
        count, size = 0, len(first)
        for piece in pieces:
            size += len(piece)
            if size > _JOIN_BELOW:
                break
            count += 1
        body = first + b"".join(pieces[:count])
        del pieces[:count]
        self.buffered -= count * _PIECE_COST
        return body

    async def _wait(self) -> None:
        if self._waiter is not None:
            raise RuntimeError("receive is being awaited already")
        self._waiter = asyncio.get_running_loop().create_future()
        self._connection.body_wanted()
        try:
            await self._waiter
        finally:
            self._waiter = None

    async def send(self, message: Message) -> None:
        """Part of the answer, as in ASGI. The head leaves with the first of the body."""
        if self.reason == "closed":
            raise ClientGone("the client closed the connection")
        kind = message["type"]
        if self.complete or (kind == "http.response.start") != (self._start is None):
            raise RuntimeError(f"{kind} has no place here")
        if self._start is None:
            self._start = message
            return
        if kind == EXTENSION:
            await self._send_file(message)
            return
        body = message.get("body", b"")
        more = message.get("more_body", False)
        if not more and not self.status:
            self._answer(self._start, body)
            return
        pieces = [] if self.status else [self._begin(self._start, None)]
        self._frame(pieces, body, more=more)
        if more:
            if self._connection.write_paused:
                await self._connection.drain()
                if self.reason == "closed":
                    raise ClientGone("the client closed the connection")
        else:
            self._complete()

    def _answer(self, start: Message, body: bytes) -> None:
        """All of the answer at once."""
        head = self._begin(start, len(body))
        transport = self._connection.transport
        if self._framing == NO_BODY or not body:
            transport.write(head)
        else:
            self.sent = len(body)
            if self.sent < _JOIN_BELOW:
                transport.write(head + body)
            else:
                transport.writelines((head, body))
        self._complete()

    async def _send_file(self, message: Message) -> None:
        if not self.status:
            assert self._start is not None  # noqa: S101 - `send` looked
            self._connection.transport.write(self._begin(self._start, None))
        count = message["count"] if self._framing == SIZED else 0
        self._left -= count
        if self._left < 0 or (not count and self._framing != NO_BODY):
            raise RuntimeError("a file is no more than Content-Length says, and needs one")
        if count:
            await self._connection.send_file(self, message["file"], message["offset"], count)
        if self.reason == "closed":
            raise ClientGone("the client closed the connection")
        if not message.get("more_body", False):
            self._complete()

    def _begin(self, start: Message, whole: int | None) -> bytes:
        head = answer_head(
            start["status"],
            start.get("headers", ()),
            tails=self._connection.front.tails,
            keep_alive=self._stays_open(),
            head_only=self.scope["method"] == "HEAD",
            old=self._old,
            whole=whole,
        )
        if whole is not None and head.framing == SIZED and whole != head.length:
            raise RuntimeError(f"Content-Length is {head.length}, the body has {whole} bytes")
        self.keep_alive, self._framing, self._left = head.keep_alive, head.framing, head.length
        self.status = start["status"]
        return head.data

    def _frame(self, pieces: list[bytes], body: bytes, *, more: bool) -> None:
        size = len(body)
        framing = self._framing
        if framing == NO_BODY:
            size = 0
        elif framing == CHUNKED:
            if size:
                pieces += (b"%x\r\n" % size, body, b"\r\n")
            if not more:
                pieces.append(b"0\r\n\r\n")
        else:
            if framing == SIZED:
                self._left -= size
                if self._left < 0 or (self._left and not more):
                    raise RuntimeError("the body has another length than Content-Length says")
            if size:
                pieces.append(body)
        self.sent += size
        if not pieces:
            return
        if size < _JOIN_BELOW:
            self._connection.transport.write(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        else:
            self._connection.transport.writelines(pieces)

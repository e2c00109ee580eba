"""The protocol class that uvicorn is given: one HTTP/1.1 connection.

It turns bytes into exchanges and back, in order and within the limits. What is wrong with a
request is answered with a COS error document, after which nothing that the client sends on this
connection is looked at.
"""

import asyncio
import logging
import socket
import struct
from typing import Any, ClassVar, cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from cosbox.protocol.errors import Refusal
from cosbox.server.http.backlog import unread
from cosbox.server.http.exchange import App, Exchange
from cosbox.server.http.front import front_of
from cosbox.server.http.limits import Limits
from cosbox.server.http.reader import RequestReader
from cosbox.server.http.refusals import refusal_answer
from cosbox.server.http.sending import AVAILABLE, EXTENSION, File, send_file
from cosbox.server.http.watch import Watch

_OVERLOAD_SLACK = 128
"""How many connections over the limit get an answer; those beyond are cut."""

_access = logging.getLogger("cosbox.access")


class CosHttpProtocol(asyncio.Protocol):
    """A connection. uvicorn makes it with the arguments of its own protocol classes."""

    limits: ClassVar[Limits] = Limits()
    access_log: ClassVar[bool] = False

    __slots__ = (
        "_app",
        "_app_state",
        "_base",
        "_closing_at",
        "_drained",
        "_eof",
        "_exchange",
        "_fault",
        "_held",
        "_loop",
        "_overloaded",
        "_queue",
        "_reader",
        "_reading",
        "_resting",
        "_sends_file",
        "_served",
        "_since",
        "_state",
        "_swallowed",
        "_tail",
        "_waits",
        "_watch",
        "front",
        "transport",
        "write_paused",
    )

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if not config.loaded:
            config.load()
        self._loop = _loop or asyncio.get_running_loop()
        self._app = cast(App, config.loaded_app)
        self._state = server_state
        self.front = front_of(server_state, self._loop, self.limits)
        self._app_state = app_state
        self._base: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "scheme": "http",
            "root_path": "",
        }
        self._reader = RequestReader(self, self._base, self.front, self.limits)
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._exchange: Exchange | None = None
        self._tail: Exchange | None = None
        self._queue: list[Exchange] = []
        self._held = b""
        self._fault: Refusal | None = None
        self._served = self._overloaded = self._eof = self._waits = self._resting = False
        self._sends_file = False
        self._reading = True
        self.write_paused = False
        self._drained: asyncio.Future[None] | None = None
        self._swallowed = 0
        self._watch = Watch(self.limits)
        self._since = self._closing_at = 0.0

    # ----------------------------------------------------------------------------------------
    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected."""
        self.transport = cast(asyncio.Transport, transport)
        base = self._base
        base["client"] = _address(transport.get_extra_info("peername"))
        base["server"] = _address(transport.get_extra_info("sockname"))
        if transport.get_extra_info("ssl_object"):
            base["scheme"] = "https"
        elif AVAILABLE:
            base["extensions"] = {EXTENSION: {}}
        self.front.join(self)
        self._watch.moved = self._since = self.front.now
        connections = self._state.connections
        connections.add(self)  # type: ignore[arg-type] # uvicorn names its own classes only
        self._overloaded = len(connections) > self.limits.connections
        if len(connections) > self.limits.connections + _OVERLOAD_SLACK:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bytes arrived."""
        watch = self._watch
        watch.moved = self.front.now
        watch.received += len(data)
        if self._closing_at:
            self._swallowed += len(data)
            self._set_reading()
        elif self._held:
            self._held += data
        else:
            self._read(data)
            if self._waits:
                self._begin()

    def eof_received(self) -> bool:
        """The client will send no more; it may still wait for the answer to what it sent."""
        waits = self._exchange is not None or self._queue or self._held
        if not waits or self._closing_at:
            return False
        self._eof = True
        tail = self._tail
        if tail is not None:
            tail.keep_alive = False
            tail.interrupt("cut")
        return True

    def connection_lost(self, _exc: Exception | None) -> None:
        """The connection is no more."""
        self._state.connections.discard(self)
        self.front.leave(self)
        self._closing_at = self.front.now  # so that nothing that waits is begun
        self.resume_writing()
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.interrupt("closed")
            self.front.finished()
        self._queue.clear()
        self._held = b""

    def pause_writing(self) -> None:
        """The client does not keep up."""
        self.write_paused = True

    def resume_writing(self) -> None:
        """The client caught up."""
        self.write_paused = False
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)
        self._go_on()

    # ----------------------------------------------------------------------------------------
    # uvicorn's side

    def shutdown(self) -> None:
        """The server is going down: what is under way is finished, what comes is refused."""
        self.front.closing = True
        if self._exchange is not None:
            self._exchange.keep_alive = False
        elif not self.front.busy:
            self.close_if_idle()

    # ----------------------------------------------------------------------------------------
    # The reader's side

    @property
    def body_left(self) -> int:
        """How much is still to come of a body with a Content-Length."""
        return self._reader.body_left

    def request_began(
        self, scope: dict[str, Any], *, keep_alive: bool, expects: bool, old: bool
    ) -> None:
        """A head is complete."""
        if self._closing_at:
            return
        if self._app_state:
            scope["state"] = self._app_state.copy()
        exchange = Exchange(self, scope, keep_alive=keep_alive, expects=expects, old=old)
        self._tail = exchange
        if self._exchange is None and not self._holds_back():
            self._start(exchange)
        else:
            self._queue.append(exchange)

    def request_body(self, piece: bytes) -> None:
        """Some of its body."""
        if self._tail is not None:
            self._tail.feed(piece)

    def request_ended(self) -> None:
        """The end of it."""
        if self._tail is not None:
            self._tail.finish_body()
            self._tail = None
            if self._exchange is None:
                self._since = self.front.now

    def has_enough(self) -> bool:
        """Whether requests queue up behind the one that is being served, or a body fills its
        buffer, or nothing more will be served at all."""
        tail = self._tail
        return bool(
            self._queue
            or self._closing_at
            or (self._exchange is None and self._holds_back())
            or (tail is not None and tail.buffered > self.limits.body_buffer)
        )

    def _holds_back(self) -> bool:
        """Whether the next request has to wait: for the client to take the answers that it has, or
        for the end of a rest."""
        return self._resting or self.write_paused

    def _read(self, data: bytes) -> None:
        try:
            self._held = self._reader.feed(data)
        except Refusal as refusal:
            self._held = b""
            self._stop_reading(refusal)
        self._set_reading()

    def _stop_reading(self, refusal: Refusal) -> None:
        tail = self._tail
        self._fault = refusal
        if tail is not None and not self._reader.in_head:
            tail.keep_alive = False
            tail.interrupt("malformed")
        if self._exchange is None:
            self._refuse(refusal)

    def _set_reading(self) -> None:
        if self._closing_at:
            wanted = self._swallowed <= self.limits.linger_bytes
        else:
            wanted = not (self._held or self._fault or self.has_enough())
        if wanted != self._reading and not self.transport.is_closing():
            self._reading = wanted
            if wanted:
                self.transport.resume_reading()
            else:
                self.transport.pause_reading()

    # ----------------------------------------------------------------------------------------
    # The exchange's side

    def body_wanted(self) -> None:
        """The app waits for the body: it may be said to stand still from now on."""
        self._watch.moved = self.front.now

    def body_taken(self) -> None:
        """There is room for more of the body."""
        tail = self._tail
        if self._reading or (tail is not None and tail.buffered > self.limits.body_buffer // 2):
            return
        if self._held and not self.has_enough():
            self._read(self._held)
        else:
            self._set_reading()

    async def drain(self) -> None:
        """Wait until the client has read most of what was written."""
        if self._drained is None or self._drained.done():
            self._drained = self._loop.create_future()
        await self._drained

    async def send_file(self, exchange: Exchange, file: File, offset: int, count: int) -> None:
        """Send a part of a file; returns when that is done, or the client is gone."""

        def sent(size: int) -> bool:
            exchange.sent += size
            return exchange.reason != "closed"

        self._sends_file = True
        try:
            await send_file(self, file, offset, count, sent)
        except ConnectionError:
            self.transport.abort()
            exchange.interrupt("closed")
        finally:
            self._sends_file = False

    def answered(self, exchange: Exchange) -> None:
        """The answer is complete: on to the next request, or to the end."""
        self._state.total_requests += 1
        if self.access_log:
            self._log(exchange)
        self._exchange = None
        self._watch.answered += exchange.sent
        if exchange.keep_alive:
            self._next()
        else:
            self._close(unread=bool(not exchange.body_complete or self._queue or self._held))
        self.front.finished()

    def broken(self, exchange: Exchange) -> None:
        """The answer will never be complete, which the client must be able to tell."""
        if self._exchange is not exchange:
            return
        self._exchange = None
        if exchange.ends_by_close:
            reset = struct.pack("ii", 1, 0)
            self.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, reset
            )
            self.transport.abort()
        else:
            self.transport.close()
        self.front.finished()

    def ended(self, exchange: Exchange) -> None:
        """The app is done with the exchange."""
        self._state.tasks.discard(cast("asyncio.Task[None]", exchange.task))

    def _start(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._watch.moved = self.front.now
        self.front.busy += 1
        if self.access_log:
            exchange.began = self._loop.time()
        self._waits = True

    def _begin(self) -> None:
        """Serve the request that waits for it, or turn it away."""
        exchange = self._exchange
        if exchange is None or not self._waits:
            return
        self._waits = False
        if self.front.closing or self._overloaded:
            exchange.refuse("ServiceUnavailable" if self.front.closing else "SlowDown")
            return
        # Of tasks and not of answers: one that was given up may still hold what it took.
        if len(self._state.tasks) >= self.limits.requests:
            self._resting = True
            self._loop.call_later(self.limits.rest, self._rested)
            exchange.refuse("SlowDown", go_on=True)
            return
        # A task, so that first all that arrived is read and then all of it served: each by turns
        # takes a tenth more (docs/decisions/0009).
        exchange.task = self._loop.create_task(exchange.run(self._app))
        self._state.tasks.add(exchange.task)

    def _rested(self) -> None:
        self._resting = False
        self._go_on()

    def _go_on(self) -> None:
        if self._exchange is None and not (self._closing_at or self.transport.is_closing()):
            self._next()

    def _next(self) -> None:
        self._served = True
        self._since = self.front.now
        if self._holds_back():
            self._set_reading()
            return
        if self._queue:
            self._start(self._queue.pop(0))
        if self._held and not self.has_enough():
            self._read(self._held)
        if self._waits:
            # Not at once: others have their turn, and a task may have led here.
            self._loop.call_soon(self._begin)
        if self._exchange is None and not self._closing_at:
            if self._fault is not None:
                self._refuse(self._fault)
            elif self._eof:
                self.transport.close()
        if not self._reading:
            self._set_reading()

    # ----------------------------------------------------------------------------------------
    # The end

    def check(self, now: float) -> None:
        """End what has taken too long; called about once a second."""
        if self._is_unsent(now):
            return
        limits = self.limits
        exchange = self._exchange
        if self._closing_at:
            if now > self._closing_at:
                self.transport.abort()
        elif exchange is not None:
            self._check_exchange(exchange, now)
        elif self._tail is not None:
            if now - self._watch.moved > limits.body_timeout:
                self.transport.close()
        elif self._reader.head_since is not None:
            if now - self._reader.head_since > limits.header_timeout:
                self._refuse(Refusal("RequestTimeout", "The header did not arrive in time."))
        elif now - self._since > (limits.idle_timeout if self._served else limits.header_timeout):
            self.transport.close()

    def _check_exchange(self, exchange: Exchange, now: float) -> None:
        watch = self._watch
        if exchange.waiting:
            if fault := watch.fault_of_body(now):
                exchange.keep_alive = False
                exchange.interrupt(fault)
            return
        watch.no_body()
        if not exchange.status and now - watch.moved > self.limits.answer_timeout:
            exchange.give_up()

    def _is_unsent(self, now: float) -> bool:
        unsent = unread(self.transport, past_it=self._sends_file)
        if not unsent:
            self._watch.all_taken()
            return False
        if self._watch.is_left(now, unsent, self._exchange.sent if self._exchange else 0):
            self.transport.abort()
        if self._closing_at:
            self._closing_at = now + self.limits.linger_timeout
        return True

    def close_if_idle(self) -> None:
        """Close, unless a request is under way; one that has only begun is refused."""
        if self._exchange is not None or self._closing_at:
            return
        if self._reader.head_since is not None:
            self._refuse(Refusal("ServiceUnavailable"))
        else:
            self.transport.close()

    def _refuse(self, refusal: Refusal) -> None:
        data = refusal_answer(
            refusal,
            path=self._reader.path,
            tails=self.front.tails,
            head_only=self._reader.method == "HEAD",
        )
        self.transport.write(data)
        self._close(unread=True)

    def _close(self, *, unread: bool) -> None:
        """Close so that the client sees the answer: to close with something unread resets the
        connection, and a reset may overtake the answer. So half of it is closed, and what the
        client still sends is thrown away for a while."""
        if self.transport.is_closing():
            return
        self._queue.clear()
        self._held = b""
        self._tail = None
        if not unread or self._eof:
            self.transport.close()
            return
        self._closing_at = self.front.now + self.limits.linger_timeout
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._set_reading()

    def _log(self, exchange: Exchange) -> None:
        client = exchange.scope["client"]
        _access.info(
            '%s "%s %s" %d %d %.1fms',
            f"{client[0]}:{client[1]}" if client else "-",
            exchange.scope["method"],
            exchange.scope["raw_path"].decode("ascii"),
            exchange.status,
            exchange.sent,
            (self._loop.time() - exchange.began) * 1000,
        )


def _address(name: object) -> tuple[str, int] | None:
    if isinstance(name, tuple) and len(name) >= 2:
        return str(name[0]), int(name[1])
    return None


def protocol_class(limits: Limits, *, access_log: bool = False) -> type[CosHttpProtocol]:
    """The class with these settings, to be given to uvicorn as ``http=``."""
    names = {"limits": limits, "access_log": access_log, "__slots__": ()}
    return type("CosHttpProtocol", (CosHttpProtocol,), names)

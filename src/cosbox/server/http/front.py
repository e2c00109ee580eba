"""What all connections of one server share: the clock, the date line, the sweep for timeouts.

One timer per process looks at every connection about once a second. That costs a connection
nothing while it works, where a timer per request would be made and cancelled each time.
"""

import asyncio
import time
from typing import Protocol
from weakref import WeakKeyDictionary

from uvicorn.server import ServerState

from cosbox.protocol.dates import http_date
from cosbox.server.http.heads import Tails, tails
from cosbox.server.http.limits import Limits


class Swept(Protocol):
    """A connection, as the sweep sees it."""

    def check(self, now: float) -> None:
        """End what has taken too long."""
        ...

    def close_if_idle(self) -> None:
        """Close, unless a request is under way."""
        ...


class Front:
    """The state of one server.

    Attributes:
        now: the loop's time at the latest sweep; as exact as timeouts need it.
        tails: the end of every head, with the date of this second.
        busy: how many requests are under way.
        closing: the server is going down; no further request is accepted.
    """

    __slots__ = ("_connections", "_interval", "_loop", "_timer", "busy", "closing", "now", "tails")

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: Limits) -> None:
        self._loop = loop
        self._interval = limits.sweep_interval
        self._connections: set[Swept] = set()
        self._timer: asyncio.TimerHandle | None = None
        self.busy = 0
        self.closing = False
        self.now = 0.0
        self.tails = Tails(b"", b"")

    def join(self, connection: Swept) -> None:
        """Take a connection into the sweep, which runs only while there are connections."""
        self._connections.add(connection)
        if self._timer is None:
            self._tick()

    def leave(self, connection: Swept) -> None:
        """Take a connection out."""
        self._connections.discard(connection)
        if not self._connections and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def finished(self) -> None:
        """A request is done. When the server goes down and it was the last, nothing else is
        waited for."""
        self.busy -= 1
        if self.closing and not self.busy:
            for connection in list(self._connections):
                connection.close_if_idle()

    def _tick(self) -> None:
        self.now = self._loop.time()
        self.tails = tails(http_date(int(time.time())))
        self._timer = self._loop.call_later(self._interval, self._sweep)

    def _sweep(self) -> None:
        self._tick()
        for connection in list(self._connections):
            connection.check(self.now)


_FRONTS: WeakKeyDictionary[ServerState, Front] = WeakKeyDictionary()


def front_of(state: ServerState, loop: asyncio.AbstractEventLoop, limits: Limits) -> Front:
    """The front of a server, made when its first connection arrives."""
    front = _FRONTS.get(state)
    if front is None:
        front = _FRONTS[state] = Front(loop, limits)
    return front

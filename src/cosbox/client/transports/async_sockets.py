"""Which of libcurl's sockets are ready, as an event loop tells it."""

import asyncio
import select
from collections.abc import Callable
from typing import Final, Protocol

import pycurl

Ready = Callable[[int, int], None]
"""Told a socket and what it is ready for, in libcurl's bits."""


class Sockets(Protocol):
    """Watches sockets for an engine."""

    def watch(self, socket: int, wanted: int) -> None:
        """Watch for libcurl's POLL_IN, POLL_OUT or both; 0 to watch no more."""
        ...

    def close(self) -> None:
        """Watch nothing any more."""
        ...


def sockets_of(loop: asyncio.AbstractEventLoop, ready: Ready, done: Callable[[], None]) -> Sockets:
    """What watches sockets for ``loop``: it calls ``ready`` for each that is, and then ``done``."""
    kind = EpollSockets if hasattr(select, "epoll") else LoopSockets
    return kind(loop, ready, done)


class LoopSockets:
    """Has the loop watch each socket."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, ready: Ready, done: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._ready = ready
        self._done = done
        self._watched: dict[int, int] = {}

    def watch(self, socket: int, wanted: int) -> None:
        """As `Sockets.watch`."""
        before = self._watched.pop(socket, 0)
        if wanted:
            self._watched[socket] = wanted
        if self._loop.is_closed():
            return
        if wanted & pycurl.POLL_IN and not before & pycurl.POLL_IN:
            self._loop.add_reader(socket, self._tell, socket, pycurl.CSELECT_IN)
        elif before & pycurl.POLL_IN and not wanted & pycurl.POLL_IN:
            self._loop.remove_reader(socket)
        if wanted & pycurl.POLL_OUT and not before & pycurl.POLL_OUT:
            self._loop.add_writer(socket, self._tell, socket, pycurl.CSELECT_OUT)
        elif before & pycurl.POLL_OUT and not wanted & pycurl.POLL_OUT:
            self._loop.remove_writer(socket)

    def _tell(self, socket: int, bits: int) -> None:
        self._ready(socket, bits)
        self._done()

    def close(self) -> None:
        """As `Sockets.close`."""
        for socket in list(self._watched):
            self.watch(socket, 0)


if hasattr(select, "epoll"):
    _EVENTS: Final = {
        pycurl.POLL_IN: select.EPOLLIN,
        pycurl.POLL_OUT: select.EPOLLOUT,
        pycurl.POLL_INOUT: select.EPOLLIN | select.EPOLLOUT,
    }

    class EpollSockets:
        """Watches the sockets itself, and has the loop watch the epoll.

        Each request has its socket watched anew, which costs a loop several times what it costs
        an epoll, and sockets that are ready together are dealt with together.
        """

        def __init__(
            self, loop: asyncio.AbstractEventLoop, ready: Ready, done: Callable[[], None]
        ) -> None:
            self._loop = loop
            self._ready = ready
            self._done = done
            self._watched: set[int] = set()
            self._epoll = select.epoll()
            loop.add_reader(self._epoll.fileno(), self._look)

        def watch(self, socket: int, wanted: int) -> None:
            """As `Sockets.watch`."""
            if self._epoll.closed:
                return
            if not wanted:
                if socket in self._watched:
                    self._watched.discard(socket)
                    self._epoll.unregister(socket)
            elif socket in self._watched:
                self._epoll.modify(socket, _EVENTS[wanted])
            else:
                self._watched.add(socket)
                self._epoll.register(socket, _EVENTS[wanted])

        def _look(self) -> None:
            for socket, events in self._epoll.poll(0):
                bits = 0
                if events & ~select.EPOLLOUT:
                    bits |= pycurl.CSELECT_IN
                if events & ~select.EPOLLIN:
                    bits |= pycurl.CSELECT_OUT
                self._ready(socket, bits)
            self._done()

        def close(self) -> None:
            """As `Sockets.close`."""
            if not self._loop.is_closed():
                self._loop.remove_reader(self._epoll.fileno())
            self._watched.clear()
            self._epoll.close()

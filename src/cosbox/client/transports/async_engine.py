"""libcurl's multi interface, driven by an event loop: the loop says which sockets are ready and
when time has passed, and libcurl moves what can be moved."""

import asyncio
import time
from typing import Final, Protocol

import pycurl

from cosbox.client.transports.async_slots import Slots
from cosbox.client.transports.async_sockets import sockets_of
from cosbox.client.transports.base import HttpRequest
from cosbox.client.transports.curl_line import Line
from cosbox.client.transports.forks import abandon, remember
from cosbox.client.transports.settings import Settings
from cosbox.protocol.errors import ParameterError

_LONGEST_LOOK: Final = 1.0
"""Seconds between two looks for transfers that have stalled, at the most."""


class Running(Protocol):
    """A transfer, as the engine sees it."""

    @property
    def line(self) -> Line: ...
    @property
    def stall(self) -> float | None:
        """After how many seconds without a byte `check_stall` gives up."""
        ...

    def finished(self, failure: tuple[int, str] | None) -> None:
        """It is over, by success or one of libcurl's errors."""
        ...

    def check_stall(self, now: float) -> None:
        """Give up if no byte moved for too long."""
        ...


class Engine:
    """One CurlMulti and the transfers in it, for one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limit: int) -> None:
        """Drive transfers by ``loop``, and keep up to ``limit`` connections.

        Raises:
            ParameterError: the loop cannot watch sockets.
        """
        if type(loop).add_reader is asyncio.AbstractEventLoop.add_reader:
            raise ParameterError(
                "this event loop cannot watch sockets, as Windows' Proactor loop cannot; use "
                "asyncio.SelectorEventLoop: asyncio.run(main(), loop_factory=...) or a policy"
            )
        self.loop = loop
        self.slots = Slots(limit)
        self._limit = limit
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, limit)
        self._running: dict[pycurl.Curl, Running] = {}
        self._idle: list[Line] = []
        self._sockets = sockets_of(loop, self._act, self._reap)
        self._timer: asyncio.Handle | None = None
        self._at_once = False
        self._look: asyncio.TimerHandle | None = None
        self._look_every = _LONGEST_LOOK
        self._closing = self._closed = False
        remember(self)

    def orphan(self) -> None:
        """In a child: the connections and the loop are the parent's."""
        abandon(self._multi)
        for line in self._idle:
            abandon(line.handle)
        for handle in self._running:
            abandon(handle)
        self._closed = True

    @property
    def gone(self) -> bool:
        """Whether it is of no use any more."""
        return self._closed or self.loop.is_closed()

    # transfers

    def take_line(self, request: HttpRequest, settings: Settings) -> Line:
        """A handle for the place where a request goes; the one that was used last."""
        place = request.place
        for at in range(len(self._idle) - 1, -1, -1):
            if self._idle[at].place == place:
                return self._idle.pop(at)
        return Line(request, settings)

    def start(self, transfer: Running) -> None:
        """Begin a transfer whose handle is set up."""
        handle = transfer.line.handle
        self._running[handle] = transfer
        self._multi.add_handle(handle)
        if transfer.stall is not None:
            self._look_within(transfer.stall / 5)

    def stop(self, transfer: Running) -> None:
        """Break a transfer off, if it is not over: its connection is closed."""
        if self.is_running(transfer):
            handle = transfer.line.handle
            del self._running[handle]
            self._multi.remove_handle(handle)
            handle.close()
            self._end()

    def is_running(self, transfer: Running) -> bool:
        """Whether it is not over."""
        return self._running.get(transfer.line.handle) is transfer

    def _reap(self) -> None:
        more = 0 if self._closed else 1
        while more:
            more, succeeded, failed = self._multi.info_read()
            for handle in succeeded:
                self._finish(handle, None)
            for handle, code, message in failed:
                self._finish(handle, (code, message))

    def _finish(self, handle: pycurl.Curl, failure: tuple[int, str] | None) -> None:
        transfer = self._running.pop(handle)
        self._multi.remove_handle(handle)
        transfer.finished(failure)
        if failure is not None or self._closing:
            handle.close()
        else:
            transfer.line.rest()
            self._idle.append(transfer.line)
            if len(self._idle) > self._limit:
                self._idle.pop(0).handle.close()
        self._end()

    # sockets and time

    def _watch(self, event: int, socket: int, *_: object) -> None:
        """For M_SOCKETFUNCTION."""
        self._sockets.watch(socket, 0 if event == pycurl.POLL_REMOVE else event)

    def _set_timer(self, milliseconds: int) -> None:
        """For M_TIMERFUNCTION."""
        at_once = milliseconds == 0
        if at_once and self._at_once:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._at_once = at_once
        if milliseconds < 0 or self.loop.is_closed():
            return
        if at_once:
            self._timer = self.loop.call_soon(self._expire)
        else:
            self._timer = self.loop.call_later(milliseconds / 1000, self._expire)

    def _expire(self) -> None:
        self._timer, self._at_once = None, False
        self._act(pycurl.SOCKET_TIMEOUT, 0)
        self._reap()

    def _act(self, socket: int, ready: int) -> None:
        if not self._closed:
            self._multi.socket_action(socket, ready)

    # stalls: libcurl's own limit knows whole seconds only, and runs on while a body is waited for

    def _look_within(self, seconds: float) -> None:
        seconds = min(seconds, _LONGEST_LOOK)
        if self._look is not None:
            if seconds >= self._look_every:
                return
            self._look.cancel()
        self._look_every = seconds
        self._look = self.loop.call_later(seconds, self._look_around)

    def _look_around(self) -> None:
        self._look = None
        now = time.monotonic()
        for transfer in list(self._running.values()):
            transfer.check_stall(now)
        stalls = [each.stall for each in self._running.values() if each.stall is not None]
        if stalls:
            self._look_within(min(stalls) / 5)

    # the end

    def close(self) -> None:
        """Close the connections that are idle, and those in use when they are done."""
        self._closing = True
        while self._idle:
            self._idle.pop().handle.close()
        self._end()

    def discard(self) -> None:
        """Close everything: the loop has ended."""
        self._running.clear()
        self.close()

    def _end(self) -> None:
        if self._closed or self._running or not self._closing:
            return
        self._closed = True
        for timer in (self._timer, self._look):
            if timer is not None:
                timer.cancel()
        self._multi.close()
        self._sockets.close()

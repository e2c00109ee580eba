"""One request and its answer at a time, over a connection that is kept."""

import time
from collections.abc import Callable
from typing import Final

import pycurl

from cosbox.client.transports.base import HttpRequest, HttpResponse, Timeouts
from cosbox.client.transports.curl_body import Body, joined
from cosbox.client.transports.curl_line import Line
from cosbox.client.transports.curl_sockets import Sockets, guarded, unsent
from cosbox.client.transports.curl_uploads import Upload, held_whole
from cosbox.client.transports.faults import (
    broken_off,
    not_done,
    not_moving,
    transport_error,
    was_connected,
)
from cosbox.client.transports.forks import abandon, remember
from cosbox.client.transports.heads import Answer, final_head
from cosbox.client.transports.held import HeldBody
from cosbox.client.transports.settings import Settings
from cosbox.protocol.errors import TransportError

_GLANCES: Final = 8
"""How often it is seen whether bytes leave, in the time that none may."""

_LOOK: Final = 0.2
"""Seconds after which it is seen whether to go on, where somebody may stop the request."""

_NO_REQUEST: Final = HttpRequest("", "", "", "")
_ERROR_BODY: Final = 1024 * 1024
_ABORT: Final[int] = pycurl.READFUNC_ABORT
_TIMER: Final[int] = pycurl.SOCKET_TIMEOUT


class Exchange:
    """A handle in a multi of its own, driven by whoever waits for the answer.

    What libcurl calls while it runs are functions in C, and `guarded` ones: a signal's handler
    runs between two steps, or is caught. While nobody reads a streamed body nothing runs, and what
    the peer sends waits in the kernel; a step receives a few times libcurl's buffer at the most.
    """

    def __init__(self, request: HttpRequest, settings: Settings) -> None:
        """Make one for requests to the place where ``request`` goes."""
        self._line = Line(request, settings)
        self.place = self._line.place
        self._handle = self._line.handle
        self._lines, self._pieces = self._line.lines, self._line.pieces
        self._multi = pycurl.CurlMulti()
        # A request that must have a fresh connection takes the place of the one there was.
        self._multi.setopt(pycurl.M_MAXCONNECTS, 1)
        self._failures: list[BaseException] = []
        self._sockets = Sockets(self._multi, self._failures)
        self._upload: Upload | None = None
        self._running = self._alien = False
        self._error: BaseException | None = None
        remember(self)

    def orphan(self) -> None:
        """In a child: the transfer is the parent's."""
        abandon(self._multi)
        abandon(self._handle)
        self._running, self._alien = False, True
        self._error = TransportError("this body is read by the process that asked for it")

    def begin(
        self, request: HttpRequest, timeouts: Timeouts, done: Callable[["Exchange"], None]
    ) -> HttpResponse:
        """Send a request; returns its answer, or as soon as its head is there where it asked for a
        stream.

        Args:
            request: what to send.
            timeouts: how long to wait.
            done: is given this when its connection can be used again.
        """
        self._request, self._timeouts, self._done = request, timeouts, done
        try:
            self._start()
            answer = self._stream() if request.stream else self._whole()
        except BaseException:
            self.destroy()
            raise
        # Out of reach of destroy: from here on this may serve another request.
        if not isinstance(answer.stream, Body):
            self.finish()
        return answer

    def _start(self) -> None:
        request, line = self._request, self._line
        self._received = self._queued = 0
        held = held_whole(request.body)
        if held is None and request.body is not None:
            self._upload = Upload(request.body)
            read = guarded(self._upload.read, self._failures, otherwise=_ABORT)
            self._handle.setopt(pycurl.READFUNCTION, read)
        line.describe(request, self._upload, held)
        line.limit(self._timeouts.connect)
        self._moved = time.monotonic()
        total = self._timeouts.total
        self._deadline = None if total is None else self._moved + total
        self._multi.add_handle(self._handle)
        self._running = True
        self._act(_TIMER, 0)
        self._moved = time.monotonic()

    def _whole(self) -> HttpResponse:
        while self._running:
            self._step()
        answer = self._head()
        body = b"".join(self._pieces)
        return HttpResponse(answer.status, answer.fields, body)

    def _stream(self) -> HttpResponse:
        answer = None
        while answer is None and self._running:
            self._step()
            answer = final_head(self._lines)
        answer = answer or self._head()
        self._deadline = None
        if answer.status >= 300:
            return HttpResponse(answer.status, answer.fields, self._error_body())
        if self._running or self._error is not None:
            return HttpResponse(answer.status, answer.fields, stream=Body(self))
        return HttpResponse(answer.status, answer.fields, stream=HeldBody(b"".join(self._pieces)))

    def _error_body(self) -> bytes:
        found, size = [], 0
        while size < _ERROR_BODY and (piece := self.next_piece()):
            found.append(piece)
            size += len(piece)
        return b"".join(found)[:_ERROR_BODY]

    def _head(self) -> Answer:
        if self._error is not None:
            raise self._error
        answer = final_head(self._lines)
        if answer is None:
            raise TransportError(f"{self._request.method} {self._request.host}: no HTTP answer")
        return answer

    def next_piece(self) -> bytes:
        """The next bytes that arrived; b"" at the end.

        Raises:
            TransportError: the body broke off.
        """
        pieces = self._pieces
        if not pieces and self._running:
            # Time that the reader took does not count.
            self._moved = time.monotonic()
            while not pieces and self._running:
                self._step()
        if not pieces:
            if self._error is not None:
                raise self._error
            return b""
        piece = pieces.popleft()
        if pieces:
            piece = joined(piece, pieces)
        self._received += len(piece)
        return piece

    def _step(self) -> None:
        """Wait for the network, and let libcurl go on."""
        if self._request.stop is not None:
            self._request.stop()
        ready = self._sockets.wait(self._patience())
        if ready:
            for descriptor, event in ready:
                if self._running:
                    self._act(descriptor, event)
            # Only now: what the body's source took to say something is no stall.
            self._moved = time.monotonic()
        else:
            self._act(_TIMER, 0)
            self._look_at_the_clock()

    def _act(self, descriptor: int, event: int) -> None:
        running = self._multi.socket_action(descriptor, event)[1]
        if self._failures:
            raise self._failures[0]
        if not running:
            self._conclude()

    def _patience(self) -> float | None:
        """How many milliseconds to wait."""
        timer = self._multi.timeout()
        limits = [timer] if timer >= 0 else []
        if self._request.stop is not None:
            limits.append(_LOOK * 1000)
        if self._timeouts.stall is not None:
            limits.append(self._timeouts.stall * 1000 / _GLANCES + 1)
        if self._deadline is not None:
            limits.append(max(0, self._deadline - time.monotonic()) * 1000 + 1)
        return min(limits) if limits else None

    def _look_at_the_clock(self) -> None:
        if not self._running:
            return
        now = time.monotonic()
        if self._deadline is not None and now >= self._deadline:
            raise not_done(self._request, self._timeouts, sent=was_connected(self._handle))
        stall = self._timeouts.stall
        if stall is None:
            return
        queued = unsent(self._handle.getinfo(pycurl.ACTIVESOCKET))
        if queued != self._queued or not was_connected(self._handle):
            # A slow peer empties the kernel's megabytes long before the socket can be written to
            # again. And connecting has a limit of its own.
            self._queued, self._moved = queued, now
        elif now - self._moved >= stall:
            raise not_moving(self._request, self._timeouts)

    def _conclude(self) -> None:
        self._error = self._upload.failure if self._upload is not None else None
        for _, code, message in self._multi.info_read()[2]:
            self._error = self._error or self._fault(code, message)
        self._stop()

    def _fault(self, code: int, message: str) -> BaseException:
        request = self._request
        answer = final_head(self._lines)
        length = answer.length() if answer is not None else None
        if code == pycurl.E_PARTIAL_FILE and length is not None:
            received = self._received + sum(map(len, self._pieces))
            made: TransportError = broken_off(request, received, length)
        else:
            sent = was_connected(self._handle)
            made = transport_error(code, message, request, self._timeouts, connected=sent)
        made.__cause__ = pycurl.error(code, message)
        return made

    def _stop(self) -> None:
        self._running = False
        self._multi.remove_handle(self._handle)

    def finish(self) -> None:
        """The reader is done: keep the connection if the body was read to its end."""
        if self._running or self._alien or self._error is not None:
            self.destroy()
            return
        # An idle connection holds no body.
        self._request, self._upload = _NO_REQUEST, None
        self._line.rest()
        self._done(self)

    def destroy(self) -> None:
        """Close the connection."""
        if self._alien:
            return
        # A body that an interrupt left behind is dropped later, and must not put this back.
        self._error = self._error or TransportError("the connection was closed")
        if self._running:
            self._stop()
        self._handle.close()
        self._multi.close()

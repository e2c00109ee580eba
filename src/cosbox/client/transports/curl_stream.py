"""An answer's body that its reader pulls through libcurl."""

import select
import time
from collections import deque
from collections.abc import Callable
from typing import Final

import pycurl

from cosbox.client.transports.base import HttpRequest, HttpResponse, Timeouts
from cosbox.client.transports.curl_options import Settings, Upload, apply
from cosbox.client.transports.faults import transport_error, was_connected
from cosbox.client.transports.forks import abandon, remember
from cosbox.client.transports.heads import Head
from cosbox.protocol.errors import TransportError, TransportTimeoutError

_AHEAD: Final = 1024 * 1024
"""How much is received ahead of the reader before the transfer is paused."""

_PAUSE: Final[int] = pycurl.WRITEFUNC_PAUSE
_UPLOADED: Final[int] = getattr(pycurl, "SIZE_UPLOAD_T", pycurl.SIZE_UPLOAD)
_ERROR_BODY: Final = 1024 * 1024
_LOOK: Final = 0.25
"""Seconds after which a wait looks around: for signals, and for timers of libcurl."""


class Stream:
    """A handle in a multi of its own. One transfer at a time, many one after another."""

    def __init__(self) -> None:
        self._multi = pycurl.CurlMulti()
        self._handle = pycurl.Curl()
        self._running = self._orphaned = False
        self._failure: BaseException | None = None
        remember(self)

    def orphan(self) -> None:
        """In a child: the transfer is the parent's."""
        abandon(self._multi)
        abandon(self._handle)
        self._running, self._orphaned = False, True
        self._failure = TransportError("this body is read by the process that asked for it")

    def begin(
        self,
        request: HttpRequest,
        timeouts: Timeouts,
        settings: Settings,
        done: Callable[["Stream"], None],
    ) -> HttpResponse:
        """Send a request; returns once the head of the answer is there.

        Args:
            request: what to send.
            timeouts: how long to wait.
            settings: of the transport.
            done: is given this when the transfer is over and its connection can be used again.
        """
        self._request, self._timeouts, self._done = request, timeouts, done
        self._head = Head()
        self._upload = Upload(request.body)
        self._pieces: deque[bytes] = deque()
        self._held = self._received = self._sent = 0
        self._paused = False
        self._failure = None
        try:
            apply(self._handle, request, timeouts, settings, self._upload)
            self._handle.setopt(pycurl.HEADERFUNCTION, self._head.feed)
            self._handle.setopt(pycurl.WRITEFUNCTION, self._take)
            self._multi.add_handle(self._handle)
            self._running = True
            self._moved = time.monotonic()
            while not self._head.complete and self._running:
                self._step()
            self._check()
            self._handle.setopt(pycurl.TIMEOUT_MS, 0)  # the limit for everything but the body
            head = self._head  # once the body is at its end, this may serve another request
            body = Body(self)
            if head.status >= 300:
                whole = body.read(_ERROR_BODY)
                while len(whole) < _ERROR_BODY and (more := body.read(_ERROR_BODY - len(whole))):
                    whole += more
                body.close()
                return HttpResponse(head.status, head.fields(), whole)
        except BaseException:
            self.destroy()
            raise
        return HttpResponse(head.status, head.fields(), stream=body)

    def _take(self, data: bytes) -> int | None:
        """For WRITEFUNCTION."""
        if self._held >= _AHEAD:
            self._paused = True
            return _PAUSE
        self._pieces.append(data)
        self._held += len(data)
        self._received += len(data)
        return None

    def next_piece(self) -> bytes:
        """The next bytes that arrived; b"" at the end.

        Raises:
            TransportError: the body broke off.
        """
        while not self._pieces:
            self._check()
            if not self._running:
                return b""
            self._step()
        piece = self._pieces.popleft()
        self._held -= len(piece)
        return piece

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _step(self) -> None:
        """Let libcurl go on, and wait for the network where it has nothing to do."""
        if self._paused:
            self._paused = False
            self._moved = time.monotonic()
            self._handle.pause(pycurl.PAUSE_CONT)
        before = self._received, self._head.complete
        while self._multi.perform()[0] == pycurl.E_CALL_MULTI_PERFORM:
            pass
        self._collect()
        if not self._running or self._paused:
            return
        if (self._received, self._head.complete) != before or self._has_sent():
            self._moved = time.monotonic()
            if self._pieces or self._head.complete != before[1]:
                return
        self._check_stall()
        self._wait()

    def _has_sent(self) -> bool:
        """Whether bytes of the request's body left since this was asked last."""
        if not self._upload.present or self._head.complete:
            return False
        before, self._sent = self._sent, self._handle.getinfo(_UPLOADED)
        return self._sent != before

    def _collect(self) -> None:
        _, succeeded, failed = self._multi.info_read()
        if succeeded:
            self._stop()
        for _, code, message in failed:
            self._failure = self._error(code, message)
            self._stop()

    def _error(self, code: int, message: str) -> BaseException:
        if self._upload.failure is not None:
            return self._upload.failure
        length = self._head.length()
        if code == pycurl.E_PARTIAL_FILE and length is not None:
            message = f"the body broke off after {self._received} of {length} bytes"
        connected = was_connected(self._handle)
        made = transport_error(code, message, self._request, self._timeouts, connected=connected)
        made.__cause__ = pycurl.error(code, message)
        return made

    def _check_stall(self) -> None:
        stall = self._timeouts.stall
        # libcurl has limits of its own for connecting; this one sees fractions of seconds.
        if stall is None or not was_connected(self._handle):
            return
        if time.monotonic() - self._moved >= stall:
            self._failure = TransportTimeoutError(
                f"{self._request.method} {self._request.host}: no byte moved for {stall} s"
            )
            self._stop()

    def _wait(self) -> None:
        if not self._running:
            return
        timeout = self._multi.timeout()
        seconds = _LOOK if timeout < 0 else min(_LOOK, timeout / 1000)
        descriptor = self._handle.getinfo(pycurl.ACTIVESOCKET)
        if was_connected(self._handle) and descriptor >= 0 and hasattr(select, "poll"):
            # Unlike select(), this takes descriptors of any number.
            poll = select.poll()
            sends = not (self._upload.over or self._head.complete)
            poll.register(descriptor, select.POLLIN | (select.POLLOUT if sends else 0))
            poll.poll(max(1, seconds * 1000))
        elif self._multi.select(seconds) == -1:
            time.sleep(0.001)

    def _stop(self) -> None:
        self._running = False
        self._multi.remove_handle(self._handle)

    def finish(self) -> None:
        """The reader is done: keep the connection if the body was read to its end."""
        if self._orphaned:
            return
        complete = not self._running and self._failure is None
        if self._running:
            self._stop()  # which closes the connection
        self._pieces.clear()
        self._handle.reset()
        self._head, self._upload = Head(), Upload(None)
        done = self._done
        if complete:
            done(self)
        else:
            self.destroy()

    def destroy(self) -> None:
        """Close the connection."""
        if self._orphaned:
            return
        if self._running:
            self._stop()
        self._handle.close()
        self._multi.close()


class Body:
    """What `HttpResponse.stream` holds."""

    def __init__(self, stream: Stream) -> None:
        self._stream: Stream | None = stream
        self._left = memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, or all that are left; b"" at the end.

        Raises:
            TransportError: the body broke off.
        """
        if size < 0:
            pieces = []
            while piece := self.read(_AHEAD):
                pieces.append(piece)
            return b"".join(pieces)
        if not self._left:
            if self._stream is None:
                return b""
            piece = self._next()
            if len(piece) <= size:
                return piece
            self._left = memoryview(piece)
        taken = bytes(self._left[:size])
        self._left = self._left[size:]
        return taken

    def _next(self) -> bytes:
        assert self._stream is not None  # noqa: S101 - the caller looked
        try:
            piece = self._stream.next_piece()
        except BaseException:
            self.close()
            raise
        if not piece:
            self.close()
        return piece

    def close(self) -> None:
        """Let go of the connection, which is closed unless the body was read to its end."""
        stream, self._stream = self._stream, None
        self._left = memoryview(b"")
        if stream is not None:
            stream.finish()

    def __del__(self) -> None:
        self.close()

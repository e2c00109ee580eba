"""The driver of the client's flows in threads; `aio/driver.py` is its other half."""

from collections.abc import Callable
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, Final, NamedTuple

from cosbox.client.effects import Effect, Fill, Flow, Pour, Send, Share, Sleep, T, Work
from cosbox.client.transports.base import (
    HttpRequest,
    HttpResponse,
    RequestBody,
    Timeouts,
    Transport,
)

Pause = Callable[[float], object]
"""Waits for so many seconds."""

_GLANCE: Final = 0.2
"""Seconds after which whoever waits looks whether it is to end."""

_PATIENCE: Final = 2.0
"""Seconds that threads have to end. One that is stuck in a source of bytes is left behind."""


def run(flow: Flow[T], transport: Transport, sleep: Pause) -> T:
    """Do what a flow asks for until it ends, in the calling thread."""
    failure: BaseException | None = None
    outcome: Any = None
    while True:
        try:
            effect = flow.send(outcome) if failure is None else flow.throw(failure)
        except StopIteration as end:
            result: T = end.value
            return result
        failure = outcome = None
        try:
            if isinstance(effect, Send):
                outcome = transport.send(effect.request, effect.timeouts)
            else:
                outcome = _perform(effect, transport, sleep)
        except BaseException as error:  # noqa: BLE001 - the flow raises it again, or deals with it
            failure = error


def _perform(effect: Effect, transport: Transport, sleep: Pause) -> Any:
    if isinstance(effect, Sleep):
        return sleep(effect.seconds)
    if isinstance(effect, Work):
        return effect.function()
    if isinstance(effect, Pour):
        return _pour(effect)
    if isinstance(effect, Fill):
        return fill(effect.body, effect.size)
    assert isinstance(effect, Share)  # noqa: S101 - the only one left
    return _Crew(effect, transport, sleep).run()


def _pour(effect: Pour) -> None:
    with effect.body as body:
        for chunk in body.get_stream():
            effect.into(chunk)
            effect.moved(len(chunk))


def fill(body: RequestBody, size: int) -> bytes:
    """``size`` bytes of a body, fewer only at its end."""
    data = body.read(size)
    if not data or len(data) == size:
        return data
    pieces, missing = [data], size - len(data)
    while missing and (data := body.read(missing)):
        pieces.append(data)
        missing -= len(data)
    return b"".join(pieces)


class _HaltError(Exception):
    """Another of the crew has failed."""


class _Crew:
    """Threads that run the flows of one `Share`; the calling thread alone, where one will do."""

    def __init__(self, share: Share, transport: Transport, sleep: Pause) -> None:
        self._share = share
        self._transport = _Stoppable(transport, self._check)
        self._sleep = sleep
        self._halt = Event()
        self._turn = Lock()
        self._failures: list[BaseException] = []

    def run(self) -> None:
        """Run all flows."""
        if self._share.width == 1:
            self._work()
            return
        threads = [
            Thread(target=self._labour, name=f"cosbox-part-{number}", daemon=True)
            for number in range(self._share.width)
        ]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                # A join without an end is deaf to Ctrl-C on some systems.
                while thread.is_alive() and not self._halt.is_set():
                    thread.join(_GLANCE)
        finally:
            self._halt.set()
            self._gather(threads)
        if self._failures:
            raise self._failures[0]

    def _gather(self, threads: list[Thread]) -> None:
        end = monotonic() + _PATIENCE
        for thread in threads:
            if thread.ident is not None:
                thread.join(max(0.0, end - monotonic()))

    def _labour(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            self._failures.append(error)
            self._halt.set()

    def _work(self) -> None:
        while True:
            with self._turn:
                self._check()
                job = self._run(self._share.take())
            if job is None:
                return
            self._run(job)

    def _run(self, flow: Flow[T]) -> T:
        return run(flow, self._transport, self._pause)

    def _check(self) -> None:
        self._share.stop.check()
        if self._halt.is_set():
            raise _HaltError

    def _pause(self, seconds: float) -> None:
        while seconds > 0:
            self._check()
            self._sleep(min(seconds, _GLANCE))
            seconds -= _GLANCE


class _Stoppable(NamedTuple):
    """A transport whose requests can be given up."""

    transport: Transport
    stop: Callable[[], None]

    @property
    def signs(self) -> bool:
        return self.transport.signs

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        self.stop()
        return self.transport.send(request._replace(stop=self.stop), timeouts)

    def close(self) -> None:
        self.transport.close()

"""Waiting for the sockets that libcurl waits for.

libcurl says which ones by a callback. A signal that arrives while libcurl runs has its handler
called as soon as Python code runs in the main thread again, and so at the first step of a callback
of ours, before any ``try`` of it. pycurl prints what a callback raises, and the interrupt would be
lost. A generator that is resumed through its ``send`` is in its ``try`` from the start.
"""

import contextlib
import select
import sys
import time
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Final

import pycurl

with contextlib.suppress(ImportError):  # not on Windows
    import fcntl
    import termios

_LOOK: Final = 250
"""Milliseconds after which a wait that no signal ends looks around."""

_REMOVED: Final[int] = pycurl.POLL_REMOVE
POLLIN: Final[int] = getattr(select, "POLLIN", 1)
POLLOUT: Final[int] = getattr(select, "POLLOUT", 4)
_IN: Final = 1
_OUT: Final = 2
_ERROR: Final = 4


def guarded(
    function: Callable[[Any], Any], failures: list[BaseException], *, otherwise: int
) -> Callable[[Any], Any]:
    """``function``, for libcurl to call: what it raises, and what handlers of signals raise, is
    added to ``failures``, and libcurl is told ``otherwise``."""
    loop = _guard(function, failures, otherwise)
    next(loop)
    return loop.send


def _guard(
    function: Callable[[Any], Any], failures: list[BaseException], otherwise: int
) -> Generator[Any, Any, None]:
    result: Any = None
    while True:
        try:
            result = function((yield result))
        except GeneratorExit:
            return
        except BaseException as error:  # noqa: BLE001 - raised again once libcurl has returned
            failures.append(error)
            result = otherwise


def unsent(descriptor: int) -> int:
    """How many bytes the kernel has still to send; -1 where it does not say."""
    try:
        return int.from_bytes(fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4)), sys.byteorder)
    except (NameError, OSError, ValueError):
        return -1


class Sockets:
    """The sockets of one multi, and how to wait for them."""

    __slots__ = ("_poll",)

    def __init__(self, multi: pycurl.CurlMulti, failures: list[BaseException]) -> None:
        self._poll = select.poll() if hasattr(select, "poll") else _Select()
        notes = _registrar(self._poll, failures)
        next(notes)
        # Sends each of its four arguments, without a line of Python on the way there.
        multi.setopt(pycurl.M_SOCKETFUNCTION, partial(min, key=notes.send))

    def wait(self, milliseconds: float | None) -> list[tuple[int, int]]:
        """Sockets that are ready, and for what, in libcurl's terms; none when the time is over."""
        return [
            (descriptor, _IN if event == POLLIN else _bits(event))
            for descriptor, event in self._poll.poll(milliseconds)
        ]


def _bits(event: int) -> int:
    return (
        (_IN if event & POLLIN else 0)
        | (_OUT if event & POLLOUT else 0)
        | (_ERROR if event & ~(POLLIN | POLLOUT) else 0)
    )


class _Select:
    """What `select.poll` is, where there is none: on Windows."""

    def __init__(self) -> None:
        self._masks: dict[int, int] = {}
        self.register = self._masks.__setitem__
        self.unregister = self._masks.__delitem__

    def poll(self, milliseconds: float | None) -> list[tuple[int, int]]:
        wait = (_LOOK if milliseconds is None else min(milliseconds, _LOOK)) / 1000
        if not self._masks:
            time.sleep(min(wait, 0.01))  # select refuses to wait for nothing there
            return []
        readers = [descriptor for descriptor, mask in self._masks.items() if mask & POLLIN]
        writers = [descriptor for descriptor, mask in self._masks.items() if mask & POLLOUT]
        ready = select.select(readers, writers, writers, wait)
        return [(descriptor, POLLIN) for descriptor in ready[0]] + [
            (descriptor, POLLOUT) for descriptor in {*ready[1], *ready[2]}
        ]


def _registrar(poll: Any, failures: list[BaseException]) -> Generator[int, Any, None]:
    """Takes what the callback is called with one by one: what, socket, multi, and nothing."""
    try:
        while True:
            what = yield 0
            descriptor = yield 0
            if what == _REMOVED:
                poll.unregister(descriptor)
            else:
                mask = POLLIN if what & _IN else 0
                poll.register(descriptor, mask | (POLLOUT if what & _OUT else 0))
            yield 0
            yield 0
    except GeneratorExit:
        return
    except BaseException as error:  # noqa: BLE001 - raised again once libcurl has returned
        failures.append(error)
    while True:
        yield 0  # the transfer is given up

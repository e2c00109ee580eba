"""Several worker processes on one listening socket, each replaced when it dies."""

import contextlib
import json
import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from cosbox.server.http.options import ServeOptions
from cosbox.server.http.process import handled, set_up_logging

_log = logging.getLogger("cosbox.supervisor")

_PAUSE: Final = 1.0
"""Seconds between the start of a worker and that of its replacement, at the least."""

_MARGIN: Final = 5.0
"""Seconds over the grace after which a worker that should have ended is killed."""


class WorkerFailed(RuntimeError):  # noqa: N818 - names what happened
    """A worker ended before it served anything; others would too."""


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    ready: bool = False


class Supervisor:
    """Keeps a number of workers alive until a signal ends them.

    Args:
        folder: the store's.
        listener: a listening socket.
        options: for each worker; ``workers`` says how many.
        on_ready: called once, when all of them answer requests.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        listener: socket.socket,
        options: ServeOptions,
        *,
        on_ready: Callable[[], None],
    ) -> None:
        self._orders = {"folder": os.fspath(folder), "options": options.to_json()}
        self._listener = listener
        self._options = options
        self._on_ready = on_ready
        self._announced = False
        self._stopping = False
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            WorkerFailed: a worker ended before all of them were ready.
        """
        set_up_logging(self._options)
        with self._selector, _woken(self._selector), handled(self._stop):
            try:
                while not self._stopping:
                    self._fill()
                    self._wait()
            finally:
                self._end_all()

    def _stop(self, *_signal: object) -> None:
        self._stopping = True

    def _fill(self) -> None:
        now = time.monotonic()
        latest = max((worker.started for worker in self._workers), default=0.0)
        while len(self._workers) < self._options.workers:
            if self._announced and now - latest < _PAUSE:
                return
            self._start()

    def _start(self) -> None:
        descriptor = self._listener.fileno()
        process = subprocess.Popen(  # noqa: S603 - this interpreter and a module of ours
            [sys.executable, "-m", "cosbox.server.http.worker", str(descriptor)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[descriptor],
            process_group=0,  # so that Ctrl-C reaches the supervisor alone, which passes it on
        )
        worker = _Worker(process)
        self._workers.append(worker)
        assert process.stdin is not None  # noqa: S101 - made above
        assert process.stdout is not None  # noqa: S101 - made above
        self._selector.register(process.stdout, selectors.EVENT_READ, worker)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(self._orders).encode() + b"\n")
            process.stdin.flush()

    def _wait(self) -> None:
        for key, _ in self._selector.select(_PAUSE / 2):
            if not isinstance(key.data, _Worker):
                os.read(key.fd, 4096)
            elif os.read(key.fd, 4096):
                key.data.ready = True
            else:
                self._bury(key.data)
        ready = sum(worker.ready for worker in self._workers)
        if not self._announced and ready == self._options.workers:
            self._announced = True
            self._on_ready()

    def _bury(self, worker: _Worker) -> None:
        status = self._end(worker, _MARGIN)
        if self._stopping:
            return
        if not self._announced:
            raise WorkerFailed(f"a worker ended with status {status} before it was ready")
        _log.error("worker %d ended with status %d; starting another", worker.process.pid, status)

    def _end(self, worker: _Worker, seconds: float) -> int:
        process = worker.process
        self._workers.remove(worker)
        assert process.stdin is not None  # noqa: S101 - made by _start
        assert process.stdout is not None  # noqa: S101 - made by _start
        self._selector.unregister(process.stdout)
        try:
            status = process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        return status

    def _end_all(self) -> None:
        self._stopping = True
        # As long as one process holds it, the system accepts connections that nobody serves.
        self._listener.close()
        for worker in self._workers:
            worker.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + self._options.grace + _MARGIN
        for worker in list(self._workers):
            self._end(worker, deadline - time.monotonic())


@contextlib.contextmanager
def _woken(selector: selectors.BaseSelector) -> Iterator[None]:
    """Within it, a signal wakes the selector."""
    reading, writing = socket.socketpair()
    with reading, writing:
        reading.setblocking(False)
        writing.setblocking(False)
        selector.register(reading, selectors.EVENT_READ)
        before = signal.set_wakeup_fd(writing.fileno())
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            selector.unregister(reading)

"""How far a transfer is, for whoever wants to know."""

from collections.abc import Callable
from threading import Lock

Progress = Callable[[int, int], object]
"""Called with the bytes moved so far and the bytes in all; what it raises ends the transfer."""


class Tally:
    """Counts bytes as they move and reports them: never fewer than before, never from two threads
    at once, and at last all of them."""

    def __init__(self, progress: Progress | None, total: int | None) -> None:
        """Report to ``progress``, if anyone; ``total`` is None while nobody knows it."""
        self._progress = progress
        self._total = total
        self._moved = 0
        self._reported = -1
        self._lock = Lock()

    @property
    def total(self) -> int | None:
        """Bytes in all."""
        return self._total

    def add(self, count: int) -> None:
        """So many more bytes have moved; fewer than none when they must move again."""
        if self._progress is None:
            return
        with self._lock:
            self._moved += count
            # That all has moved is told when it has arrived as well.
            ended = self._total is not None and self._moved >= self._total
            if self._moved > self._reported and not ended:
                self._report()

    def finish(self) -> None:
        """All is done."""
        if self._progress is None:
            return
        with self._lock:
            self._total = self._moved if self._total is None else self._total
            self._moved = self._total
            if self._reported != self._total:
                self._report()

    def _report(self) -> None:
        assert self._progress is not None  # noqa: S101 - both callers looked
        self._reported = self._moved
        self._progress(self._moved, self._moved if self._total is None else self._total)

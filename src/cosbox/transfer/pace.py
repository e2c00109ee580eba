"""How fast bytes may move."""

from collections.abc import Callable
from threading import Lock


class Pace:
    """A limit of bytes a second for all parts of a transfer together.

    Whoever moves bytes is told how long to wait before moving on. What was not used while nothing
    moved does not add up to more than a quarter of a second.
    """

    def __init__(self, rate: float | None, now: Callable[[], float]) -> None:
        """Allow ``rate`` bytes a second by the clock ``now``; None sets no limit."""
        self.rate = rate
        self._now = now
        self._free = now()
        self._lock = Lock()

    def wait(self, count: int) -> float:
        """Seconds to wait after ``count`` bytes have moved.

        >>> pace = Pace(100, lambda: 0.0)
        >>> pace.wait(50), pace.wait(50)
        (0.5, 1.0)
        """
        rate = self.rate
        if rate is None:
            return 0.0
        with self._lock:
            now = self._now()
            self._free = max(self._free, now - 0.25) + count / rate
            return max(0.0, self._free - now)

    def piece(self, size: int) -> int:
        """How many of ``size`` bytes to move at once, so that no wait is long."""
        rate = self.rate
        return size if rate is None else max(1, min(size, int(rate / 8)))

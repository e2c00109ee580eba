"""Whether bytes move as fast as they have to."""


class Pace:
    """Looks at a count of bytes now and then, and judges it once a window is over."""

    __slots__ = ("_at", "_since")

    def __init__(self) -> None:
        self._since: float | None = None
        self._at = 0

    def reset(self) -> None:
        """Nothing is expected to move: the next look begins a window."""
        self._since = None

    def is_slow(self, now: float, count: int, *, rate: float, window: float) -> bool:
        """Whether a window ended with less than its share.

        Args:
            now: seconds.
            count: of bytes, ever.
            rate: bytes per second that are enough.
            window: seconds over which they are counted.

        >>> pace = Pace()
        >>> [pace.is_slow(t, n, rate=10, window=5) for t, n in ((0, 0), (4, 1), (5, 50), (10, 99))]
        [False, False, False, True]
        """
        if self._since is None:
            self._since, self._at = now, count
            return False
        elapsed = now - self._since
        if elapsed < window:
            return False
        slow = count - self._at < rate * elapsed
        self._since, self._at = now, count
        return slow

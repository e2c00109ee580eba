"""How many parts move at once: fewer while the store says that it is too much."""

from threading import Lock


class Crowding:
    """Halves when the store says slow down, and grows again by one for as many successes as it
    allows at once: as TCP finds its share of a line."""

    def __init__(self, most: int) -> None:
        """Allow ``most`` at once to begin with, and never more."""
        self._most = most
        self._allowed = float(most)
        self._active = 0
        self._lock = Lock()

    @property
    def allowed(self) -> int:
        """How many may move at once."""
        return int(self._allowed)

    def enter(self) -> bool:
        """Whether one more may begin; it has then begun."""
        with self._lock:
            if self._active >= self.allowed:
                return False
            self._active += 1
            return True

    def leave(self, *, well: bool) -> None:
        """One has ended."""
        with self._lock:
            self._active -= 1
            if well and self._allowed < self._most:
                self._allowed = min(self._most, self._allowed + 1 / self._allowed)

    def ease(self) -> None:
        """The store asked for less."""
        with self._lock:
            self._allowed = max(1.0, self._allowed / 2)

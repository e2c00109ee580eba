"""How fast the bytes of a connection move, and for how long they have stood still."""

from cosbox.server.http.limits import Limits
from cosbox.server.http.pace import Pace


class Watch:
    """Judges a connection at each sweep; in between it only counts.

    Attributes:
        moved: when something arrived last, or began to be waited for.
        received: bytes, ever.
        answered: bytes of bodies of complete answers, ever.
    """

    __slots__ = (
        "_coming",
        "_going",
        "_limits",
        "_unsent",
        "_unsent_since",
        "answered",
        "moved",
        "received",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.moved = 0.0
        self.received = self.answered = 0
        self._unsent = 0
        self._unsent_since = 0.0
        self._coming, self._going = Pace(), Pace()

    def fault_of_body(self, now: float) -> str:
        """Of a body that is waited for: ``stalled``, ``slow``, or "" if it comes as it should."""
        limits = self._limits
        slow = self._coming.is_slow(
            now, self.received, rate=limits.min_rate, window=limits.body_timeout
        )
        if now - self.moved > limits.body_timeout:
            return "stalled"
        return "slow" if slow else ""

    def no_body(self) -> None:
        """None is waited for now."""
        self._coming.reset()

    def all_taken(self) -> None:
        """The client has all that was written."""
        self._unsent = 0
        self._going.reset()

    def is_left(self, now: float, unsent: int, sent: int) -> bool:
        """Whether the client leaves what was written, or takes it too slowly.

        Args:
            now: seconds.
            unsent: bytes that were written and not taken.
            sent: bytes written of the body of the answer that is under way.
        """
        limits = self._limits
        taken = self.answered + sent - unsent
        slow = self._going.is_slow(now, taken, rate=limits.min_rate, window=limits.write_timeout)
        if unsent != self._unsent:
            self._unsent, self._unsent_since = unsent, now
            return slow
        return slow or now - self._unsent_since > limits.write_timeout

"""When a failed request is sent again, and after how long."""

from collections.abc import Callable
from typing import Final, NamedTuple

from cosbox.protocol.errors import (
    CosException,
    CosServiceError,
    TransportError,
    TransportTimeoutError,
)

_PASSING: Final = frozenset({429, 500, 502, 503, 504})
_BUSY: Final = frozenset({429, 503})
_PASSING_CODES: Final = frozenset({"InternalError", "ServiceUnavailable", "SlowDown"})
"""Codes that stand for a passing fault inside an answer whose status was sent before it."""


class Budget:
    """How many retries a client may still make: a bucket that failures empty and successes fill.

    While a store is down, each request would be sent several times and the load on it multiplied.
    With a budget, only the first attempts go on once it is spent.

    Threads race for it without a lock. A token more or less does not matter.
    """

    def __init__(self, capacity: int = 500) -> None:
        self._capacity = capacity
        self._tokens = capacity

    def take(self, cost: int) -> bool:
        """Pay for a retry, if there is enough left."""
        if cost > self._tokens:
            return False
        self._tokens -= cost
        return True

    def refill(self, refund: int) -> None:
        """Put back after a success."""
        if self._tokens < self._capacity:
            self._tokens = min(self._capacity, self._tokens + refund)


class Backoff(NamedTuple):
    """Exponential, with full jitter: any delay up to the bound is as likely as any other, so that
    clients that failed together do not come back together.

    Attributes:
        random: a number from 0 up to, and not, 1.
        base: bound of the first delay, in seconds.
        cap: the largest bound.
    """

    random: Callable[[], float]
    base: float = 0.2
    cap: float = 20.0

    def delay(self, attempt: int) -> float:
        """Seconds to wait after the failure of an attempt, the first being 0.

        >>> Backoff(lambda: 0.5).delay(2)
        0.4
        """
        return self.random() * min(self.cap, self.base * 2.0**attempt)


def is_passing(error: CosException) -> bool:
    """Whether the same request may well succeed a little later."""
    if isinstance(error, TransportError):
        return True
    if not isinstance(error, CosServiceError):
        return False
    status = error.get_status_code()
    return status in _PASSING or (status == 200 and error.get_error_code() in _PASSING_CODES)


def is_harmless(error: CosException) -> bool:
    """Whether it is known that the failed request had no effect: it did not leave, or the store
    was too busy to begin with it."""
    if isinstance(error, CosServiceError):
        return error.get_status_code() in _BUSY
    return isinstance(error, TransportError) and error.unsent


def asks_for_less(error: CosException) -> bool:
    """Whether the store says that it is given too much."""
    return isinstance(error, CosServiceError) and (
        error.get_status_code() in _BUSY or error.get_error_code() == "SlowDown"
    )


def cost_of(error: CosException) -> int:
    """What retrying after ``error`` takes from the budget. Timeouts cost more: they hold a
    connection for long."""
    return 10 if isinstance(error, TransportTimeoutError) else 5

"""`TransferControl`: what a caller can say to a transfer while it runs."""

from collections.abc import Callable
from threading import Lock
from time import monotonic

from cosbox.protocol.errors import ParameterError, TransferCancelledError
from cosbox.transfer.pace import Pace


class TransferControl:
    """Ends and slows down the transfers that it is given to, from any thread.

    Several transfers with one control share its bandwidth.

    >>> control = TransferControl(bandwidth=10_000_000)
    >>> control.bandwidth = None
    >>> control.cancel()
    >>> control.cancelled
    True
    """

    def __init__(self, *, bandwidth: float | None = None) -> None:
        """Make one.

        Args:
            bandwidth: the most bytes a second; None sets no limit.

        Raises:
            ParameterError: the bandwidth is not above 0.
        """
        self._pace = Pace(_checked(bandwidth), monotonic)
        self._told: list[Callable[[], object]] = []
        self._lock = Lock()
        self._cancelled = False

    @property
    def bandwidth(self) -> float | None:
        """The most bytes a second; None sets no limit. A new value holds at once."""
        return self._pace.rate

    @bandwidth.setter
    def bandwidth(self, rate: float | None) -> None:
        self._pace.rate = _checked(rate)

    @property
    def pace(self) -> Pace:
        """What holds the bytes back."""
        return self._pace

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled

    def cancel(self) -> None:
        """End the transfers, within a second; their calls raise `TransferCancelledError`.

        The same call, made again without this control, goes on where this one stopped.
        """
        with self._lock:
            self._cancelled = True
            told, self._told = self._told, []
        for tell in told:
            tell()

    def check(self) -> None:
        """Go on?

        Raises:
            TransferCancelledError: no.
        """
        if self._cancelled:
            raise TransferCancelledError("the transfer was cancelled")

    def watch(self, told: Callable[[], object]) -> Callable[[], None]:
        """Call ``told`` when it is cancelled; returns what undoes this."""
        with self._lock:
            self._told.append(told)

        def forget() -> None:
            with self._lock:
                if told in self._told:
                    self._told.remove(told)

        return forget


def _checked(rate: float | None) -> float | None:
    if rate is None:
        return None
    if not isinstance(rate, (int, float)) or isinstance(rate, bool) or not rate > 0:
        raise ParameterError(f"bandwidth must be bytes a second above 0, not {rate!r}")
    return rate

"""What bytes pass on their way: the control, the pace, and the tally."""

from time import sleep
from typing import Final

from cosbox.client.transfers.control import TransferControl
from cosbox.transfer.tally import Tally

_GLANCE: Final = 0.2


class Meter:
    """Lets the bytes of one transfer pass, no faster than they may."""

    def __init__(self, control: TransferControl, tally: Tally, *, live: bool) -> None:
        """Make one.

        Args:
            control: says whether and how fast.
            tally: is told how many, as they pass or part by part.
            live: whether bytes pass in the threads that run the flows, where they are counted as
                they pass. A callback is not called from any other.
        """
        self.control = control
        self.tally = tally
        self._live = live

    def piece(self, size: int) -> int:
        """How many of ``size`` bytes may pass at once."""
        self.control.check()
        return self.control.pace.piece(size)

    def hold(self, count: int) -> None:
        """Wait until ``count`` bytes may have passed. Blocks.

        Raises:
            TransferCancelledError: they may not.
        """
        left = self.control.pace.wait(count)
        while left > 0:
            self.control.check()
            sleep(min(left, _GLANCE))  # this wait is the limit on the bandwidth
            left -= _GLANCE

    def sent(self, count: int) -> None:
        """So many bytes of a part were handed over; fewer than none when they are handed over
        again."""
        if self._live:
            self.tally.add(count)

    def stored(self, count: int) -> None:
        """A part of so many bytes, all handed over, was stored."""
        if not self._live:
            self.tally.add(count)

"""Files that were read whole a moment ago and found right.

What is read whole is compared with its checksum each time. To do that again for a file that many
ask for, one after the other, costs more than to send it: the system still has it in memory, from
where it can go to the network without being looked at. So for a minute, a file that nobody has
written to is taken for what it was.
"""

import time
from typing import Final, NamedTuple

from cosbox.storage.rows import Extent

LASTS: Final = 60.0
"""Seconds for which it is."""

_REMEMBERED: Final = 10_000

Stamp = tuple[int, ...]
"""As `BlobReader.stamp` gives it."""


class _Right(NamedTuple):
    stamp: Stamp
    crc64: int
    until: float


class Lately:
    """Remembers which parts of which files were right. Safe to use from any thread."""

    def __init__(self, *, lasts: float = LASTS) -> None:
        self._lasts = lasts
        self._right: dict[Extent, _Right] = {}

    def note(self, extent: Extent, stamp: Stamp, crc64: int) -> None:
        """It was read, and compared; the stamp is from before."""
        while len(self._right) >= _REMEMBERED:
            self._right.pop(next(iter(self._right)), None)
        self._right[extent] = _Right(stamp, crc64, time.monotonic() + self._lasts)

    def crc64_of(self, extent: Extent, stamp: Stamp) -> int | None:
        """The checksum of an extent that is known to be right; None if it has to be read."""
        right = self._right.get(extent)
        if right is None or right.stamp != stamp or right.until < time.monotonic():
            return None
        return right.crc64

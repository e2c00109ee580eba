"""What time it is, for the store.

The clock is handed to whatever needs it, so that a test (or a user who wants to see an archived
object come back) can move it.
"""

import time
from typing import Protocol


class Clock(Protocol):
    """A source of the present moment."""

    def now(self) -> int:
        """Microseconds since 1970, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Microseconds since 1970, UTC."""
        return time.time_ns() // 1000

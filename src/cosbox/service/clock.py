"""What time it is, for the store.

The clock is handed to whatever needs it, so that a test, or a user who wants to see an archived
object come back, can move it. Versions stay in order whatever it does: `Transaction.next_stamp`.
"""

import json
import os
import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from cosbox.storage.durable import replace_file

_LOOK_AGAIN: Final = 0.2
"""Seconds for which a folder's clock is taken to be unmoved."""


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


class MovableClock:
    """A clock that goes on from wherever it is put, for as long as the process lives.

    >>> clock = MovableClock()
    >>> before = clock.now()
    >>> clock.move(days=1)
    >>> (clock.now() - before) // 86_400_000_000
    1
    """

    def __init__(self) -> None:
        self._offset = 0

    def now(self) -> int:
        """Microseconds since 1970, UTC."""
        return time.time_ns() // 1000 + self._offset

    def move(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> None:
        """Go forward, or back with negative numbers."""
        self._offset += round((days * 86_400 + hours * 3600 + seconds) * 1_000_000)

    def set(self, moment: datetime) -> None:
        """Go to a moment, which must have a time zone."""
        self._offset = round(moment.timestamp() * 1_000_000) - time.time_ns() // 1000


class FolderClock:
    """The machine's clock, moved by what a store's folder says.

    ``cosbox clock DIR --move 5h`` writes it there, and every process that serves the folder
    follows within a moment.
    """

    FILE: Final = "clock.json"

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._path = Path(folder) / self.FILE
        self._offset = 0
        self._looked = -_LOOK_AGAIN
        self._lock = threading.Lock()

    def now(self) -> int:
        """Microseconds since 1970, UTC."""
        if time.monotonic() - self._looked >= _LOOK_AGAIN:
            self._look()
        return time.time_ns() // 1000 + self._offset

    def _look(self) -> None:
        with self._lock:
            # Where no file can be opened for now, it goes on as it was.
            with suppress(OSError):
                self._offset = self.offset() // timedelta(microseconds=1)
            self._looked = time.monotonic()

    def offset(self) -> timedelta:
        """How far from the machine's clock the store's is.

        Raises:
            ValueError: the file does not say.
        """
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return timedelta(0)
        return timedelta(seconds=float(json.loads(text)["offset_seconds"]))

    def move(self, by: timedelta) -> None:
        """Move it, for all who serve the folder."""
        self._write(self.offset() + by)

    def reset(self) -> None:
        """Back to the machine's clock."""
        self._write(timedelta(0))

    def _write(self, offset: timedelta) -> None:
        text = json.dumps({"offset_seconds": offset.total_seconds()}) + "\n"
        replace_file(self._path, text.encode())
        self._look()

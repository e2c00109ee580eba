"""Making the write-ahead log durable beside SQLite.

Where a store is as durable as its process, commits do not wait for the disk: the log is synced a
moment after them. A power cut then loses the end of the log. What is left is the store as it was at
some moment before, for SQLite takes the log only up to its first gap.
"""

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from cosbox.storage.durable import Syncs, storage_error
from cosbox.storage.errors import StorageError

LAG: Final = 1.0
"""Seconds after a commit in which the log is synced."""


class LogSync:
    """The log, by a descriptor of its own: a sync by any makes all of a file durable.

    Args:
        log: the file, which is there as long as the database is open.
        syncs: of the store.
        behind: commits are not durable, so sync the log a moment after them.
    """

    def __init__(self, log: Path, syncs: Syncs, *, behind: bool) -> None:
        self._log = log
        self._syncs = syncs
        self._fd = os.open(log, os.O_RDWR | getattr(os, "O_BINARY", 0))
        self._written = threading.Event()
        self._stop = threading.Event()
        self.thread: threading.Thread | None = None
        if behind:
            self.thread = threading.Thread(target=self._run, name="cosbox-sync", daemon=True)
            self.thread.start()

    def note(self) -> None:
        """Take note of a commit."""
        self._written.set()

    def sync(self) -> None:
        """Make durable what was committed before, by whichever process.

        Raises:
            SyncFailed: that failed before.
            StorageError: it fails now.
        """
        try:
            self._syncs.file(self._fd)
        except OSError as error:
            self._syncs.fail(error)
            raise storage_error(f"cannot make {self._log} durable", error) from error

    def _run(self) -> None:
        while self._written.wait() and not self._stop.wait(LAG):
            self._written.clear()
            try:
                self.sync()
            except StorageError:
                return  # whoever writes next is told

    def close(self) -> None:
        """Sync what is not, and let go of the file. Where that fails, it is logged."""
        self._stop.set()
        self._written.set()
        if self.thread is not None:
            self.thread.join()
            with suppress(StorageError):
                self.sync()
        self.abandon()

    def abandon(self) -> None:
        """Let go of the file alone; also in the child of a fork."""
        os.close(self._fd)

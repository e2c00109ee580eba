"""Moving the write-ahead log into the database, away from the commits.

Most of it is copied while writers go on. Since they append meanwhile, it would never be all, and
only a log that was copied to its end can begin anew; so the little that is left is copied while
the turn to write is held. How large the log grows is thus bounded however long the writing lasts,
except under a snapshot that is kept open: its reader still needs the log.
"""

import logging
import threading
import time
from typing import Final

import apsw

from cosbox.storage.durable import Syncs, is_full
from cosbox.storage.errors import SyncFailed
from cosbox.storage.locks import Turnstile
from cosbox.storage.sqlite.faults import is_sync

START_PAGES: Final = 4096
"""A log of so many pages (16 MiB) is due."""

_SHORT: Final = 512
_READERS_MS: Final = 20
"""How long writers may have to wait for a reader to leave the log."""

_RETRY_SECONDS: Final = 1.0

_log = logging.getLogger(__name__)


class Checkpointer:
    """A thread with its own connection and its own hold on the turn to write."""

    def __init__(self, connection: apsw.Connection, turn: Turnstile, syncs: Syncs) -> None:
        self._connection = connection
        self._turn = turn
        self._syncs = syncs
        self._due = threading.Event()
        self._stop = threading.Event()
        self._paused = False
        self._next = START_PAGES
        self._retry: float | None = None
        self._working = threading.Lock()
        self.thread = threading.Thread(target=self._run, name="cosbox-checkpoints", daemon=True)
        self.thread.start()

    def note(self, pages: int) -> None:
        """Take note of the size of the log after a commit."""
        if pages >= self._next and not self._due.is_set():
            self._due.set()

    def want(self) -> None:
        """Run as soon as possible, whatever the size: the disk is full, and a log that begins
        anew needs no more of it."""
        self._due.set()

    def run_now(self) -> None:
        """The same, in the calling thread, which must not hold the turn to write."""
        with self._working:
            try:
                self._checkpoint()
            except (apsw.Error, OSError, SyncFailed) as error:
                _log.debug("no room for a checkpoint: %s", error)

    def _checkpoint(self) -> int:
        self._syncs.check()
        try:
            return _checkpoint(self._connection, self._turn)
        except apsw.Error as error:
            if is_sync(error):
                self._syncs.fail(error)
            raise

    def _run(self) -> None:
        while not self._stop.is_set():
            self._due.wait(self._retry)
            if self._stop.is_set():
                return
            self._due.clear()
            try:
                with self._working:
                    size = self._checkpoint()
            except SyncFailed:
                return
            except (apsw.Error, OSError) as error:
                _log.warning("a checkpoint of the records failed: %s", error)
                size = self._next
            # Where a reader kept the log in use it grows, and trying at every commit would help
            # nobody.
            self._next = max(START_PAGES, size + size // 2)
            self._retry = _RETRY_SECONDS if size else None

    def close(self) -> None:
        """Stop, after one last checkpoint if nobody else is in the way."""
        self._stop.set()
        self._due.set()
        self.thread.join()
        if not self._syncs.failed:
            try:
                with self._turn:
                    self._connection.wal_checkpoint("main", apsw.SQLITE_CHECKPOINT_TRUNCATE)
            except apsw.Error as error:
                _log.debug("no last checkpoint: %s", error)
        self._connection.close()

    # around a fork: forks.py

    def pause(self, until: float) -> bool:
        """Begin no checkpoint; whether the one under way ended before ``until``."""
        self._paused = self._working.acquire(timeout=max(0.0, until - time.monotonic()))
        return self._paused

    def resume(self) -> None:
        """Go on."""
        if self._paused:
            self._paused = False
            self._working.release()

    def abandon(self, *, close: bool) -> None:
        """In the child, where there is no thread to checkpoint."""
        if close:
            self._connection.close()


def catch_up(connection: apsw.Connection, turn: Turnstile) -> None:
    """What a store is opened with: copy what is in the log, unless others are at work in it.

    The log may end in commits of a process that died before it had synced them. They are there for
    whoever reads, and those that follow would stand on them; so they are made durable first.

    Raises:
        apsw.Error: it failed.
    """
    connection.set_busy_timeout(_READERS_MS)
    try:
        _checkpoint(connection, turn)
    except apsw.Error as error:
        if not is_full(connection.system_errno) and not isinstance(error, apsw.FullError):
            raise
        _log.warning("no checkpoint of the records, for there is no room left")


def _checkpoint(connection: apsw.Connection, turn: Turnstile) -> int:
    """Pages of the log that is still in use: 0 when it begins anew."""
    for _ in range(3):
        size, done = _passive(connection)
        if size - done <= _SHORT:
            break
    try:
        with turn:
            # Waits for readers too, so that the next commit finds nobody in the log.
            connection.wal_checkpoint("main", apsw.SQLITE_CHECKPOINT_RESTART)
    except apsw.BusyError:
        return max(size, START_PAGES)
    return 0


def _passive(connection: apsw.Connection) -> tuple[int, int]:
    try:
        return connection.wal_checkpoint("main", apsw.SQLITE_CHECKPOINT_PASSIVE)
    except apsw.BusyError:
        # Another process is at it.
        return 0, 0

"""The records of a store in SQLite."""

import threading
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from cosbox.storage.durable import Durability, Syncs
from cosbox.storage.errors import StoreInUseError
from cosbox.storage.keeping import files_removable
from cosbox.storage.records import Outcome
from cosbox.storage.reserve import Reserve
from cosbox.storage.sqlite import forks
from cosbox.storage.sqlite.engine import Engine
from cosbox.storage.sqlite.readers import Reading
from cosbox.storage.sqlite.transaction import SqliteTransaction

T = TypeVar("T")


class SqliteRecords:
    """A `cosbox.storage.records.Records` on an SQLite database.

    Any number of processes may have the same database open. After a fork, the child opens it anew
    at its first use.

    Args:
        database: made by `cosbox.storage.sqlite.schema.prepare`.
        locks: the folder of the lock files, the same for all processes.
        reserve: room that is kept for changes that make room.
        syncs: of the store.
        durability: whether a write waits until it is on the disk.
    """

    def __init__(
        self,
        database: Path,
        locks: Path,
        *,
        reserve: Reserve,
        syncs: Syncs,
        durability: Durability,
    ) -> None:
        self._database = database
        self._reserve = reserve
        self._locks = locks
        self._syncs = syncs
        self._durability = durability
        self._reopening = threading.Lock()
        self._orphaned = False
        self._unsafe = False
        self._engine = self._start()
        forks.watch(self)

    def _start(self) -> Engine:
        engine = Engine(
            self._database,
            self._locks,
            reserve=self._reserve,
            syncs=self._syncs,
            durability=self._durability,
        )
        # For who forgets to close: at the end of the program, or when this is collected.
        self._finalizer = weakref.finalize(self, engine.dispose)
        return engine

    def read(self) -> Reading:
        """As `Records.read`."""
        if self._orphaned:
            self._reopen()
        return Reading(self._engine.readers)

    def hand_in(
        self, change: Callable[[SqliteTransaction], T], outcome: Outcome[T], *, frees: bool = False
    ) -> None:
        """As `Records.hand_in`. What is told must not wait for another write."""
        if self._orphaned:
            self._reopen()
        self._engine.writer.hand_in(change, outcome, frees=frees)

    def write(
        self, change: Callable[[SqliteTransaction], T], *, frees: bool = False
    ) -> "Future[T]":
        """As `Records.write`. A callback of the future runs on the writer's thread: it must be
        short, and must not wait for another write."""
        if self._orphaned:
            self._reopen()
        return self._engine.writer.submit(change, frees=frees)

    def pressed(self) -> bool:
        """As `Records.pressed`."""
        return not self._reserve.ready()

    def new_blob_id(self) -> int:
        """As `Records.new_blob_id`."""
        if self._orphaned:
            self._reopen()
        return self._engine.ids.new()

    def files_removable(self) -> AbstractContextManager[bool]:
        """As `Records.files_removable`."""
        return files_removable(self._locks)

    def sync(self) -> None:
        """As `Records.sync`."""
        if self._orphaned:
            self._reopen()
        self._engine.log.sync()

    def settle(self, delete: Callable[[Iterable[int]], None]) -> None:
        """Remove the files of blobs that dead processes left without a record; to be called once
        the store was opened.

        Args:
            delete: removes the files of blobs, durably, where there are any.
        """
        self._engine.settle(delete)

    def close(self) -> None:
        """As `Records.close`. May be called twice."""
        forks.forget(self)
        self._orphaned = False
        self._finalizer.detach()
        self._engine.close()

    # around a fork: forks.py

    def before_fork(self, until: float) -> None:
        """As `Forkable.before_fork`."""
        self._unsafe = not self._engine.pause(until)

    def after_fork(self, *, child: bool) -> None:
        """As `Forkable.after_fork`."""
        if not child:
            self._engine.resume()
            self._unsafe = False
            return
        self._reopening = threading.Lock()
        self._orphaned = True
        self._finalizer.detach()
        self._engine.abandon(at_rest=not self._unsafe)

    def _reopen(self) -> None:
        if self._unsafe:
            raise StoreInUseError(
                "this process was forked while another thread was in the store; "
                "fork earlier, or start processes by 'spawn'"
            )
        with self._reopening:
            if self._orphaned:
                self._engine = self._start()
                self._orphaned = False

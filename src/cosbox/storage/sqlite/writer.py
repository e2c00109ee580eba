"""The writer: one thread that makes many changes durable together (group commit)."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

import apsw

from cosbox.storage.durable import Syncs
from cosbox.storage.errors import StorageError, StorageFull, SyncFailed
from cosbox.storage.locks import Turnstile
from cosbox.storage.records import Outcome
from cosbox.storage.reserve import Reserve
from cosbox.storage.sqlite.faults import storage_error
from cosbox.storage.sqlite.transaction import SqliteTransaction

T = TypeVar("T")

MOST_CHANGES: Final = 512
MOST_SECONDS: Final = 0.05
"""A batch takes no more in after this, for other processes and the first change wait for it."""


_RETRIES: Final = 2
"""For a change that makes room where there is none: with the log emptied, then without reserve."""

_REUSABLE: Final = 2048
"""So many pages that the database has and does not use (8 MiB) are room for more records, even
where the disk has none."""


class _HalfDone(Exception):  # noqa: N818 - says what happened
    """A change failed after it had changed something, beside others that did not.

    Then all are undone and run again with a savepoint each. Most that fail refuse before they
    change anything; so the others need none, which costs each of them a third of its time.
    """


class _Job:
    __slots__ = ("change", "error", "frees", "outcome", "result", "retries")

    def __init__(
        self, change: Callable[[SqliteTransaction], Any], outcome: Outcome[Any], *, frees: bool
    ) -> None:
        self.change = change
        self.outcome = outcome
        self.frees = frees
        self.retries = 0
        self.error: BaseException | None = None
        self.result: Any = None

    def finish(self) -> None:
        if self.error is None:
            self.outcome.set_result(self.result)
        else:
            self.outcome.set_exception(self.error)


class GroupWriter:
    """Runs changes as they come in, those that wait together in one transaction.

    Args:
        connection: to write through; closed by `close`.
        turn: the turn among processes.
        reserve: room for changes that make room.
        syncs: of the store.
        committed: called with the number of pages in the log after each commit.
        full: called after the disk was found full.
        empty_log: moves the log into the database, if that is possible, and returns.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        turn: Turnstile,
        reserve: Reserve,
        syncs: Syncs,
        *,
        committed: Callable[[int], None],
        full: Callable[[], None],
        empty_log: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._transaction = SqliteTransaction(connection)
        self._turn = turn
        self._reserve = reserve
        self._pressed = False
        self._syncs = syncs
        self._full = full
        self._empty_log = empty_log
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._stopping = False
        self._paused = False
        self._working = threading.Lock()

        def hook(_connection: apsw.Connection, _name: str, pages: int) -> int:
            committed(pages)
            return apsw.SQLITE_OK

        connection.set_wal_hook(hook)
        self.thread = threading.Thread(target=self._run, name="cosbox-writer", daemon=True)
        self.thread.start()

    def submit(
        self, change: Callable[[SqliteTransaction], T], *, frees: bool = False
    ) -> "Future[T]":
        """As `Records.write`."""
        future: Future[T] = Future()
        self.hand_in(change, future, frees=frees)
        return future

    def hand_in(
        self, change: Callable[[SqliteTransaction], T], outcome: Outcome[T], *, frees: bool = False
    ) -> None:
        """As `Records.hand_in`."""
        job = _Job(change, outcome, frees=frees)
        # Under a lock, for a change that slipped in behind the end would never be done.
        with self._gate:
            if self._closed:
                raise StorageError("the store is closed")
            self._queue.put(job)

    def close(self, last: Callable[[SqliteTransaction], T]) -> T:
        """Finish the changes that were handed in, then make one last one, and stop."""
        done: Future[T] = Future()
        job = _Job(last, done, frees=True)
        with self._gate:
            self._closed = True
            self._queue.put(job)
            self._queue.put(None)
        self.thread.join()
        self._connection.close()
        return done.result()

    # around a fork: forks.py

    def pause(self, until: float) -> bool:
        """Begin no batch; whether the one under way ended before ``until``."""
        self._paused = self._working.acquire(timeout=max(0.0, until - time.monotonic()))
        return self._paused

    def resume(self) -> None:
        """Go on."""
        if self._paused:
            self._paused = False
            self._working.release()

    def abandon(self, *, close: bool) -> None:
        """In the child, where there is no thread to write."""
        self._closed = True
        if close:
            self._connection.close()

    def _run(self) -> None:
        while not self._stopping and (job := self._queue.get()) is not None:
            if not job.outcome.set_running_or_notify_cancel():
                continue
            with self._working:
                done = self._batch(job)
            # After letting go, for a callback of a future may fork or take long.
            for job in done:
                job.finish()
            del job, done

    def _arriving(self, first: _Job) -> Iterator[_Job]:
        """The first change and those that wait behind it, with those that arrive meanwhile."""
        yield first
        end = time.monotonic() + MOST_SECONDS
        for _ in range(MOST_CHANGES):
            try:
                job = self._queue.get_nowait()
            except Empty:
                return
            if job is None:
                self._stopping = True
                return
            if job.outcome.set_running_or_notify_cancel():
                yield job
            if time.monotonic() > end:
                return

    def _batch(self, first: _Job) -> list[_Job]:
        taken: list[_Job] = []
        try:
            try:
                self._transact(self._arriving(first), taken)
            except _HalfDone:
                self._transact(taken, [], apart=True)
        except BaseException as error:  # noqa: BLE001 - it belongs to the futures, whatever it is
            fault = self._fault(error)
            if isinstance(fault, SyncFailed):
                taken = taken or [first]
                for job in taken:
                    job.error = fault
                return taken
            if len(taken) <= 1:
                self._failed(first, error)
                return [first]
            # One too large for the disk must not fail the others, so each gets its own.
            for job in taken:
                self._alone(job)
        return taken

    def _alone(self, job: _Job) -> None:
        try:
            self._transact([job], [], apart=True)
        except BaseException as error:  # noqa: BLE001 - as above
            self._failed(job, error)

    def _failed(self, job: _Job, error: BaseException) -> None:
        job.error = self._fault(error)
        if not isinstance(job.error, StorageFull):
            return
        if not job.frees or job.retries == _RETRIES:
            self._full()
            return
        job.retries += 1
        if job.retries == _RETRIES:
            self._reserve.release()
        # A log that begins anew needs no more room.
        self._empty_log()
        self._alone(job)

    def _transact(self, jobs: Iterable[_Job], taken: list[_Job], *, apart: bool = False) -> None:
        """Run changes in one transaction.

        Args:
            jobs: the changes.
            taken: to which each is added as it is begun.
            apart: so that one that fails half done can be undone without the others.

        Raises:
            _HalfDone: one failed so, and they are not apart.
        """
        self._syncs.check()
        with self._turn:
            try:
                self._execute("BEGIN IMMEDIATE")
                self._transaction.load()
                self._look_for_room()
                for job in jobs:
                    taken.append(job)
                    self._attempt(job, apart=apart)
                self._transaction.save()
                self._execute("COMMIT")
            except BaseException:
                self._transaction.forget()
                if self._connection.in_transaction:
                    self._execute("ROLLBACK")
                raise

    def _look_for_room(self) -> None:
        self._pressed = not self._reserve.ready() and (
            self._connection.pragma("freelist_count") < _REUSABLE
        )

    def _attempt(self, job: _Job, *, apart: bool) -> None:
        if self._pressed and not job.frees:
            job.error = StorageFull("no room left for the records")
            return
        connection = self._connection
        changes = connection.total_changes()
        if apart:
            self._execute("SAVEPOINT change")
        try:
            job.result = job.change(self._transaction)
        except BaseException as error:
            if not connection.in_transaction:
                # SQLite undid everything, as it does when the disk is full.
                raise
            if apart:
                self._execute("ROLLBACK TO change")
            elif connection.total_changes() != changes:
                raise _HalfDone from error
            self._transaction.forget()
            job.error = self._fault(error)
        else:
            job.error = None
        if apart:
            self._execute("RELEASE change")

    def _fault(self, error: BaseException) -> BaseException:
        if not isinstance(error, apsw.Error):
            return error
        fault = storage_error(error, self._connection)
        fault.__cause__ = error
        if isinstance(fault, SyncFailed):
            self._syncs.fail(error)
        return fault

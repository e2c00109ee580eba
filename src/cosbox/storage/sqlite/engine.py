"""The working parts of an open set of records, put together and taken apart."""

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Final

import apsw

from cosbox.storage.durable import Durability, Syncs
from cosbox.storage.durable import storage_error as os_error
from cosbox.storage.errors import StorageError, StorageFull
from cosbox.storage.locks import Turnstile
from cosbox.storage.reserve import Reserve
from cosbox.storage.sqlite.checkpoints import Checkpointer, catch_up
from cosbox.storage.sqlite.connections import connect
from cosbox.storage.sqlite.faults import storage_error
from cosbox.storage.sqlite.logsync import LogSync
from cosbox.storage.sqlite.readers import ReaderPool
from cosbox.storage.sqlite.reservations import BlobIds, settle
from cosbox.storage.sqlite.schema import check
from cosbox.storage.sqlite.writer import GroupWriter

_WRITER_CACHE_KIB: Final = 32 * 1024
_READER_CACHE_KIB: Final = 4 * 1024
_CHECKPOINT_CACHE_KIB: Final = 1024

_log = logging.getLogger(__name__)


class Engine:
    """Readers, a writer, a checkpointer and a source of ids on one database, in one process."""

    def __init__(
        self,
        database: Path,
        locks: Path,
        *,
        reserve: Reserve,
        syncs: Syncs,
        durability: Durability,
    ) -> None:
        self._locks = locks
        behind = durability == "process"
        with ExitStack() as undo:
            try:
                checkpoints = connect(database, cache_kib=_CHECKPOINT_CACHE_KIB)
                undo.callback(checkpoints.close)
                writing = connect(database, cache_kib=_WRITER_CACHE_KIB, durability=durability)
                undo.callback(writing.close)
                check(writing)
                turns = [Turnstile(locks), Turnstile(locks)]
                undo.callback(turns[0].close)
                undo.callback(turns[1].close)
                log = LogSync(Path(f"{database}-wal"), syncs, behind=behind)
                undo.callback(log.abandon)
                catch_up(checkpoints, turns[0])
            except apsw.Error as error:
                raise storage_error(error) from error
            except OSError as error:
                raise os_error("cannot open the locks of the store", error) from error
            undo.pop_all()
        self.readers = ReaderPool(
            partial(connect, database, cache_kib=_READER_CACHE_KIB, readonly=True)
        )
        self.checkpointer = Checkpointer(checkpoints, turns[0], syncs)
        self.log = log

        def committed(pages: int) -> None:
            log.note()
            self.checkpointer.note(pages)

        self.writer = GroupWriter(
            writing,
            turns[1],
            reserve,
            syncs,
            committed=committed,
            full=self.checkpointer.want,
            empty_log=self.checkpointer.run_now,
        )
        self.ids = BlobIds(self.writer, log.sync, locks)
        self._turns = turns
        self.closed = False

    def settle(self, delete: Callable[[Iterable[int]], None]) -> None:
        """Remove the files that processes which died left without a record."""
        try:
            settle(self._locks, self.writer, self.log.sync, delete)
        except StorageFull as error:
            # The files are gone, which is what matters; whoever opens next makes a note of it.
            _log.warning("what dead processes left is not settled yet: %s", error)
        except OSError as error:
            raise os_error("cannot look after the locks of the store", error) from error

    def close(self) -> None:
        """Finish the writes under way and let go of everything."""
        if self.closed:
            return
        self.closed = True
        self.ids.stop()
        settled = False
        # Where the disk is full, what this owner had reserved stays for the next to open.
        with suppress(StorageError):
            settled = self.writer.close(self.ids.last_change)
        self.ids.close(settled=settled)
        self.readers.close()
        self.checkpointer.close()
        self.log.close()
        for turn in self._turns:
            turn.close()

    def dispose(self) -> None:
        """Close, from whatever thread the garbage collector happens to run in."""
        own = {self.writer.thread, self.checkpointer.thread, self.log.thread}
        if threading.current_thread() in own:
            threading.Thread(target=self.close, name="cosbox-close").start()
        else:
            self.close()

    # around a fork: forks.py

    def pause(self, until: float) -> bool:
        """Bring all threads to rest; whether they came to it in time."""
        return all(part.pause(until) for part in (self.readers, self.writer, self.checkpointer))

    def resume(self) -> None:
        """Let them go on."""
        for part in (self.writer, self.checkpointer, self.readers):
            part.resume()

    def abandon(self, *, at_rest: bool) -> None:
        """In the child of a fork: close what was inherited, and leave the parent's be.

        Args:
            at_rest: all threads were. Else the connections cannot even be closed.
        """
        self.closed = True
        self.ids.abandon()
        self.log.abandon()
        for turn in self._turns:
            turn.close()
        for part in (self.readers, self.writer, self.checkpointer):
            part.abandon(close=at_rest)

"""Ids for blobs that will be files, and who holds them.

A process sets ids aside, 1024 at a time, durably and before it uses the first. It is known by a
lock file that it holds for as long as it lives. So when a store is opened, the reservations of
those that died are known, and with them every file that may lie there without a record: no guess,
no age, no walk over the folder.
"""

import contextlib
import secrets
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from cosbox.storage.errors import StorageError
from cosbox.storage.locks import FileLock
from cosbox.storage.sqlite.transaction import SqliteTransaction
from cosbox.storage.sqlite.writer import GroupWriter

COUNT: Final = 1024
_PREFIX: Final = "owner-"

_Delete = Callable[[Iterable[int]], None]


class BlobIds:
    """Gives out the ids that this engine reserved, and reserves more."""

    def __init__(self, writer: GroupWriter, sync: Callable[[], None], folder: Path) -> None:
        self._writer = writer
        self._sync = sync
        self._folder = folder
        self._lock = threading.Lock()
        self._life: FileLock | None = None
        self._owner = ""
        self._next = self._end = 0
        self._stopped = False

    def new(self) -> int:
        """As `Records.new_blob_id`."""
        with self._lock:
            if self._stopped:
                raise StorageError("the store is closed")
            if self._next == self._end:
                self._next = self._reserve()
                self._end = self._next + COUNT
            blob_id = self._next
            self._next += 1
            return blob_id

    def _reserve(self) -> int:
        if self._life is None:
            self._owner = secrets.token_hex(8)
            self._life = _begin(self._folder / f"{_PREFIX}{self._owner}")

        def change(transaction: SqliteTransaction) -> int:
            transaction.settle(self._owner, COUNT, self._next)
            return transaction.reserve(self._owner, COUNT)

        first = self._writer.submit(change).result()
        # A power cut may take records back, but never the reservation of a file that is there.
        self._sync()
        return first

    def stop(self) -> None:
        """Give out no more."""
        with self._lock:
            self._stopped = True

    def last_change(self, transaction: SqliteTransaction) -> bool:
        """The writer's last change: let go of what is settled; whether nothing is left."""
        return transaction.settle(self._owner, COUNT, self._next)

    def close(self, *, settled: bool) -> None:
        """End this owner's life, when its writer has ended. Where ids were given out that have no
        record, the next to open the store looks after them."""
        if self._life is not None:
            if settled:
                _remove(self._life.path)
            self._life.release()
            self._life.close()

    def abandon(self) -> None:
        """In the child of a fork: the life goes on in the parent."""
        if self._life is not None:
            self._life.close()


def _begin(path: Path) -> FileLock:
    """A lock file that is held, and that `_sweep` did not take away between the two steps."""
    while True:
        life = FileLock(path)
        life.acquire()
        if life.stands():
            return life
        life.close()


def _remove(path: Path) -> None:
    # Windows does not remove an open file; it stays until the next sweep.
    with contextlib.suppress(OSError):
        path.unlink()


def settle(
    folder: Path,
    writer: GroupWriter,
    sync: Callable[[], None],
    delete: _Delete,
) -> None:
    """Remove what dead owners left.

    Args:
        folder: of the lock files.
        writer: of the records.
        sync: makes durable what was written.
        delete: removes the files of blobs, durably, where there are any.
    """
    reserved = writer.submit(lambda t: t.reservations()).result()
    for owner, firsts in reserved.items():
        path = folder / f"{_PREFIX}{owner}"
        life = FileLock(path)
        try:
            if not life.try_acquire():
                continue
            for first in firsts:
                _settle_one(first, writer, sync, delete)
            _remove(path)
        finally:
            life.close()
    _sweep(folder, set(reserved))


def _settle_one(
    first: int,
    writer: GroupWriter,
    sync: Callable[[], None],
    delete: _Delete,
) -> None:
    # The dead owner may have died in a commit that is in the log, and that nobody took for one. It
    # is written over now, lest it be taken for one after a crash, when its files are gone.
    if not writer.submit(lambda t: t.rewrite_reservation(first)).result():
        return  # somebody was faster
    sync()
    # Read only now, under the dead owner's lock: its last records are all there.
    recorded = writer.submit(lambda t: t.recorded(first, first + COUNT)).result()
    delete([blob_id for blob_id in range(first, first + COUNT) if blob_id not in recorded])
    writer.submit(lambda t: t.drop_reservation(first), frees=True).result()


def _sweep(folder: Path, known: set[str]) -> None:
    """Remove the lock files of owners that died before they reserved anything."""
    for path in folder.glob(f"{_PREFIX}*"):
        if path.name.removeprefix(_PREFIX) in known:
            continue
        life = FileLock(path)
        try:
            if life.try_acquire():
                _remove(path)
        finally:
            life.close()

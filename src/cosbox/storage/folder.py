"""A store in a folder: records in SQLite, large blobs in files. docs/on-disk-format.md."""

import os
import secrets
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import apsw

from cosbox.storage.durable import (
    DURABILITIES,
    Durability,
    Syncs,
    make_folder,
    storage_error,
    sync_folder,
)
from cosbox.storage.errors import RecordsDamaged, StoreFormatError
from cosbox.storage.files import FileBlobs
from cosbox.storage.keeping import files_kept
from cosbox.storage.locks import FileLock
from cosbox.storage.marker import MARKER, check_marker, write_marker
from cosbox.storage.reserve import Reserve
from cosbox.storage.sqlite import SqliteRecords
from cosbox.storage.sqlite.audit import Audit
from cosbox.storage.sqlite.connections import connect
from cosbox.storage.sqlite.copies import copy_records, revive
from cosbox.storage.sqlite.faults import storage_error as records_error
from cosbox.storage.sqlite.schema import prepare

_LOCKS: Final = "locks"
DATABASE: Final = "records.db"
BLOBS: Final = "blobs"
_RESERVE: Final = "reserve"
_UNFINISHED: Final = frozenset(
    {_LOCKS, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal", BLOBS}
    | {f"{MARKER}.new"}
)
"""What a folder may hold where the making of a store was cut short."""


class Folder:
    """An open store.

    Attributes:
        path: of the folder.
        records: the records.
        blobs: the large blobs.
        settled: how many files that dead processes had left were removed when it was opened.
    """

    __slots__ = ("blobs", "path", "records", "settled")

    def __init__(
        self, path: Path, records: SqliteRecords, blobs: FileBlobs, settled: int = 0
    ) -> None:
        self.path = path
        self.settled = settled
        self.records = records
        self.blobs = blobs

    def close(self) -> None:
        """Finish the writes under way and let go of the folder. May be called twice."""
        # In this order: once the records are closed, another process may look for the files that
        # this one left without a record, so none may come after.
        self.blobs.close()
        self.records.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_folder(
    path: str | os.PathLike[str],
    *,
    create: bool = True,
    reserve: int = 0,
    durability: Durability = "full",
) -> Folder:
    """Open the store in a folder. Any number of processes may.

    Args:
        path: of the folder.
        create: make the folder, and a store in it, if there is none.
        reserve: bytes to keep on the disk for deletes, should it be full.
        durability: how far what is written through it is durable; others who have the store open
            go by their own.

    Raises:
        StoreFormatError: the folder holds something else, or a store of a newer format, or nothing
            and ``create`` is false.
        StorageFull: no room to make a store.
        StorageError: no permission, or trouble with the file system.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as parent, open_folder(f"{parent}/data") as store:
    ...     with store.records.read() as snapshot:
    ...         snapshot.accounts()
    []
    """
    if durability not in DURABILITIES:
        raise ValueError(f"durability must be one of {', '.join(DURABILITIES)}, not {durability!r}")
    folder = Path(path).absolute()
    try:
        _prepare(folder, create=create)
    except apsw.Error as error:
        raise records_error(error) from error
    except OSError as error:
        raise storage_error(f"cannot open the store {folder}", error) from error
    syncs = Syncs()
    blobs = FileBlobs(folder / BLOBS, syncs)
    records = SqliteRecords(
        folder / DATABASE,
        folder / _LOCKS,
        reserve=Reserve(folder / _RESERVE, reserve),
        syncs=syncs,
        durability=durability,
    )
    left = 0

    def remove(blob_ids: Iterable[int]) -> None:
        nonlocal left
        left += blobs.delete_many(blob_ids)

    try:
        records.settle(remove)
    except BaseException:
        records.close()
        raise
    return Folder(folder, records, blobs, left)


class FolderAudit:
    """A store to be looked at from outside: nothing in it is changed.

    Attributes:
        path: of the folder.
        records: what is recorded, in snapshots of one thread.
        blobs: the files.
    """

    __slots__ = ("blobs", "path", "records")

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Look at the store in a folder, whether others have it open or not.

        Raises:
            StoreFormatError: there is none, or one of a newer format.
            RecordsDamaged: its database is none.
            StorageError: no permission, or trouble with the file system.
        """
        self.path = Path(path).absolute()
        try:
            if not check_marker(self.path):
                raise StoreFormatError(f"there is no store in {self.path}")
            if not (self.path / DATABASE).exists():
                raise RecordsDamaged(f"{self.path / DATABASE} is gone")
            self.records = Audit(self.path / DATABASE)
        except apsw.Error as error:
            raise records_error(error) from error
        except OSError as error:
            raise storage_error(f"cannot look at the store {self.path}", error) from error
        self.blobs = FileBlobs(self.path / BLOBS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.records.close()

    def copy_records(self, copy: Path) -> None:
        """Copy all records as they are at one moment, into a file that does not exist.

        Raises:
            RecordsDamaged: they cannot be read to their end.
            StorageFull: no room for the copy.
            StorageError: it cannot be made.
            OSError: the same.
        """
        copy_records(self.path / DATABASE, copy)

    def files_kept(self) -> AbstractContextManager[None]:
        """Within this, no file is removed that is recorded when it begins.

        Raises:
            StoreInUseError: somebody else copies the store.
        """
        locks = self.path / _LOCKS
        locks.mkdir(mode=0o700, exist_ok=True)
        return files_kept(locks)


def _prepare(folder: Path, *, create: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise StoreFormatError(f"{folder} is a file; a store is a folder")
    locks = folder / _LOCKS
    if check_marker(folder):
        # A backup may have left them out.
        locks.mkdir(mode=0o700, exist_ok=True)
        return
    if not create:
        raise StoreFormatError(f"there is no store in {folder}")
    _check_vacant(folder)
    make_folder(folder)
    locks.mkdir(mode=0o700, exist_ok=True)
    # Before anything else is made: by this the next to try knows what was begun here.
    sync_folder(folder)
    making = FileLock(locks / "making")
    try:
        making.acquire()
        # Another process may have been faster.
        if not check_marker(folder):
            _make(folder)
    finally:
        making.close()


def _check_vacant(folder: Path) -> None:
    names = {entry.name for entry in folder.iterdir()} if folder.exists() else set()
    if names and (_LOCKS not in names or not names <= _UNFINISHED):
        found = ", ".join(sorted(names)[:3])
        raise StoreFormatError(
            f"{folder} is no store and not empty (it holds {found}); name an empty or a new folder"
        )


def _make(folder: Path) -> None:
    folder.chmod(0o700)
    (folder / BLOBS).mkdir(mode=0o700, exist_ok=True)
    database = folder / DATABASE
    # SQLite gives its other files the permissions of this one.
    os.close(os.open(database, os.O_RDWR | os.O_CREAT, 0o600))
    connection = connect(database, cache_kib=1024)
    try:
        prepare(connection)
    finally:
        connection.close()
    sync_folder(folder)
    write_marker(folder, secrets.token_hex(16))


def found_store(folder: Path, store_id: str) -> None:
    """Make a folder a store that holds its blobs and a copy of its records already.

    Raises:
        StorageError: the copy is none, or the disk does not let it.
        OSError: the same.
    """
    (folder / BLOBS).mkdir(mode=0o700, exist_ok=True)
    (folder / _LOCKS).mkdir(mode=0o700, exist_ok=True)
    revive(folder / DATABASE)
    sync_folder(folder)
    write_marker(folder, store_id)

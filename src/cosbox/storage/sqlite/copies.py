"""Copies of the records: taken while the store is used, read, and made a store's again.

A copy is a plain database without a log. It holds what a store needs and nothing of the process
that it was copied from: no reservations, and no records of blobs that nothing refers to.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import apsw

from cosbox.storage.durable import sync_file
from cosbox.storage.rows import Blob
from cosbox.storage.sqlite.connections import connect, run
from cosbox.storage.sqlite.faults import storage_error
from cosbox.storage.sqlite.schema import check
from cosbox.storage.sqlite.snapshot import MASK

_CACHE_KIB: Final = 16 * 1024

_OPS: Final = 200_000
"""Steps of SQLite between two looks at whether somebody pressed Ctrl-C."""

_PRIVATE: Final = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    DELETE FROM reservation;
    DELETE FROM blob WHERE garbage_since IS NOT NULL;
"""
_BLOBS: Final = "SELECT id, size, crc64, refs, data FROM blob ORDER BY id"
_FILES: Final = """
    SELECT id, size, crc64, refs, data FROM blob WHERE id >= ? AND id < ? AND data IS NULL"""


def copy_records(database: Path, copy: Path) -> None:
    """Copy the records of a store as they are at one moment. Others may read and write meanwhile.

    Every row is read, and written anew, so a database that is damaged is not copied.

    Args:
        database: the store's.
        copy: a file that does not exist; durable afterwards, its name not.

    Raises:
        RecordsDamaged: the database cannot be read to its end.
        StorageFull: no room for the copy.
        StorageError: the copy cannot be made.
        OSError: the same.
    """
    os.close(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        source = connect(database, cache_kib=_CACHE_KIB)
        try:
            check(source)
            # Where Python's handlers of signals run.
            source.set_progress_handler(lambda: False, _OPS)
            source.execute("VACUUM INTO ?", (str(copy),))
        finally:
            source.close()
        _settle(copy)
    except apsw.Error as error:
        raise storage_error(error) from error


def _settle(copy: Path) -> None:
    connection = apsw.Connection(str(copy), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        run(connection, _PRIVATE)
    finally:
        connection.close()
    fd = os.open(copy, os.O_RDWR)
    try:
        sync_file(fd)
    finally:
        os.close(fd)


def revive(copy: Path) -> None:
    """Make a copy the database of a store: durable, with a log.

    Raises:
        StorageError: it is none, or cannot be written.
        OSError: the same.
    """
    try:
        connection = apsw.Connection(str(copy), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            check(connection)
            run(connection, "PRAGMA journal_mode = WAL")
        finally:
            connection.close()
    except apsw.Error as error:
        raise storage_error(error) from error
    fd = os.open(copy, os.O_RDWR)
    try:
        sync_file(fd)
    finally:
        os.close(fd)


class RecordsCopy:
    """A copy of records, to be read. Nothing is written beside it, so it may be on a disk that
    cannot be written to."""

    def __init__(self, copy: Path) -> None:
        """Open a copy.

        Raises:
            StoreFormatError: it is of another format.
            StorageError: it is none.
        """
        address = f"file:{quote(str(copy))}?immutable=1"
        try:
            self._connection = apsw.Connection(
                address, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
            )
            check(self._connection)
        except apsw.Error as error:
            raise storage_error(error) from error

    def blobs(self) -> Iterator[Blob]:
        """All blobs in the order of their ids, small ones with their bytes.

        Raises:
            RecordsDamaged: the copy is not what was written.
        """
        try:
            row: Any
            for row in self._connection.execute(_BLOBS):
                yield _blob(*row)
        except apsw.Error as error:
            raise storage_error(error) from error

    def files(self, first: int, stop: int) -> list[Blob]:
        """Those of a range of ids that are files.

        Raises:
            RecordsDamaged: the copy is not what was written.
        """
        try:
            rows: list[Any] = self._connection.execute(_FILES, (first, stop)).fetchall()
        except apsw.Error as error:
            raise storage_error(error) from error
        return [_blob(*row) for row in rows]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()


def _blob(blob_id: int, size: int, crc64: int, refs: int, data: bytes | None) -> Blob:
    return Blob(blob_id, size, crc64 & MASK, refs, data)

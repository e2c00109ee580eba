"""SQLite's errors in the store's terms."""

from typing import Final

import apsw

from cosbox.storage.durable import is_full, out_of_files
from cosbox.storage.errors import RecordsDamaged, StorageBusy, StorageError, StorageFull, SyncFailed

_SYNCS: Final = frozenset({apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC})


def storage_error(error: apsw.Error, connection: apsw.Connection | None = None) -> StorageError:
    """The store's error for one of SQLite's; to be raised from it.

    Args:
        error: what apsw raised.
        connection: where it was raised. It knows the errno, as SQLite calls a full disk an I/O
            error in some places.
    """
    if is_sync(error):
        # Also where there was no room: what was committed may be found there, and may not.
        return SyncFailed("the records could not be made durable")
    if isinstance(error, apsw.FullError):
        return StorageFull("no room left for the records")
    if isinstance(error, apsw.IOError) and connection and is_full(connection.system_errno):
        return StorageFull("no room left for the records")
    if isinstance(error, (apsw.CorruptError, apsw.NotADBError)):
        return RecordsDamaged(f"the records are damaged: {error}")
    if isinstance(error, apsw.CantOpenError) and out_of_files():
        return StorageBusy("too many open files to reach the records")
    return StorageError(f"the records: {error}")


def is_sync(error: apsw.Error) -> bool:
    """Whether a sync failed: of a file, or of the folder that it is in."""
    return getattr(error, "extendedresult", 0) in _SYNCS

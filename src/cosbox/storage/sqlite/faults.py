"""SQLite's errors in the store's terms."""

import apsw

from cosbox.storage.durable import is_full, out_of_files
from cosbox.storage.errors import RecordsDamaged, StorageBusy, StorageError, StorageFull


def storage_error(error: apsw.Error, connection: apsw.Connection | None = None) -> StorageError:
    """The store's error for one of SQLite's; to be raised from it.

    Args:
        error: what apsw raised.
        connection: where it was raised. It knows the errno, as SQLite calls a full disk an I/O
            error in some places.
    """
    if isinstance(error, apsw.FullError):
        return StorageFull("no room left for the records")
    if isinstance(error, apsw.IOError) and connection and is_full(connection.system_errno):
        return StorageFull("no room left for the records")
    if isinstance(error, (apsw.CorruptError, apsw.NotADBError)):
        return RecordsDamaged(f"the records are damaged: {error}")
    if isinstance(error, apsw.CantOpenError) and out_of_files():
        return StorageBusy("too many open files to reach the records")
    return StorageError(f"the records: {error}")

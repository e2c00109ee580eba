"""Opening connections, all with the same settings."""

from pathlib import Path
from typing import Final

import apsw

from cosbox.storage.durable import Durability

BUSY_MS: Final = 10_000
"""How long to wait where SQLite itself locks: recovery after a crash, the end of a checkpoint."""

_SETTINGS: Final = """
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA temp_store = MEMORY;
"""


def connect(
    path: Path, *, cache_kib: int, readonly: bool = False, durability: Durability = "full"
) -> apsw.Connection:
    """A connection to the database of a store, which exists.

    Args:
        path: of the database.
        cache_kib: how much of it to keep in memory.
        readonly: refuse to write through this connection.
        durability: whether commits through it wait for the disk.

    Raises:
        apsw.Error: it is none, or cannot be opened.
    """
    connection = apsw.Connection(
        str(path), flags=apsw.SQLITE_OPEN_READWRITE, statementcachesize=200
    )
    try:
        connection.set_busy_timeout(BUSY_MS)
        # A close would otherwise take the log away under a forked parent or child (forks.py).
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        run(connection, _SETTINGS)
        run(connection, f"PRAGMA cache_size = -{cache_kib}")
        if durability == "process":
            run(connection, "PRAGMA synchronous = NORMAL")
        if readonly:
            run(connection, "PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def run(connection: apsw.Connection, script: str) -> None:
    """Run statements to their end, whatever rows they give."""
    connection.execute(script).fetchall()

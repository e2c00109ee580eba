"""All that a store holds, to see that nothing of it changed."""

import hashlib
from pathlib import Path

import apsw

_TABLES = ("account", "key_pair", "bucket", "current", "past", "upload", "part", "blob")
"""Without ``state`` and ``reservation``: ids and stamps may be spent on what is then refused."""


def dump(folder):
    """The rows of every table, and the digest of every file of a blob."""
    folder = Path(folder)
    connection = apsw.Connection(
        str(folder / "records.db"), flags=apsw.SQLITE_OPEN_READONLY, vfs="unix"
    )
    try:
        found = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in _TABLES}
    finally:
        connection.close()
    files = (path for path in (folder / "blobs").rglob("*") if path.is_file())
    found["files"] = {
        str(path.relative_to(folder)): hashlib.md5(path.read_bytes()).hexdigest() for path in files
    }
    return found

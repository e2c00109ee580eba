"""Records in an SQLite database, through apsw (docs/decisions/0002)."""

from cosbox.storage.sqlite.records import SqliteRecords

__all__ = ["SqliteRecords"]

"""Looking through everything: what a check of the records reads, on connections of its own.

The store is not opened for it, since opening settles what dead processes left. Nothing is ever
written through these connections.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import apsw

from cosbox.storage.errors import RecordsDamaged
from cosbox.storage.sqlite import invariants
from cosbox.storage.sqlite.connections import connect
from cosbox.storage.sqlite.faults import storage_error
from cosbox.storage.sqlite.schema import check
from cosbox.storage.sqlite.snapshot import MASK, SqliteSnapshot

_CACHE_KIB: Final = 16 * 1024

_VERSION: Final = """
    {current}, bucket, CAST(key AS BLOB), stamp, is_null, {marker}, NULL, 0, size, crc64,
    CAST(acl AS BLOB), CAST(headers AS BLOB), CAST(restore AS BLOB), extents"""
_HOLDERS: Final = (
    f"SELECT {_VERSION.format(current=1, marker=0)} FROM current",  # noqa: S608 - spelt above
    f"SELECT {_VERSION.format(current=0, marker='is_marker')} FROM past",  # noqa: S608 - as above
    """SELECT 0, u.bucket, CAST(u.key AS BLOB), 0, 0, 0, p.upload, p.number, p.size, p.crc64,
        x'', x'', x'', p.extents FROM part p LEFT JOIN upload u ON u.id = p.upload""",
)
_BLOBS: Final = """
    SELECT id, size, crc64, refs, garbage_since, length(data) FROM blob
    WHERE id > ? ORDER BY id LIMIT ?"""
_BLOBS_BETWEEN: Final = "SELECT id FROM blob WHERE id >= ? AND id < ? AND data IS NULL"
_UPLOADS: Final = """
    SELECT bucket, CAST(key AS BLOB), id, CAST(acl AS BLOB), CAST(headers AS BLOB) FROM upload"""
_RESERVED: Final = "SELECT first FROM reservation"


class Holder(NamedTuple):
    """A record that has content: a version, or a part of an upload.

    Attributes:
        current: it is a current version.
        bucket: id; None for a part whose upload is gone.
        key: in UTF-8, if nothing happened to it.
        stamp: of a version.
        null: it is the null version.
        marker: it is a delete marker.
        upload: of a part, else None.
        number: of a part.
        size: in bytes.
        crc64: of the content.
        acl: as it is kept.
        headers: as they are kept.
        restore: as it is kept.
        extents: packed.
    """

    current: int
    bucket: int | None
    key: bytes | None
    stamp: int
    null: int
    marker: int
    upload: str | None
    number: int
    size: int
    crc64: int | None
    acl: bytes
    headers: bytes
    restore: bytes
    extents: bytes


class BlobRow(NamedTuple):
    """The record of a blob, without its bytes.

    Attributes:
        id: of the blob.
        size: in bytes, as recorded.
        crc64: as recorded.
        refs: as recorded.
        garbage_since: moment; None while it is referred to.
        held: how many bytes are in the records; None where it is a file.
    """

    id: int
    size: int
    crc64: int
    refs: int
    garbage_since: int | None
    held: int | None


class AuditSnapshot(SqliteSnapshot):
    """A snapshot that can also be walked through from end to end."""

    __slots__ = ()

    def bucket_names(self) -> dict[int, str]:
        """Every bucket."""
        return dict(self._execute("SELECT id, name FROM bucket"))

    def bucket_rows(self) -> Iterator[tuple[int, str, bytes]]:
        """Every bucket: id, versioning, access list."""
        yield from self._execute("SELECT id, versioning, CAST(acl AS BLOB) FROM bucket")

    def upload_rows(self) -> Iterator[tuple[int, bytes, str, bytes, bytes]]:
        """Every upload: bucket, key, id, access list, headers."""
        yield from self._execute(_UPLOADS)

    def holders(self) -> Iterator[Holder]:
        """All versions and parts."""
        for statement in _HOLDERS:
            for row in self._execute(statement):
                holder = Holder._make(row)
                crc64 = holder.crc64
                yield holder if crc64 is None else holder._replace(crc64=crc64 & MASK)

    def still_holds(self, holder: Holder) -> bool:
        """Whether a version or part is still there, with the same content."""
        key = (holder.key or b"").decode("utf-8", "surrogateescape")
        if holder.upload is not None:
            where = "part WHERE upload = ? AND number = ?"
            values: tuple[Any, ...] = (holder.upload, holder.number)
        elif holder.current:
            where, values = "current WHERE bucket = ? AND key = ?", (holder.bucket, key)
        else:
            where = "past WHERE bucket = ? AND key = ? AND stamp = ?"
            values = (holder.bucket, key, holder.stamp)
        row = self._one(f"SELECT extents FROM {where}", *values)  # noqa: S608 - spelt above
        return row is not None and row[0] == holder.extents

    def blob_rows(self, after: int, limit: int) -> list[BlobRow]:
        """Those with ids over ``after``, in order."""
        return [
            BlobRow(blob_id, size, crc64 & MASK, refs, since, held)
            for blob_id, size, crc64, refs, since, held in self._execute(_BLOBS, (after, limit))
        ]

    def blob_row(self, blob_id: int) -> BlobRow | None:
        """That of one blob."""
        found = [] if blob_id >> 63 else self.blob_rows(blob_id - 1, 1)
        return found[0] if found and found[0].id == blob_id else None

    def blob_data(self, blob_id: int) -> bytes | None:
        """The bytes of a blob that is in the records."""
        row: tuple[bytes | None] | None = self._one("SELECT data FROM blob WHERE id = ?", blob_id)
        return row[0] if row else None

    def recorded_files(self, first: int, stop: int) -> set[int]:
        """Those of a range of ids that are recorded as files."""
        return {blob_id for (blob_id,) in self._execute(_BLOBS_BETWEEN, (first, stop))}

    def reserved(self) -> set[int]:
        """The first ids of all reservations."""
        return {first for (first,) in self._execute(_RESERVED)}

    def next_blob(self) -> int:
        """The number that the next blob gets, if it is not a file."""
        row: tuple[int] | None = self._one("SELECT next_blob FROM state")
        return row[0] if row else 0

    def misplaced(self) -> Iterator[tuple[str, int, bytes, int]]:
        """Versions and uploads that cannot be where they are: why, bucket, key and stamp."""
        for why, statement in invariants.MISPLACED:
            for bucket, key, stamp in self._execute(statement):
                yield why, bucket, key, stamp

    def overtaken(self) -> Iterator[tuple[str, int, int]]:
        """Counters of what was given out that are behind what is in use: which, the least that it
        should be, and what it is."""
        for name, statement in invariants.OVERTAKEN:
            row = self._one(statement)
            if row is None:
                raise RecordsDamaged("the counters of the records are gone")
            least, found = row
            if found < least:
                yield name, least, found

    def self_check(self, *, quick: bool) -> list[str]:
        """What SQLite finds wrong with the database; it stops at a hundred findings."""
        rows = self._all(f"PRAGMA {'quick' if quick else 'integrity'}_check")
        return [text for (text,) in rows if text != "ok"]


class Audit:
    """A database to be looked through. Used by one thread."""

    def __init__(self, database: Path) -> None:
        """Raises `StorageError`, or apsw's error where the database cannot be read at all."""
        self._connection = connect(database, cache_kib=_CACHE_KIB, readonly=True)
        try:
            check(self._connection)
        except BaseException:
            self._connection.close()
            raise

    @contextmanager
    def snapshot(self) -> Iterator[AuditSnapshot]:
        """What is recorded at this moment. They do not nest.

        Raises:
            RecordsDamaged: SQLite finds that the database is damaged.
            StorageError: the database cannot be read.
        """
        try:
            self._connection.execute("BEGIN")
            try:
                # The moment is that of the first read.
                self._connection.execute("SELECT 1 FROM state").fetchall()
                yield AuditSnapshot(self._connection)
            finally:
                self._connection.execute("COMMIT")
        except apsw.Error as error:
            raise storage_error(error, self._connection) from error
        except UnicodeDecodeError as error:
            raise RecordsDamaged(f"a text in the records is not UTF-8: {error}") from error

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

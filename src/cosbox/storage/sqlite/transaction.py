"""Writing: the `cosbox.storage.records.Transaction` of SQLite."""

import logging
from collections.abc import Iterable, Sequence
from typing import Final

import apsw

from cosbox.storage.errors import StorageError
from cosbox.storage.rows import Account, Bucket, Extent, KeyPair, Part, Upload, Version
from cosbox.storage.sqlite.snapshot import MASK, SqliteSnapshot

_log = logging.getLogger("cosbox.integrity")

_LOAD: Final = "SELECT last_stamp, next_blob, next_bucket FROM state"
_SAVE: Final = "UPDATE state SET last_stamp = ?, next_blob = ?, next_bucket = ?"

_PUT_ACCOUNT: Final = "INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?)"
_PUT_KEY_PAIR: Final = "INSERT OR REPLACE INTO key_pair VALUES (?, ?, ?, ?)"
_ADD_BUCKET: Final = "INSERT INTO bucket VALUES (?, ?, ?, ?, ?, ?, ?)"
_SET_CURRENT: Final = """
    INSERT OR REPLACE INTO current VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_ADD_PAST: Final = "INSERT INTO past VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_UPLOAD: Final = "INSERT INTO upload VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PUT_PART: Final = "INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?, ?, ?, ?)"
_ADD_BLOB: Final = "INSERT INTO blob VALUES (?, ?, ?, 1, NULL, ?)"
_HOLD: Final = "UPDATE blob SET refs = refs + 1, garbage_since = NULL WHERE id = ?"
_RELEASE_INLINE: Final = "DELETE FROM blob WHERE id = ? AND refs = 1 AND data IS NOT NULL"
_RELEASE: Final = """
    UPDATE blob SET refs = refs - 1, garbage_since = CASE refs WHEN 1 THEN ? END
    WHERE id = ? AND refs > 0"""
_GARBAGE: Final = """
    SELECT id FROM blob WHERE garbage_since < ? AND refs = 0 ORDER BY garbage_since LIMIT ?"""
_CORRECT: Final = "UPDATE blob SET refs = refs + ? WHERE id = ?"
_MARK: Final = """
    UPDATE blob SET garbage_since =
        CASE WHEN refs = 0 AND data IS NULL THEN coalesce(garbage_since, ?) END
    WHERE id = ?"""
_TAKE: Final = "DELETE FROM blob WHERE id = ? AND refs = 0 AND data IS NOT NULL RETURNING data"
_RESERVATIONS: Final = "SELECT owner, first FROM reservation"
_RESERVATIONS_OF: Final = "SELECT first FROM reservation WHERE owner = ?"
_RECORDED: Final = "SELECT id FROM blob WHERE id >= ? AND id < ?"

_HALF: Final = 1 << 63


def _signed(crc64: int) -> int:
    return crc64 - (MASK + 1) if crc64 >= _HALF else crc64


class SqliteTransaction(SqliteSnapshot):
    """Reads and writes through the writer's connection.

    The counters of the store are kept here while a batch runs: read once at its beginning, for
    another process may have moved them, and written once at its end. A change that is undone
    leaves them where they are; a number is then never used, which is what they promise.
    """

    __slots__ = ("_changes", "_counters", "_next_blob", "_next_bucket", "_stamp")

    def __init__(self, connection: apsw.Connection) -> None:
        super().__init__(connection)
        self._changes = connection.changes
        self._counters = (0, 1, 1)
        self._stamp, self._next_blob, self._next_bucket = self._counters

    def load(self) -> None:
        """A transaction has begun: read the counters."""
        self.began()
        self._counters = self._one(_LOAD)
        self._stamp, self._next_blob, self._next_bucket = self._counters

    def save(self) -> None:
        """Write the counters, if they moved."""
        counters = (self._stamp, self._next_blob, self._next_bucket)
        if counters != self._counters:
            self._execute(_SAVE, counters)

    # accounts

    def put_account(self, account: Account) -> None:
        self.forget()
        self._execute(_PUT_ACCOUNT, account)

    def delete_account(self, appid: str) -> None:
        self.forget()
        self._execute("DELETE FROM account WHERE appid = ?", (appid,))
        self._execute("DELETE FROM key_pair WHERE appid = ?", (appid,))

    def put_key_pair(self, pair: KeyPair) -> None:
        self.forget()
        self._execute(_PUT_KEY_PAIR, pair)

    def delete_key_pair(self, secret_id: str) -> None:
        self.forget()
        self._execute("DELETE FROM key_pair WHERE secret_id = ?", (secret_id,))

    # buckets

    def add_bucket(self, name: str, appid: str, region: str, created: int, acl: str) -> Bucket:
        bucket = Bucket(self._next_bucket, name, appid, region, created, "", acl)
        self._next_bucket += 1
        self._execute(_ADD_BUCKET, bucket)
        return bucket

    def update_bucket(self, bucket: Bucket) -> None:
        self.forget()
        self._execute(
            "UPDATE bucket SET versioning = ?, acl = ? WHERE id = ?",
            (bucket.versioning, bucket.acl, bucket.id),
        )

    def delete_bucket(self, bucket: int) -> None:
        self.forget()
        self._execute("DELETE FROM bucket WHERE id = ?", (bucket,))

    # objects

    def next_stamp(self, now: int) -> int:
        self._stamp = max(now, self._stamp + 1)
        return self._stamp

    def set_current(self, bucket: int, version: Version) -> None:
        (
            key, stamp, null, marker, size, etag, crc64, modified,
            storage_class, owner, restore, acl, headers, extents,
        ) = version  # fmt: skip
        if marker:
            raise ValueError("a delete marker is never the current object: add_past")
        if crc64 is not None:
            crc64 = _signed(crc64)
        self._execute(
            _SET_CURRENT,
            (
                bucket, key, stamp, null, size, etag, modified, storage_class, owner, restore,
                crc64, acl, headers, extents,
            ),
        )  # fmt: skip

    def drop_current(self, bucket: int, key: str) -> None:
        self._execute("DELETE FROM current WHERE bucket = ? AND key = ?", (bucket, key))

    def add_past(self, bucket: int, version: Version) -> None:
        (
            key, stamp, null, marker, size, etag, crc64, modified,
            storage_class, owner, restore, acl, headers, extents,
        ) = version  # fmt: skip
        if crc64 is not None:
            crc64 = _signed(crc64)
        self._execute(
            _ADD_PAST,
            (
                bucket, key, stamp, null, marker, size, etag, modified, storage_class, owner,
                restore, crc64, acl, headers, extents,
            ),
        )  # fmt: skip

    def drop_past(self, bucket: int, key: str, stamp: int) -> None:
        self._execute(
            "DELETE FROM past WHERE bucket = ? AND key = ? AND stamp = ?", (bucket, key, stamp)
        )

    # multipart uploads

    def add_upload(self, upload: Upload) -> None:
        upload_id, bucket, key, *rest = upload
        self._execute(_ADD_UPLOAD, (bucket, key, upload_id, *rest))

    def drop_upload(self, upload_id: str) -> None:
        self._execute("DELETE FROM upload WHERE id = ?", (upload_id,))
        self._execute("DELETE FROM part WHERE upload = ?", (upload_id,))

    def put_part(self, upload_id: str, part: Part) -> None:
        number, size, etag, crc64, modified, extents = part
        self._execute(_PUT_PART, (upload_id, number, size, etag, _signed(crc64), modified, extents))

    # content

    def add_inline(self, data: bytes, crc64: int) -> int:
        blob_id = self._next_blob
        self._next_blob = blob_id + 1
        self._execute(_ADD_BLOB, (blob_id, len(data), _signed(crc64), data))
        return blob_id

    def add_file(self, blob_id: int, size: int, crc64: int) -> None:
        self._execute(_ADD_BLOB, (blob_id, size, _signed(crc64), None))

    def hold(self, extents: Iterable[Extent]) -> None:
        for extent in extents:
            self._execute(_HOLD, (extent.blob,))
            if not self._changes():
                raise StorageError(f"no reference to blob {extent.blob} is recorded")

    def release(self, extents: Iterable[Extent], now: int) -> None:
        for extent in extents:
            self._execute(_RELEASE_INLINE, (extent.blob,))
            if not self._changes():
                self._execute(_RELEASE, (now, extent.blob))
                if not self._changes():
                    _log.error("blob %d is let go of, and nothing of it is recorded", extent.blob)

    def garbage(self, before: int, limit: int) -> Sequence[int]:
        return [blob_id for (blob_id,) in self._execute(_GARBAGE, (before, limit))]

    def forget_blob(self, blob_id: int) -> None:
        self._execute("DELETE FROM blob WHERE id = ?", (blob_id,))

    # what a repair does

    def correct_references(self, blob_id: int, by: int, now: int) -> None:
        """Count so many references more to a blob, or fewer, and see that a file is marked to be
        removed if there are none, and only then."""
        self._execute(_CORRECT, (by, blob_id))
        self._execute(_MARK, (now, blob_id))

    def take_unreferenced(self, blob_id: int) -> bytes | None:
        """Remove an inline blob that nobody refers to, and return it; None if there is none."""
        row: tuple[bytes] | None = self._one(_TAKE, blob_id)
        return row[0] if row else None

    def raise_counters(self, *, last_stamp: int, next_blob: int, next_bucket: int) -> None:
        """See that the counters are not behind these."""
        self._stamp = max(self._stamp, last_stamp)
        self._next_blob = max(self._next_blob, next_blob)
        self._next_bucket = max(self._next_bucket, next_bucket)

    # ids of blobs that will be files: reservations.py

    def reserve(self, owner: str, count: int) -> int:
        """Set ``count`` ids aside, beginning at a multiple of it; the first is returned."""
        first = -(-self._next_blob // count) * count
        self._next_blob = first + count
        self._execute("INSERT INTO reservation VALUES (?, ?)", (first, owner))
        return first

    def settle(self, owner: str, count: int, unused: int) -> bool:
        """Let go of an owner's reservations whose ids, those up to ``unused``, are all recorded;
        whether no others are left."""
        left = False
        for (first,) in self._all(_RESERVATIONS_OF, owner):
            stop = min(first + count, unused)
            if len(self.recorded(first, stop)) == stop - first:
                self.drop_reservation(first)
            else:
                left = True
        return not left

    def reservations(self) -> dict[str, list[int]]:
        """Where the reservations begin, by owner."""
        found: dict[str, list[int]] = {}
        for owner, first in self._all(_RESERVATIONS):
            found.setdefault(owner, []).append(first)
        return found

    def recorded(self, first: int, stop: int) -> set[int]:
        """Those of a range of ids that have a record."""
        return {blob_id for (blob_id,) in self._execute(_RECORDED, (first, stop))}

    def rewrite_reservation(self, first: int) -> bool:
        """Write the one that begins at ``first`` again, as it is; whether there is one."""
        row = self._one("SELECT first, owner FROM reservation WHERE first = ?", first)
        if row is not None:
            # SQLite skips an update that changes nothing.
            self.drop_reservation(first)
            self._execute("INSERT INTO reservation VALUES (?, ?)", row)
        return row is not None

    def drop_reservation(self, first: int) -> None:
        """Let go of the one that begins at ``first``."""
        self._execute("DELETE FROM reservation WHERE first = ?", (first,))

"""Reading: the `cosbox.storage.records.Snapshot` of SQLite.

No statement walks over rows that it does not return: see queries.py.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import apsw

from cosbox.storage.rows import (
    Account,
    Blob,
    Bucket,
    KeyPair,
    Part,
    Summary,
    Upload,
    Version,
)
from cosbox.storage.sqlite import queries

MASK: Final = 0xFFFF_FFFF_FFFF_FFFF
"""SQLite's integers have a sign; a CRC is kept as the number that has its 64 bits."""

# Half the time of Summary(...), which is a Python function; a page makes a thousand.
_summary: Final[Callable[[tuple[object, ...]], Summary]] = partial(tuple.__new__, Summary)
_made: Final[Callable[[tuple[object, ...]], Version]] = partial(tuple.__new__, Version)


_MOST_REMEMBERED: Final = 1000


class SqliteSnapshot:
    """Reads through one connection, in the transaction that is open there.

    Every request asks who signed it and for its bucket. Those rows are remembered for as long as
    the database does not change at all: where much is written, that is from one commit to the next.
    """

    __slots__ = ("_connection", "_execute", "_remembered", "_version")

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._remembered: dict[tuple[str, str], Any] = {}
        self._version = -1

    def began(self) -> None:
        """A transaction has begun: forget what another may have changed since the last one."""
        version = self._connection.data_version()
        if version != self._version:
            self._version = version
            self._remembered.clear()

    def forget(self) -> None:
        """What is remembered may not be true."""
        self._remembered.clear()

    def _recall(self, statement: str, value: str, make: Callable[[Any], Any]) -> Any:
        """What is made of the one row of a statement; None where there is no row."""
        found = self._remembered.get((statement, value))
        if found is None and (row := self._one(statement, value)):
            found = make(row)
            if len(self._remembered) < _MOST_REMEMBERED:
                self._remembered[statement, value] = found
        return found

    def _one(self, statement: str, *values: Any) -> Any:
        # The cursor goes at once, and with it the statement's hold on the transaction.
        return self._execute(statement, values).fetchone()

    def _all(self, statement: str, *values: Any) -> list[Any]:
        return self._execute(statement, values).fetchall()

    # accounts

    def account(self, appid: str) -> Account | None:
        account: Account | None = self._recall(queries.ACCOUNT, appid, Account._make)
        return account

    def account_by_uin(self, uin: str) -> Account | None:
        row = self._one(queries.ACCOUNT_BY_UIN, uin)
        return row and Account._make(row)

    def accounts(self) -> Sequence[Account]:
        return [Account._make(row) for row in self._execute(queries.ACCOUNTS)]

    def key_pair(self, secret_id: str) -> KeyPair | None:
        pair: KeyPair | None = self._recall(queries.KEY_PAIR, secret_id, KeyPair._make)
        return pair

    def key_pairs(self, appid: str) -> Sequence[KeyPair]:
        return [KeyPair._make(row) for row in self._execute(queries.KEY_PAIRS, (appid,))]

    # buckets

    def bucket(self, name: str) -> Bucket | None:
        bucket: Bucket | None = self._recall(queries.BUCKET, name, Bucket._make)
        return bucket

    def buckets(self, appid: str, after: str, limit: int) -> Sequence[Bucket]:
        return [Bucket._make(row) for row in self._execute(queries.BUCKETS, (appid, after, limit))]

    def is_empty(self, bucket: int) -> bool:
        return bool(self._one(queries.IS_EMPTY, bucket)[0])

    # objects

    def current(self, bucket: int, key: str) -> Version | None:
        row = self._execute(queries.CURRENT, (bucket, key)).fetchone()
        return row and _version(*row)

    def page(self, bucket: int, start: str, stop: str | None, limit: int) -> Sequence[Summary]:
        if stop is None:
            rows = self._execute(queries.PAGE, (bucket, start, limit))
        else:
            rows = self._execute(queries.PAGE_TO, (bucket, start, stop, limit))
        return [
            _summary((key, stamp, null == 1, False, size, etag, modified, kind, owner, restore))
            for key, stamp, null, size, etag, modified, kind, owner, restore in rows
        ]

    def past(self, bucket: int, key: str, stamp: int) -> Version | None:
        row = self._one(queries.PAST, bucket, key, stamp)
        return row and _version(*row)

    def newest_past(self, bucket: int, key: str) -> Version | None:
        row = self._one(queries.NEWEST_PAST, bucket, key)
        return row and _version(*row)

    def null_past(self, bucket: int, key: str) -> Version | None:
        row = self._one(queries.NULL_PAST, bucket, key)
        return row and _version(*row)

    def past_page(
        self, bucket: int, start: str, below: int | None, stop: str | None, limit: int
    ) -> Sequence[Summary]:
        if stop is not None and start >= stop:
            return []
        rows: list[Any] = []
        if below is not None:
            rows = self._all(queries.PAST_OF_KEY, bucket, start, below, limit)
            limit -= len(rows)
            start += "\0"
        if limit > 0:
            if stop is None:
                rows += self._all(queries.PAST_FROM, bucket, start, limit)
            else:
                rows += self._all(queries.PAST_FROM_TO, bucket, start, stop, limit)
        return [
            _summary((key, stamp, null == 1, mark == 1, size, etag, modified, kind, owner, restore))
            for key, stamp, null, size, etag, modified, kind, owner, restore, mark in rows
        ]

    # multipart uploads

    def upload(self, upload_id: str) -> Upload | None:
        row = self._one(queries.UPLOAD, upload_id)
        return row and Upload._make(row)

    def uploads_page(
        self, bucket: int, start: str, after_id: str, stop: str | None, limit: int
    ) -> Sequence[Upload]:
        if stop is not None and start >= stop:
            return []
        rows = self._all(queries.UPLOADS_OF_KEY, bucket, start, after_id, limit)
        limit -= len(rows)
        if limit > 0:
            start += "\0"
            if stop is None:
                rows += self._all(queries.UPLOADS_FROM, bucket, start, limit)
            else:
                rows += self._all(queries.UPLOADS_FROM_TO, bucket, start, stop, limit)
        return [Upload._make(row) for row in rows]

    def part(self, upload_id: str, number: int) -> Part | None:
        row = self._one(queries.PART, upload_id, number)
        return row and _part(*row)

    def parts(self, upload_id: str, after: int, limit: int) -> Sequence[Part]:
        return [_part(*row) for row in self._execute(queries.PARTS, (upload_id, after, limit))]

    # content

    def blob(self, blob_id: int) -> Blob | None:
        row = self._execute(queries.BLOB, (blob_id,)).fetchone()
        if row is None:
            return None
        found, size, crc64, refs, data = row
        return Blob(found, size, crc64 & MASK, refs, data)

    def blobs_page(self, after: int, limit: int) -> Sequence[Blob]:
        return [
            Blob(blob_id, size, crc64 & MASK, refs, None)
            for blob_id, size, crc64, refs in self._execute(queries.BLOBS, (after, limit))
        ]


def _version(
    key: str,
    stamp: int,
    null: int,
    size: int,
    etag: str,
    modified: int,
    storage_class: str,
    owner: str,
    restore: str,
    crc64: int | None,
    acl: str,
    headers: str,
    extents: bytes,
    marker: int = 0,
) -> Version:
    crc = None if crc64 is None else crc64 & MASK
    return _made(
        (
            key, stamp, null == 1, marker == 1, size, etag, crc, modified,
            storage_class, owner, restore, acl, headers, extents,
        )
    )  # fmt: skip


def _part(number: int, size: int, etag: str, crc64: int, modified: int, extents: bytes) -> Part:
    return Part(number, size, etag, crc64 & MASK, modified, extents)

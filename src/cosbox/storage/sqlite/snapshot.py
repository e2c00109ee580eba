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


class SqliteSnapshot:
    """Reads through one connection, in the transaction that is open there."""

    __slots__ = ("_execute",)

    def __init__(self, connection: apsw.Connection) -> None:
        self._execute = connection.execute

    def _one(self, statement: str, *values: Any) -> Any:
        # The cursor goes at once, and with it the statement's hold on the transaction.
        return self._execute(statement, values).fetchone()

    def _all(self, statement: str, *values: Any) -> list[Any]:
        return self._execute(statement, values).fetchall()

    # accounts

    def account(self, appid: str) -> Account | None:
        row = self._one(queries.ACCOUNT, appid)
        return row and Account._make(row)

    def account_by_uin(self, uin: str) -> Account | None:
        row = self._one(queries.ACCOUNT_BY_UIN, uin)
        return row and Account._make(row)

    def accounts(self) -> Sequence[Account]:
        return [Account._make(row) for row in self._execute(queries.ACCOUNTS)]

    def key_pair(self, secret_id: str) -> KeyPair | None:
        row = self._one(queries.KEY_PAIR, secret_id)
        return row and KeyPair._make(row)

    def key_pairs(self, appid: str) -> Sequence[KeyPair]:
        return [KeyPair._make(row) for row in self._execute(queries.KEY_PAIRS, (appid,))]

    # buckets

    def bucket(self, name: str) -> Bucket | None:
        row = self._one(queries.BUCKET, name)
        return row and Bucket._make(row)

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
    return Version(
        key,
        stamp,
        null == 1,
        marker == 1,
        size,
        etag,
        None if crc64 is None else crc64 & MASK,
        modified,
        storage_class,
        owner,
        restore,
        acl,
        headers,
        extents,
    )


def _part(number: int, size: int, etag: str, crc64: int, modified: int, extents: bytes) -> Part:
    return Part(number, size, etag, crc64 & MASK, modified, extents)

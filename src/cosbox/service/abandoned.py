"""Multipart uploads that nobody goes on with.

COS keeps them for ever, and so does a store unless it is told otherwise: parts are data, and who
sent them may come back. An upload counts as abandoned by its last part, not by when it began.
"""

from collections.abc import Iterator
from typing import Final

from cosbox.service import multipart, versions
from cosbox.storage.records import Snapshot, Transaction
from cosbox.storage.rows import Upload

_PAGE: Final = 1000


def find(snapshot: Snapshot, before: int) -> list[str]:
    """The ids of the uploads in all buckets to which nothing was added since ``before``."""
    return [upload.id for upload in _all(snapshot) if _is_abandoned(snapshot, upload, before)]


def abort(txn: Transaction, upload_id: str, before: int, now: int) -> Upload | None:
    """Give an upload up and let its parts go, if it is still abandoned."""
    upload = txn.upload(upload_id)
    if upload is None or not _is_abandoned(txn, upload, before):
        return None
    for part in txn.parts(upload_id, 0, multipart.MAX_PARTS):
        versions.let_go(txn, part.extents, now)
    txn.drop_upload(upload_id)
    return upload


def _is_abandoned(snapshot: Snapshot, upload: Upload, before: int) -> bool:
    return upload.initiated < before and all(
        part.modified < before for part in snapshot.parts(upload.id, 0, multipart.MAX_PARTS)
    )


def _all(snapshot: Snapshot) -> Iterator[Upload]:
    for bucket in _buckets(snapshot):
        key = last = ""
        while page := snapshot.uploads_page(bucket, key, last, None, _PAGE):
            yield from page
            key, last = page[-1].key, page[-1].id


def _buckets(snapshot: Snapshot) -> Iterator[int]:
    for account in snapshot.accounts():
        name = ""
        while page := snapshot.buckets(account.appid, name, _PAGE):
            yield from (bucket.id for bucket in page)
            name = page[-1].name

"""What an engine for the records must do: SQLite today, PostgreSQL later.

Reads run on a `Snapshot`: everything in it belongs to one moment. Writes are functions over a
`Transaction`, handed to `Records.write`, which runs many of them in one transaction of the
database, a savepoint each, and makes them durable together (group commit). A write function must
do nothing but read and write the transaction: it may run again after a conflict, and other
writers wait for it.

Keys are ordered by their UTF-8 bytes everywhere. A range of keys runs from ``start`` (included) to
``stop`` (excluded; None is the end). ``key + "\\0"`` is the smallest key after ``key``.

Every engine passes ``tests/conformance/test_records.py``.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from cosbox.storage.rows import (
    Account,
    Blob,
    Bucket,
    Extent,
    KeyPair,
    Part,
    Summary,
    Upload,
    Version,
)

T = TypeVar("T")
R_contra = TypeVar("R_contra", contravariant=True)


class Snapshot(Protocol):
    """A view of the records at one moment. Used by one thread, and only inside its context."""

    # accounts
    def account(self, appid: str) -> Account | None: ...
    def account_by_uin(self, uin: str) -> Account | None: ...
    def accounts(self) -> Sequence[Account]:
        """All, by APPID."""
        ...

    def key_pair(self, secret_id: str) -> KeyPair | None: ...
    def key_pairs(self, appid: str) -> Sequence[KeyPair]:
        """All of an account, oldest first."""
        ...

    # buckets
    def bucket(self, name: str) -> Bucket | None: ...
    def buckets(self, appid: str, after: str, limit: int) -> Sequence[Bucket]:
        """Those of an account whose names come after ``after``, by name."""
        ...

    def is_empty(self, bucket: int) -> bool:
        """Whether the bucket has no object, version, delete marker or upload."""
        ...

    # objects
    def current(self, bucket: int, key: str) -> Version | None:
        """The object that a plain read finds: None if the newest version is a delete marker."""
        ...

    def page(self, bucket: int, start: str, stop: str | None, limit: int) -> Sequence[Summary]:
        """Current objects of a range of keys, in order. Costs what it returns, whatever the
        bucket holds beside it."""
        ...

    def past(self, bucket: int, key: str, stamp: int) -> Version | None:
        """A version that is not current (or a delete marker, current or not)."""
        ...

    def newest_past(self, bucket: int, key: str) -> Version | None:
        """The newest of a key's past versions and delete markers."""
        ...

    def null_past(self, bucket: int, key: str) -> Version | None:
        """The null version of a key, if it is past."""
        ...

    def past_page(
        self, bucket: int, start: str, below: int | None, stop: str | None, limit: int
    ) -> Sequence[Summary]:
        """Past versions of a range of keys, by key, newest first within a key.

        With ``below``, the versions of the key ``start`` itself are only those with a smaller
        stamp.
        """
        ...

    # multipart uploads
    def upload(self, upload_id: str) -> Upload | None: ...
    def uploads_page(
        self, bucket: int, start: str, after_id: str, stop: str | None, limit: int
    ) -> Sequence[Upload]:
        """Uploads of a range of keys, by key and then id. Those of the key ``start`` itself are
        only those with an id after ``after_id``."""
        ...

    def part(self, upload_id: str, number: int) -> Part | None: ...
    def parts(self, upload_id: str, after: int, limit: int) -> Sequence[Part]:
        """Parts with numbers over ``after``, in order."""
        ...

    # content
    def blob(self, blob_id: int) -> Blob | None: ...
    def blobs_page(self, after: int, limit: int) -> Sequence[Blob]:
        """Blobs with ids over ``after``, in order, without their ``data``."""
        ...


class Transaction(Snapshot, Protocol):
    """A snapshot that can be changed. What a function over it wrote is visible to its own reads,
    and to nobody else until it is durable; an exception undoes all of it."""

    def put_account(self, account: Account) -> None:
        """Add, or replace the one with this APPID."""
        ...

    def delete_account(self, appid: str) -> None:
        """With its key pairs."""
        ...

    def put_key_pair(self, pair: KeyPair) -> None: ...
    def delete_key_pair(self, secret_id: str) -> None: ...

    def add_bucket(self, name: str, appid: str, region: str, created: int, acl: str) -> Bucket: ...
    def update_bucket(self, bucket: Bucket) -> None:
        """Set ``versioning`` and ``acl`` of the bucket with this id."""
        ...

    def delete_bucket(self, bucket: int) -> None: ...

    def next_stamp(self, now: int) -> int:
        """A stamp larger than every one ever given out by this store: ``now``, unless the clock
        stands still or jumped back."""
        ...

    def set_current(self, bucket: int, version: Version) -> None:
        """Make this the current version of its key, replacing the one that is."""
        ...

    def drop_current(self, bucket: int, key: str) -> None: ...
    def add_past(self, bucket: int, version: Version) -> None: ...
    def drop_past(self, bucket: int, key: str, stamp: int) -> None: ...

    def add_upload(self, upload: Upload) -> None: ...
    def drop_upload(self, upload_id: str) -> None:
        """With the records of its parts, whose content the caller has released or moved."""
        ...

    def put_part(self, upload_id: str, part: Part) -> None:
        """Add, or replace the one with this number."""
        ...

    # content: counts of references are the caller's business, through these
    def add_inline(self, data: bytes, crc64: int) -> int:
        """Keep a small blob in the records, with one reference; returns its id."""
        ...

    def add_file(self, blob_id: int, size: int, crc64: int) -> None:
        """Take note of a blob that is durable as a file, with one reference. Its id comes from
        `Records.new_blob_id`."""
        ...

    def hold(self, extents: Iterable[Extent]) -> None:
        """One more reference to the blob of each extent."""
        ...

    def release(self, extents: Iterable[Extent], now: int) -> None:
        """One reference less to the blob of each extent. An inline blob without references is
        gone at once; a file is garbage from ``now`` on. A reference that is not recorded is told
        to the log and no error, or a damaged object could never be replaced."""
        ...

    def garbage(self, before: int, limit: int) -> Sequence[int]:
        """Ids of file blobs without references since a moment before ``before``."""
        ...

    def forget_blob(self, blob_id: int) -> None:
        """Remove the record of a blob whose file is gone."""
        ...


class Outcome(Protocol[R_contra]):
    """Who is told what became of a change: the part of a `concurrent.futures.Future` that its
    maker calls. A future costs more to make than some changes."""

    def set_running_or_notify_cancel(self) -> bool:
        """The change begins, if this says so."""
        ...

    def set_result(self, result: R_contra, /) -> None:
        """It is durable, and this is what it returned."""
        ...

    def set_exception(self, error: BaseException, /) -> None:
        """It was undone, for this."""
        ...


class Records(Protocol):
    """An open set of records. Safe to use from any thread."""

    def read(self) -> AbstractContextManager[Snapshot]:
        """A snapshot for this thread. Nested use gives the outer one."""
        ...

    def hand_in(
        self, change: Callable[[Transaction], T], outcome: "Outcome[T]", *, frees: bool = False
    ) -> None:
        """As `write`, and tell the outcome in place of a future: on the writer's thread, which has
        better things to do than what takes long."""
        ...

    def write(self, change: Callable[[Transaction], T], *, frees: bool = False) -> "Future[T]":
        """Run ``change`` in a transaction. The future is done once it is durable, with what it
        returned, or with the exception that undid it.

        With ``frees`` it makes room, as deletes do, and is made even where there is none left for
        others, which fail with `StorageFull`.
        """
        ...

    def pressed(self) -> bool:
        """Whether there is so little room that only changes which make room are made."""
        ...

    def sync(self) -> None:
        """Make durable what was written so far by whichever process, also where writes do not wait
        for the disk."""
        ...

    def new_blob_id(self) -> int:
        """An id for a blob that will be a file, never given out before. Should this process die
        before the blob is recorded, the next to open the store finds and removes the file."""
        ...

    def files_removable(self) -> AbstractContextManager[bool]:
        """Whether files of blobs may be removed now: not while the store is copied. Within it,
        no copy begins."""
        ...

    def close(self) -> None:
        """Finish the writes under way and let go of the store."""
        ...

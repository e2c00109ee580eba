"""A store with millions of objects in minutes: ``python -m benchmarks.bigstore FOLDER [OBJECTS]``.

It goes through the storage layer, so it is what so many puts would have left, except that its keys
came in order. That no locality helps, bodies lie in another order than keys.

A folder that has its objects already is left as it is. ``READY`` in it says so.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.peers.signing import APPID, BUCKET, KEYS
from cosbox.checksums import Digest
from cosbox.service import accounts
from cosbox.storage.extents import pack_extents
from cosbox.storage.folder import open_folder
from cosbox.storage.records import Records, Transaction
from cosbox.storage.rows import Extent, Version

SIZE: Final = 256
"""Of each object, in bytes."""

ROOT: Final = "data/"
LARGE: Final = 10_000_000
SMALL: Final = 10_000

_BATCH: Final = 25_000
_BODIES: Final = 1000
_STEP: Final = 7_368_787
"""A prime that divides no count of objects: the n-th key's body is number n * STEP mod objects."""


class Body(NamedTuple):
    """One of the bodies that the objects share between them, and its checksums."""

    data: bytes
    crc64: int
    md5: str


def key_of(number: int, objects: int) -> str:
    """The n-th key. There are 1000 objects under a prefix in a large store, 10 in a small one."""
    each = per_prefix(objects)
    return f"{ROOT}{number // each:05}/object-{number % each:04}"


def per_prefix(objects: int) -> int:
    """How many objects share a prefix, so that there are at least 1000 prefixes."""
    return max(1, min(1000, objects // 1000))


def build(folder: Path, objects: int) -> None:
    """Fill a folder, unless it is filled already.

    Raises:
        RuntimeError: it holds another number of objects.
    """
    ready = folder / "READY"
    if ready.exists():
        if int(ready.read_text()) != objects:
            raise RuntimeError(f"{folder} holds {ready.read_text()} objects, not {objects}")
        return
    with open_folder(folder) as store:
        _fill(store.records, objects)
    ready.write_text(str(objects))


def warm(folder: Path) -> None:
    """Read the records once, so that the page cache holds them as it does for a store in use."""
    with (folder / "records.db").open("rb", buffering=0) as file:
        while file.read(16 * 1024 * 1024):
            pass


def _fill(records: Records, objects: int) -> None:
    now = time.time_ns() // 1000
    bodies = [_body(number) for number in range(_BODIES)]

    def begin(txn: Transaction) -> int:
        secret_id, secret_key = KEYS
        accounts.ensure_key_pair(
            txn, now=now, appid=APPID, secret_id=secret_id, secret_key=secret_key
        )
        return txn.add_bucket(BUCKET, APPID, "local", now, "").id

    bucket = records.write(begin).result()
    first = records.write(lambda txn: txn.add_inline(*bodies[0][:2])).result()

    def add_blobs(txn: Transaction, start: int, stop: int) -> None:
        for number in range(start, stop):
            data, crc, _ = bodies[number % _BODIES]
            txn.add_inline(data, crc)

    def add_objects(txn: Transaction, start: int, stop: int) -> None:
        for number in range(start, stop):
            blob = number * _STEP % objects
            key, body = key_of(number, objects), bodies[blob % _BODIES]
            txn.set_current(bucket, _version(txn, key, first + blob, body, now))

    _batches(records, add_blobs, 1, objects)
    _batches(records, add_objects, 0, objects)


def _batches(records: Records, add: Callable[..., None], start: int, stop: int) -> None:
    for first in range(start, stop, _BATCH):
        records.write(partial(add, start=first, stop=min(first + _BATCH, stop))).result()


def _body(number: int) -> Body:
    data = ((b"%06d " % number) * (SIZE // 7 + 1))[:SIZE]
    digest = Digest()
    digest.update(data)
    return Body(data, digest.crc64, digest.hexdigest)


def _version(txn: Transaction, key: str, blob: int, body: Body, now: int) -> Version:
    return Version(
        key=key,
        stamp=txn.next_stamp(now),
        null=True,
        marker=False,
        size=SIZE,
        etag=body.md5,
        crc64=body.crc64,
        modified=now,
        storage_class="STANDARD",
        owner=APPID,
        restore="",
        acl="",
        headers="",
        extents=pack_extents([Extent(blob, 0, SIZE)]),
    )


if __name__ == "__main__":
    build(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else LARGE)

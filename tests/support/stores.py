"""A fresh store, full rows, and the writes that most storage tests begin with."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cosbox.storage.extents import pack_extents
from cosbox.storage.folder import Folder, open_folder
from cosbox.storage.records import Records, Transaction
from cosbox.storage.rows import Bucket, Extent, Upload, Version

APPID = "1250000000"
NOW = 1_795_500_000_000_000
"""A moment in November 2026."""


@pytest.fixture
def fresh_folder(tmp_path: Path) -> Iterator[Folder]:
    """An open store in a new folder; name it in a conftest.py to use it."""
    with open_folder(tmp_path / "store") as folder:
        yield folder


def make_bucket(records: Records, name: str = f"box-{APPID}") -> Bucket:
    """Add a bucket and wait for it."""
    return records.write(lambda t: t.add_bucket(name, APPID, "ap-test", NOW, "")).result()


def version(key: str, stamp: int, **fields) -> Version:
    """A version whose other fields are plausible, or as given."""
    row = Version(
        key=key,
        stamp=stamp,
        null=True,
        marker=False,
        size=0,
        etag="d41d8cd98f00b204e9800998ecf8427e",
        crc64=0,
        modified=stamp,
        storage_class="STANDARD",
        owner=APPID,
        restore="",
        acl="",
        headers='{"content-type":"text/plain"}',
        extents=b"",
    )
    return row._replace(**fields)


def upload(bucket: int, key: str, upload_id: str) -> Upload:
    """A multipart upload."""
    return Upload(upload_id, bucket, key, NOW, "STANDARD", APPID, "100000000001", "", "{}")


def put(transaction: Transaction, bucket: int, key: str, body: bytes) -> Version:
    """Make an object with a small body current; the body it replaces is not released."""
    stamp = transaction.next_stamp(NOW)
    blob = transaction.add_inline(body, len(body))
    made = version(key, stamp, size=len(body), extents=pack_extents([Extent(blob, 0, len(body))]))
    transaction.set_current(bucket, made)
    return made


def open_files(below: Path) -> list[str]:
    """The files below a folder that this process has open (as Linux tells it)."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(str(entry.readlink()))
    return [path for path in found if path.startswith(str(below))]

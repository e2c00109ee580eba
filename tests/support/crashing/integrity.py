"""Whether the records and the files of a store agree, looked at from outside."""

from collections import Counter
from pathlib import Path

import apsw

from cosbox.checksums import crc64
from cosbox.storage.extents import unpack_extents
from cosbox.storage.files.layout import file_name, shard, walk


def check_integrity(folder: Path) -> None:
    """Every blob is referred to as often as it says and is what its checksum says; every file has
    its record.

    Raises:
        AssertionError: it is not so.
    """
    connection = apsw.Connection(
        str(folder / "records.db"), flags=apsw.SQLITE_OPEN_READONLY, vfs="unix"
    )
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        counted: Counter[int] = Counter()
        for table in ("current", "past", "part"):
            for (extents,) in connection.execute(f"SELECT extents FROM {table}"):
                counted.update(extent.blob for extent in unpack_extents(extents))
        blobs = connection.execute(
            "SELECT id, size, crc64, refs, garbage_since, data FROM blob"
        ).fetchall()
    finally:
        connection.close()
    assert {blob: refs for blob, _, _, refs, _, _ in blobs if refs} == dict(counted)
    files = set()
    for blob, size, checksum, refs, garbage_since, data in blobs:
        assert (refs == 0) == (garbage_since is not None), f"blob {blob}"
        content = data
        if data is None:
            files.add(blob)
            content = (folder / "blobs" / shard(blob) / file_name(blob)).read_bytes()
        assert (len(content), crc64(content)) == (size, checksum % (1 << 64)), f"blob {blob}"
    assert set(walk(str(folder / "blobs"))) - files == set(), "files without a record"

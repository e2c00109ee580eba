"""Where the file of a blob lies.

Four levels, each holding at most 1024 entries (the first one more, past 2^40 blobs). Ids that
follow each other share a folder, which is also what one process reserves at a time.
"""

import os
from collections.abc import Iterator
from typing import Final

PER_FOLDER: Final = 1024


def shard(blob_id: int) -> str:
    """The folder of a blob below the root.

    >>> shard(5), shard(1024 * 1024 + 1024)
    ('000/000/000', '000/001/001')
    """
    return f"{blob_id >> 30:03x}/{blob_id >> 20 & 1023:03x}/{blob_id >> 10 & 1023:03x}"


def file_name(blob_id: int) -> str:
    """The name of a blob's file in its folder: the whole id in hex.

    >>> file_name(1024 * 1024 + 10)
    '10000a'
    """
    return f"{blob_id:x}"


def walk(root: str, levels: int = 3) -> Iterator[int]:
    """The ids of all blobs below a folder; what has no blob's name is passed over."""
    with os.scandir(root) as scan:
        entries = list(scan)
    for entry in entries:
        if levels:
            if entry.is_dir(follow_symlinks=False):
                yield from walk(entry.path, levels - 1)
        elif (blob_id := _parse(entry.name)) is not None:
            yield blob_id


def _parse(name: str) -> int | None:
    try:
        blob_id = int(name, 16)
    except ValueError:
        return None
    return blob_id if file_name(blob_id) == name else None

"""Where the file of a blob lies.

Four levels, each holding at most 1024 entries (the first one more, past 2^40 blobs). Ids that
follow each other share a folder, which is also what one process reserves at a time.
"""

import os
import re
from collections.abc import Iterator
from typing import Final

PER_FOLDER: Final = 1024

_FOLDER = re.compile("[0-9a-f]{3,}")


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


def survey(root: str, shard_name: str = "") -> Iterator[tuple[set[int], list[str]]]:
    """What lies below a folder of blobs, folder by folder: the ids of blobs that are where they
    belong, and the paths of what is nobody's."""
    levels = 3 - len(shard_name.split("/")) if shard_name else 3
    with os.scandir(f"{root}/{shard_name}") as scan:
        entries = sorted(scan, key=lambda entry: entry.name)
    ids: set[int] = set()
    strangers: list[str] = []
    for entry in entries:
        blob_id = _parse(entry.name)
        is_folder = entry.is_dir(follow_symlinks=False)
        if levels and is_folder and _FOLDER.fullmatch(entry.name):
            yield from survey(root, f"{shard_name}/{entry.name}".lstrip("/"))
        elif not (levels or is_folder or blob_id is None) and shard(blob_id) == shard_name:
            ids.add(blob_id)
        else:
            strangers.append(entry.path)
    yield ids, strangers


def walk(root: str) -> Iterator[int]:
    """The ids of all blobs below a folder; what is not where a blob belongs is passed over."""
    for ids, _ in survey(root):
        yield from ids


def _parse(name: str) -> int | None:
    try:
        blob_id = int(name, 16)
    except ValueError:
        return None
    return blob_id if file_name(blob_id) == name else None

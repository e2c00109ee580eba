"""Making files and names survive a power cut."""

import errno
import os
import sys
from pathlib import Path
from typing import Final

from cosbox.storage.errors import StorageBusy, StorageError, StorageFull

if sys.platform == "darwin":
    import fcntl

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_FILES: Final = frozenset({errno.EMFILE, errno.ENFILE})


def sync_file(fd: int) -> None:
    """Make what was written to a file durable, with as much of its metadata as reading needs."""
    if sys.platform == "darwin":
        # fsync there leaves the data in the drive's cache.
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    elif sys.platform == "win32":
        os.fsync(fd)
    else:
        os.fdatasync(fd)


def sync_folder(path: Path | str) -> None:
    """Make the names in a folder durable. Windows has no way to, and does it by itself."""
    if sys.platform == "win32":
        return
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def is_full(error: OSError | int) -> bool:
    """Whether an error, or an errno, says that there is no room left."""
    return (error.errno if isinstance(error, OSError) else error) in _NO_ROOM


def out_of_files() -> bool:
    """Whether this process, or the system, can open no more files."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in _NO_FILES
    return False


def storage_error(doing: str, error: OSError) -> StorageError:
    """The store's error for one of the operating system's; to be raised from it."""
    if is_full(error):
        return StorageFull(f"{doing}: no room left")
    if error.errno in _NO_FILES:
        return StorageBusy(f"{doing}: too many open files")
    return StorageError(f"{doing}: {error.strerror or error}")


def write_new(path: Path, data: bytes) -> None:
    """Write a small file, for its owner alone, and sync it; its name is the caller's to sync."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(fd, data)
        sync_file(fd)
    finally:
        os.close(fd)


def replace_file(path: Path, data: bytes) -> None:
    """Give a small file new content, for its owner alone: durably, and whole or not at all."""
    new = path.with_name(f"{path.name}.new")
    write_new(new, data)
    new.replace(path)
    sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder, for its owner alone, with those above it, durably. It may be there already."""
    missing = []
    above = path
    while not above.exists():
        missing.append(above)
        above = above.parent
    for folder in reversed(missing):
        folder.mkdir(mode=0o700 if folder == path else 0o777, exist_ok=True)
        sync_folder(folder.parent)

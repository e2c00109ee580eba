"""Making files and names survive a power cut."""

import errno
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal, get_args

from cosbox.storage.errors import StorageBusy, StorageError, StorageFull, SyncFailed

if sys.platform == "darwin":
    import fcntl

log = logging.getLogger("cosbox.storage")

Durability = Literal["full", "process"]
"""What an answer outlives. ``full``: the death of processes, and power cuts. ``process``: the death
of processes; a power cut takes the store back to what it was up to some seconds before."""

DURABILITIES: Final[tuple[Durability, ...]] = get_args(Durability)

_NO_MORE: Final = (
    "the disk failed to make something durable, so nothing more is written until the store is"
    " opened anew"
)
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
    with _folder(path) as fd:
        if fd is not None:
            os.fsync(fd)


@contextmanager
def _folder(path: Path | str) -> Iterator[int | None]:
    if sys.platform == "win32":
        yield None
        return
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield fd
    finally:
        os.close(fd)


class Syncs:
    """Makes the files and names of one open store durable, until that fails once.

    A sync that failed may leave what it was about unwritten and marked as written, so that the next
    one succeeds and means nothing. Therefore there is no next one.
    """

    __slots__ = ("_failure",)

    def __init__(self) -> None:
        self._failure: BaseException | None = None

    @property
    def failed(self) -> bool:
        """Whether one failed."""
        return self._failure is not None

    def check(self) -> None:
        """Let something be written.

        Raises:
            SyncFailed: not any more.
        """
        if self._failure is not None:
            raise SyncFailed(_NO_MORE) from self._failure

    def file(self, fd: int) -> None:
        """As `sync_file`."""
        self.attempt(sync_file, fd)

    def folder(self, path: Path | str) -> None:
        """As `sync_folder`."""
        with _folder(path) as fd:
            if fd is not None:
                self.attempt(os.fsync, fd)

    def fail(self, error: BaseException) -> None:
        """Take note that a sync failed."""
        if self._failure is None:
            self._failure = error
            log.critical("%s: %s", _NO_MORE, error)

    def attempt(self, sync: Callable[[int], None], fd: int) -> None:
        """Call what makes a file durable.

        Raises:
            SyncFailed: one failed before.
            OSError: this one fails.
        """
        self.check()
        try:
            sync(fd)
        except OSError as error:
            # Where there was no room, the caller removes what it wrote, and may try another.
            if not is_full(error):
                self.fail(error)
            raise


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

"""Room that is kept for changes that make room: a file that goes when the disk is full.

A delete needs room too, for the log of the records, and to copy that log into the database. So
where the disk is full the reserve is let go, and until there is room to keep one again only changes
that make room are made. All processes that have the store open see it by the file.
"""

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Final

_AGAIN: Final = 1.0
"""Seconds after which it is tried again to make a reserve."""

_SHARE: Final = 4
"""No more of a file system than one part of so many is kept."""


class Reserve:
    """The reserve of a store.

    Args:
        path: of the file.
        size: in bytes; 0 to keep none, and yet use the one that another process keeps.
    """

    __slots__ = ("_again", "_path", "_size")

    def __init__(self, path: Path, size: int) -> None:
        self._path = str(path)
        self._size = size
        self._again = 0.0

    def ready(self) -> bool:
        """Whether the reserve is there. Where it is not, it is made anew once there is room."""
        if not self._size or os.path.exists(self._path):  # noqa: PTH110 - once for each commit
            return True
        if time.monotonic() < self._again:
            return False
        self._again = time.monotonic() + _AGAIN
        return self._make()

    def release(self) -> bool:
        """Let go of it; whether it was there."""
        try:
            os.unlink(self._path)  # noqa: PTH108 - as above
        except OSError:
            return False
        self._again = time.monotonic() + _AGAIN
        return True

    def _make(self) -> bool:
        new = f"{self._path}.new"
        try:
            fd = os.open(new, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                _allocate(fd, min(self._size, _whole(fd) // _SHARE))
            except BaseException:
                os.unlink(new)  # noqa: PTH108 - as above
                raise
            finally:
                os.close(fd)
            # Where two processes make it at once, one of them finds the work done.
            with contextlib.suppress(FileNotFoundError):
                os.replace(new, self._path)  # noqa: PTH105 - as above
        except OSError:
            return False
        return True


def _whole(fd: int) -> int:
    """The size of the file system that a file is on."""
    if sys.platform == "win32":
        return sys.maxsize
    found = os.fstatvfs(fd)
    return found.f_frsize * found.f_blocks


def _allocate(fd: int, size: int) -> None:
    """Give a file room, and not only a size."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, 0, max(size, 1))
        return
    piece = bytes(1024 * 1024)
    while size > 0:
        size -= os.write(fd, piece[:size])

"""A blob file being written."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from cosbox.storage.durable import Syncs, storage_error
from cosbox.storage.errors import SyncFailed

_fdatasync = getattr(os, "fdatasync", None)
"""Missing on Windows. On macOS it exists in some versions, and is cheap there."""


class FileWriter:
    """A `cosbox.storage.blobs.BlobWriter`. What fails, and what is dropped before `commit`, leaves
    no file behind."""

    __slots__ = ("_fd", "_path", "_sync_names", "_syncs")

    def __init__(self, fd: int, path: str, syncs: Syncs, sync_names: Callable[[], None]) -> None:
        self._fd = fd
        self._path = path
        self._syncs = syncs
        self._sync_names = sync_names

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """As `BlobWriter.write`."""
        rest = memoryview(data).cast("B")
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            self.abort()
            raise storage_error(f"cannot write {self._path}", error) from error

    def flush(self) -> None:
        """As `BlobWriter.flush`."""
        if _fdatasync is None:
            return
        try:
            self._syncs.attempt(_fdatasync, self._fd)
        except OSError as error:
            raise storage_error(f"cannot make {self._path} durable", error) from error

    def commit(self) -> None:
        """As `BlobWriter.commit`."""
        try:
            self._syncs.file(self._fd)
            self._close()
            self._sync_names()
        except SyncFailed:
            self.abort()
            raise
        except OSError as error:
            # After a failed sync nobody knows what is on the disk, so it is not tried again.
            self.abort()
            raise storage_error(f"cannot make {self._path} durable", error) from error

    def abort(self) -> None:
        """As `BlobWriter.abort`."""
        with contextlib.suppress(OSError):
            self._close()
        with contextlib.suppress(OSError):
            Path(self._path).unlink()

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __del__(self) -> None:
        if self._fd >= 0:
            self.abort()

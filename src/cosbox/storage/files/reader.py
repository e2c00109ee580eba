"""A blob file being read."""

import os
import sys
import threading
from types import TracebackType
from typing import Self

from cosbox.storage.durable import storage_error

if sys.platform == "win32":
    _seeking = threading.Lock()

    def _pread(fd: int, length: int, offset: int) -> bytes:
        with _seeking:
            os.lseek(fd, offset, os.SEEK_SET)
            return os.read(fd, length)

else:
    _pread = os.pread


class FileReader:
    """A `cosbox.storage.blobs.BlobReader`; any number of threads may read at once."""

    __slots__ = ("_fd", "_path")

    def __init__(self, fd: int, path: str) -> None:
        self._fd = fd
        self._path = path

    def read(self, offset: int, length: int) -> bytes:
        """As `BlobReader.read`."""
        try:
            data = _pread(self._fd, length, offset)
            return data if len(data) == length else self._read_rest(data, offset, length)
        except OSError as error:
            raise storage_error(f"cannot read {self._path}", error) from error

    def _read_rest(self, data: bytes, offset: int, length: int) -> bytes:
        pieces = [data]
        got = len(data)
        while data and got < length:
            data = _pread(self._fd, length - got, offset + got)
            pieces.append(data)
            got += len(data)
        return b"".join(pieces)

    def fileno(self) -> int:
        """As `BlobReader.fileno`."""
        return self._fd

    def stamp(self) -> tuple[int, ...]:
        """As `BlobReader.stamp`."""
        try:
            status = os.fstat(self._fd)
        except OSError as error:
            raise storage_error(f"cannot look at {self._path}", error) from error
        return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns

    def forget(self) -> None:
        """As `BlobReader.forget`."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def close(self) -> None:
        """As `BlobReader.close`."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

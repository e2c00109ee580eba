"""Where a download is written: beside its destination, until it is whole."""

import errno
import os
import shutil
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final

from cosbox.checksums import crc64
from cosbox.client.files import sync_folder
from cosbox.client.transfers.checkpoints import name_of
from cosbox.transfer.parts import Part

_CHUNK: Final = 1024 * 1024


class Destination:
    """A file that takes its name when all of it is there.

    What an earlier download left behind of it is found under the same temporary name.
    """

    def __init__(self, path: str | os.PathLike[str], mark: str, *, in_place: bool) -> None:
        """Prepare to write.

        Args:
            path: what it will be called.
            mark: tells downloads to this path apart.
            in_place: write under that name from the beginning.

        Raises:
            OSError: there is no such folder, or it stands for a folder itself.
        """
        self.path = Path(path)
        if self.path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(self.path))
        self._target = Path(os.path.realpath(self.path))
        if not self._target.parent.is_dir():
            raise FileNotFoundError(
                errno.ENOENT, os.strerror(errno.ENOENT), str(self._target.parent)
            )
        self.mark = name_of(str(self._target), mark)[:16]
        self.regular = self._target.is_file() or not self._target.exists()
        self._written = (
            self._target
            if in_place or not self.regular
            else self._target.with_name(f".cosbox-{self.mark}.part")
        )
        self._file: BinaryIO | None = None
        self._lock = Lock()

    def journal(self, folder: str | os.PathLike[str] | None) -> Path:
        """Where the journal of this download is kept."""
        where = self._target.parent if folder is None else Path(folder)
        return where / f".cosbox-{self.mark}.journal"

    def alternative(self) -> None:
        """Write under a temporary name of its own: somebody else uses the other one."""
        if self._written != self._target:
            own = name_of(self.mark, str(os.getpid()), str(id(self)))[:16]
            self._written = self._target.with_name(f".cosbox-{own}.part")

    def open(self, size: int, *, keep: bool) -> bool:
        """Open it for writing; whether what was there could be kept.

        Args:
            size: how many bytes it will have.
            keep: whether to keep what is there.

        Raises:
            OSError: it cannot be written, or the disk is too full.
        """
        if not self.regular:
            self._file = self._written.open("wb", buffering=0)
            return False
        kept = keep and self._written.exists()
        self._file = self._written.open("r+b" if kept else "w+b", buffering=0)
        there = os.fstat(self._file.fileno())
        free = shutil.disk_usage(self._written.parent).free
        if free < size - there.st_blocks * 512:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._target))
        self._file.truncate(size)
        return kept

    def write_at(self, offset: int, data: bytes) -> None:
        """Write some bytes, for any thread."""
        assert self._file is not None  # noqa: S101 - nothing is written before it is open
        view = memoryview(data)
        while view:
            written = self._write(offset, view)
            offset += written
            view = view[written:]

    def _write(self, offset: int, view: memoryview) -> int:
        assert self._file is not None  # noqa: S101 - as above
        if self.regular and hasattr(os, "pwrite"):
            return os.pwrite(self._file.fileno(), view, offset)
        with self._lock:
            if self.regular:
                self._file.seek(offset)
            return self._file.write(view)

    def crc64(self, part: Part) -> int:
        """Of the bytes that are there of a part. Blocks."""
        assert self._file is not None  # noqa: S101 - as above
        crc, at = 0, part.offset
        while at < part.end:
            with self._lock:
                self._file.seek(at)
                data = self._file.read(min(_CHUNK, part.end - at))
            if not data:
                break
            crc = crc64(data, crc)
            at += len(data)
        return crc

    def publish(self) -> None:
        """It is whole: sync it and give it its name.

        Raises:
            OSError: that failed.
        """
        assert self._file is not None  # noqa: S101 - as above
        if self.regular:
            os.fsync(self._file.fileno())
        self._file.close()
        if self._written != self._target:
            self._written.replace(self._target)
            sync_folder(self._target.parent)

    def discard(self) -> None:
        """Remove what was written."""
        self.close()
        if self.regular:
            self._written.unlink(missing_ok=True)

    def close(self) -> None:
        """Stop writing."""
        if self._file is not None:
            self._file.close()

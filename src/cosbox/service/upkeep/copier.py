"""Copying the files of blobs, with their checksums compared on the way."""

import errno
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from cosbox.checksums import crc64
from cosbox.storage.durable import sync_file, sync_folder
from cosbox.storage.rows import Blob

if sys.platform == "linux":
    import fcntl

_THREADS: Final = 4
"""While one file waits for the disk, others are read."""

_BATCH: Final = 1024
"""Files between two syncs of their folders."""

_CHUNK: Final = 1024 * 1024
_CLONE: Final = 0x40049409
"""Linux's FICLONE: the copy shares the blocks of the original until one of them is written."""

_BINARY: Final = getattr(os, "O_BINARY", 0)
_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Job(NamedTuple):
    """A blob to copy from one file to another."""

    blob: Blob
    source: Path
    target: Path


class _Outcome(Enum):
    COPIED = auto()
    THERE = auto()
    DAMAGED = auto()


@dataclass(slots=True)
class Copied:
    """What came of copying.

    Attributes:
        files: copied now.
        bytes: in them.
        there: files that were there already.
        damaged: ids of blobs whose source is gone or not what was written.
    """

    files: int = 0
    bytes: int = 0
    there: int = 0
    damaged: list[int] = field(default_factory=list)

    def add(self, blob: Blob, outcome: _Outcome) -> None:
        """Count one."""
        match outcome:
            case _Outcome.COPIED:
                self.files += 1
                self.bytes += blob.size
            case _Outcome.THERE:
                self.there += 1
            case _Outcome.DAMAGED:
                self.damaged.append(blob.id)


class Copier:
    """Copies many files, several at a time, and remembers little of them.

    Args:
        root: the folder below which the targets are.
        verify: read files that are there already, and copy those anew that are damaged.
        progress: called now and then with what was copied so far.
    """

    def __init__(
        self,
        root: Path,
        *,
        verify: bool,
        progress: Callable[[Copied], None] | None = None,
    ) -> None:
        self._root = root
        self._progress = progress or (lambda _: None)
        self._verify = verify
        self._stop = threading.Event()

    def copy(self, jobs: Iterable[Job]) -> Copied:
        """Copy all, and make them durable, with their names.

        Raises:
            OSError: a target cannot be written. What was copied so far stays.
        """
        copied = Copied()
        waiting = iter(jobs)
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="cosbox-copy") as pool:
            try:
                while batch := list(islice(waiting, _BATCH)):
                    self._make_folders(batch)
                    # To see which are there takes less than to hand them to a thread.
                    missing = [job for job in batch if self._verify or not _is_there(job)]
                    copied.there += len(batch) - len(missing)
                    for job, outcome in zip(missing, pool.map(self._copy, missing), strict=True):
                        copied.add(job.blob, outcome)
                        self._progress(copied)
                    self._sync_folders(batch)
            except BaseException:
                self._stop.set()
                pool.shutdown(cancel_futures=True)
                raise
        return copied

    def _make_folders(self, batch: list[Job]) -> None:
        for folder in {job.target.parent for job in batch}:
            for level in self._levels(folder):
                level.mkdir(mode=0o700, exist_ok=True)

    def _sync_folders(self, batch: list[Job]) -> None:
        # Those of files that were there already, too: a copier that was killed may have made them.
        folders = {job.target.parent for job in batch}
        for level in {level for folder in folders for level in self._levels(folder)}:
            sync_folder(level)

    def _levels(self, folder: Path) -> Iterator[Path]:
        """The folders from the root down to one."""
        at = self._root
        yield at
        for name in folder.relative_to(self._root).parts:
            at /= name
            yield at

    def _copy(self, job: Job) -> _Outcome:
        if self._verify and self._is_sound(job):
            return _Outcome.THERE
        new = job.target.with_name(f"{job.target.name}.new")
        try:
            with _opened(job.source, os.O_RDONLY) as source, _opened(new, _NEW) as target:
                if not self._pour(source, target, job.blob):
                    new.unlink()
                    return _Outcome.DAMAGED
                sync_file(target)
                _forget(target)
            new.replace(job.target)
        except _Unreadable:
            new.unlink(missing_ok=True)
            return _Outcome.DAMAGED
        except OSError:
            with suppress(OSError):
                new.unlink()
            raise
        return _Outcome.COPIED

    def _is_sound(self, job: Job) -> bool:
        try:
            with _opened(job.target, os.O_RDONLY) as fd:
                return self._pour(fd, None, job.blob)
        except _Unreadable:
            return False

    def _pour(self, source: int, target: int | None, blob: Blob) -> bool:
        """Copy a file, or only read it; whether it is the whole blob, as it was written."""
        cloned = target is not None and _clone(source, target)
        crc, size = 0, 0
        while chunk := self._read(source):
            crc = crc64(chunk, crc)
            size += len(chunk)
            if target is not None and not cloned:
                _write(target, chunk)
        return (size, crc) == (blob.size, blob.crc64)

    def _read(self, source: int) -> bytes:
        if self._stop.is_set():
            return b""
        try:
            return os.read(source, _CHUNK)
        except OSError as error:
            if error.errno == errno.EIO:
                raise _Unreadable from error
            raise


def _is_there(job: Job) -> bool:
    try:
        return job.target.stat().st_size == job.blob.size
    except FileNotFoundError:
        return False


class _Unreadable(Exception):  # noqa: N818 - says what happened
    """A blob is gone, or the disk does not give it out."""


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    try:
        fd = os.open(path, flags | _BINARY, 0o600)
    except FileNotFoundError as error:
        raise _Unreadable from error
    try:
        yield fd
    finally:
        os.close(fd)


def _clone(source: int, target: int) -> bool:
    if sys.platform != "linux":
        return False
    try:
        fcntl.ioctl(target, _CLONE, source)
    except OSError:
        return False
    return True


def _write(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _forget(fd: int) -> None:
    """A copy is not read soon: what the system has of it in memory is better used otherwise."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)

"""Locks between processes: on files, held by an open descriptor, gone when its process dies.

They exclude two holders in one process as well, as long as each opened the file for itself.
"""

import os
import sys
from pathlib import Path
from types import TracebackType

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class FileLock:
    """A lock on a file, which is made if it is not there."""

    __slots__ = ("_fd", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    if sys.platform == "win32":

        def acquire(self) -> None:
            """Wait for the lock."""
            while True:
                try:
                    # Gives up after ten seconds by itself.
                    msvcrt.locking(self._fd, msvcrt.LK_LOCK, 1)
                except OSError:
                    continue
                return

        def try_acquire(self) -> bool:
            """Take the lock if it is free."""
            try:
                msvcrt.locking(self._fd, msvcrt.LK_NBLCK, 1)
            except OSError:
                return False
            return True

        def try_share(self) -> bool:
            """Take the lock if it is free; there is no sharing here."""
            return self.try_acquire()

        def release(self) -> None:
            """Let the next one have it."""
            msvcrt.locking(self._fd, msvcrt.LK_UNLCK, 1)

    else:

        def acquire(self) -> None:
            """Wait for the lock."""
            fcntl.flock(self._fd, fcntl.LOCK_EX)

        def try_acquire(self) -> bool:
            """Take the lock if it is free."""
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        def try_share(self) -> bool:
            """Take the lock, together with others who share it, if nobody has it alone."""
            try:
                fcntl.flock(self._fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        def release(self) -> None:
            """Let the next one have it."""
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def stands(self) -> bool:
        """Whether the path still leads to the file that is locked here, and not to a new one."""
        try:
            there, here = self.path.stat(), os.fstat(self._fd)
        except FileNotFoundError:
            return False
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)

    def close(self) -> None:
        """Close the file. A lock that is held passes on unless a forked process shares it: there,
        this forgets the lock and leaves it to the parent."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class Turnstile:
    """A lock that nobody starves at, even beside a process that asks again at once.

    Whoever waits for the turn holds the queue, so the one that had the turn last can not take it
    again before.
    """

    __slots__ = ("_queue", "_turn")

    def __init__(self, folder: Path) -> None:
        self._queue = FileLock(folder / "queue")
        self._turn = FileLock(folder / "turn")

    def __enter__(self) -> None:
        self._queue.acquire()
        try:
            self._turn.acquire()
        finally:
            self._queue.release()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._turn.release()

    def close(self) -> None:
        """Close both files."""
        self._queue.close()
        self._turn.close()

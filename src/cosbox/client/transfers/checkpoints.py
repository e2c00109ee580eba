"""Checkpoints on the disk: a journal for each transfer, held by one process at a time."""

import contextlib
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

from cosbox.client.logs import logger
from cosbox.transfer.journal import Journal, done_line, header_line, read_journal
from cosbox.transfer.ledger import Done

with contextlib.suppress(ImportError):  # not on Windows, where nothing keeps two processes apart
    import fcntl

log: Final = logger()


class HeldError(Exception):
    """Another transfer has the checkpoint."""


def default_folder() -> Path:
    """Where checkpoints of uploads are: ``cosbox/uploads`` where programs keep their state."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "cosbox" / "uploads"


def name_of(*what: str) -> str:
    """A file name that stands for these words, and does not show them."""
    return hashlib.sha256("\0".join(what).encode(errors="surrogateescape")).hexdigest()[:32]


class Checkpoint:
    """A journal that is open, and locked.

    Attributes:
        journal: what it said when it was opened.
        kept: whether what was begun is written down, for a later call to find.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        """Use `open` instead."""
        self._path = path
        self._file = file
        self._fails = False
        self.kept = False
        text = file.read()
        self.journal: Journal | None = read_journal(text)
        if text and not text.endswith(b"\n"):
            self._write(b"\n")  # or what is added next would be lost with the line that broke off

    @classmethod
    def open(cls, path: Path) -> Self | None:
        """The journal at a path, made if it does not exist; None where none can be written, which
        is logged: a transfer does without.

        Raises:
            HeldError: another transfer has it, in this process or another.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            while True:
                file = path.open("a+b", buffering=0)
                file.seek(0)
                try:
                    _lock(file)
                    if _still_there(path, file):
                        return cls(path, file)
                except BaseException:
                    file.close()
                    raise
                file.close()
        except OSError as error:
            log.warning("no checkpoint can be kept at %s: %s", path, error)
            return None

    def begin(self, header: Mapping[str, Any]) -> None:
        """Begin something; what the journal said until now holds no more."""
        self.kept = self._write(header_line(header))

    def add(self, number: int, done: Done) -> None:
        """A part is done."""
        self._write(done_line(number, done))

    def _write(self, line: bytes) -> bool:
        """Whether it was written. The transfer matters more than its journal, so that a full disk
        is logged, and ends the journal alone."""
        if self._fails:
            return False
        try:
            if self._file.write(line) == len(line):
                return True
            reason = "the disk is full"
        except OSError as error:
            reason = str(error)
        self._fails = True
        log.warning("the checkpoint at %s is not kept any more: %s", self._path, reason)
        return False

    def clear(self) -> None:
        """There is nothing to take up any more."""
        self._file.truncate(0)
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of it. One that says nothing is removed."""
        if not os.fstat(self._file.fileno()).st_size:
            self._path.unlink(missing_ok=True)
        self._file.close()


def _lock(file: BinaryIO) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise HeldError(f"another transfer has {file.name}") from error
    except NameError:
        return


def _still_there(path: Path, file: BinaryIO) -> bool:
    """Whether a name still stands for an open file: it may have been removed by who had it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False

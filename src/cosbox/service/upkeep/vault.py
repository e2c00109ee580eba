"""A folder of backups: snapshots of one store's records, and the blobs that they need.

::

    TARGET/                     0700; files in it 0600
    ├── backup.json             the marker: whose backups these are
    ├── lock                    held by whoever works here
    ├── snapshots/7.db, 7.json  a copy of the records, and what is to be known of it
    └── blobs/000/000/001/…     one file for each blob that a snapshot needs

A snapshot is there once its JSON is: it comes last, and goes first. Blobs are named by id and
CRC-64, so that a store which was restored, and gave out an id again, cannot be taken for the other.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from cosbox._version import __version__
from cosbox.storage.durable import make_folder, replace_file, sync_folder
from cosbox.storage.errors import StoreFormatError, StoreInUseError
from cosbox.storage.files import layout
from cosbox.storage.locks import FileLock
from cosbox.storage.marker import MARKER as STORE_MARKER
from cosbox.storage.rows import Blob
from cosbox.storage.sqlite.copies import RecordsCopy

MARKER: Final = "backup.json"
FORMAT: Final = 1

_BLOBS: Final = "blobs"
_SNAPSHOTS: Final = "snapshots"
_LOCK: Final = "lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A store as it was at one moment.

    Attributes:
        number: 1 for the first in its folder.
        taken: moment, microseconds since 1970, UTC, by the machine's clock.
        clock_offset: seconds that the store's clock was ahead of the machine's.
        files: how many blobs are files.
        bytes: in all of them.
        records_size: of the copy of the records.
        records_crc64: of the same.
        damaged: ids of blobs that could not be read as they were written, and are not in it.
    """

    number: int
    taken: int
    clock_offset: float
    files: int
    bytes: int
    records_size: int
    records_crc64: int
    damaged: tuple[int, ...] = ()


class Vault:
    """A folder of backups, open; nobody else works in it meanwhile.

    Attributes:
        path: of the folder.
        store_id: of the store whose backups these are.
        blobs: the folder of the blobs.
    """

    def __init__(self, path: Path, store_id: str, lock: FileLock | None) -> None:
        self.path = path
        self.store_id = store_id
        self.blobs = path / _BLOBS
        self._snapshots = path / _SNAPSHOTS
        self._lock = lock

    @classmethod
    def open(cls, path: Path, *, make_for: str | None = None) -> Self:
        """Open a folder of backups.

        Args:
            path: of the folder.
            make_for: the id of the store that is to be backed up: the folder is made if it is not
                there or empty, and refused if it is another store's. None to read: then it need not
                be possible to write there.

        Raises:
            StoreFormatError: the folder is something else, or of a newer format.
            StoreInUseError: somebody works there.
            OSError: it cannot be used.
        """
        found = _read_marker(path)
        if make_for is None:
            if found is None:
                raise StoreFormatError(f"there are no backups in {path}")
            return cls(path, found["store"], _try_lock(path))
        if found is None:
            _check_vacant(path)
            make_folder(path)
        vault = cls(path, make_for, _take_lock(path))
        try:
            vault._claim()
        except BaseException:
            vault.close()
            raise
        return vault

    def _claim(self) -> None:
        found = _read_marker(self.path) or _make(self.path, self.store_id)
        if found["store"] != self.store_id:
            raise StoreFormatError(f"{self.path} has backups of another store; name another folder")

    def close(self) -> None:
        """Let others work here."""
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def snapshots(self) -> list[Snapshot]:
        """All that are complete, oldest first.

        Raises:
            StoreFormatError: what is written of one cannot be read.
            OSError: the same.
        """
        return sorted(
            (_read_snapshot(path) for path in self._snapshots.glob("*.json")),
            key=lambda each: each.number,
        )

    def records(self, number: int) -> Path:
        """The copy of the records of a snapshot."""
        return self._snapshots / f"{number}.db"

    def blob(self, blob: Blob) -> Path:
        """The file of a blob."""
        return self.blobs / layout.shard(blob.id) / _name(blob)

    def add(self, snapshot: Snapshot) -> None:
        """Make a snapshot complete whose records and blobs are durable, names included."""
        sync_folder(self._snapshots)
        text = json.dumps(asdict(snapshot)) + "\n"
        replace_file(self._snapshots / f"{snapshot.number}.json", text.encode())

    def drop(self, number: int) -> None:
        """Take a snapshot away. `sweep` takes the blobs that it alone needed."""
        (self._snapshots / f"{number}.json").unlink()
        sync_folder(self._snapshots)
        self.records(number).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove what was left of snapshots that were not finished."""
        complete = {str(each.number) for each in self.snapshots()}
        for entry in self._snapshots.iterdir():
            if entry.name.split(".")[0] not in complete or entry.suffix not in {".db", ".json"}:
                entry.unlink()

    def sweep(self, kept: Sequence[int]) -> int:
        """Remove the blobs that none of these snapshots needs; returns how many."""
        removed = 0
        with ExitStack() as open_copies:
            copies = [
                open_copies.enter_context(RecordsCopy(self.records(number))) for number in kept
            ]
            for folder, first in self._folders(self.blobs, 3):
                stop = first + layout.PER_FOLDER
                needed = {_name(blob) for copy in copies for blob in copy.files(first, stop)}
                with os.scandir(folder) as scan:
                    idle = [entry.path for entry in scan if entry.name not in needed]
                for path in idle:
                    Path(path).unlink()
                removed += len(idle)
                with suppress(OSError):
                    # Only where it is empty now.
                    folder.rmdir()
        return removed

    def _folders(self, above: Path, levels: int, base: int = 0) -> Iterator[tuple[Path, int]]:
        """The folders of blobs, and the first id that may lie in each."""
        with os.scandir(above) as scan:
            names = sorted(entry.name for entry in scan if entry.is_dir(follow_symlinks=False))
        for name in names:
            here = (base << 10) + int(name, 16)
            if levels == 1:
                yield above / name, here << 10
            else:
                yield from self._folders(above / name, levels - 1, here)


def _name(blob: Blob) -> str:
    return f"{layout.file_name(blob.id)}-{blob.crc64:016x}"


def _check_vacant(path: Path) -> None:
    if (path / STORE_MARKER).exists():
        raise StoreFormatError(f"{path} is a store; name another folder for its backups")
    names = sorted(entry.name for entry in path.iterdir()) if path.exists() else []
    if set(names) - {_LOCK, _BLOBS, _SNAPSHOTS, f"{MARKER}.new"}:
        raise StoreFormatError(
            f"{path} holds something else ({', '.join(names[:3])}); name an empty or a new folder"
        )


def _take_lock(path: Path) -> FileLock:
    lock = FileLock(path / _LOCK)
    if not lock.try_acquire():
        lock.close()
        raise StoreInUseError(f"another backup, or a restore, is under way in {path}")
    return lock


def _try_lock(path: Path) -> FileLock | None:
    """The lock, where there may be one: what cannot be written to needs none."""
    try:
        return _take_lock(path)
    except OSError:
        return None


def _make(path: Path, store_id: str) -> dict[str, Any]:
    path.chmod(0o700)
    for name in (_BLOBS, _SNAPSHOTS):
        (path / name).mkdir(mode=0o700, exist_ok=True)
    marker = {"format": FORMAT, "made_by": f"cosbox {__version__}", "store": store_id}
    replace_file(path / MARKER, f"{json.dumps(marker)}\n".encode())
    return marker


def _read_marker(path: Path) -> dict[str, Any] | None:
    try:
        text = (path / MARKER).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        marker: dict[str, Any] = json.loads(text)
        found = marker["format"]
        marker["store"]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreFormatError(f"{path / MARKER} cannot be read") from error
    if found != FORMAT:
        raise StoreFormatError(
            f"the backups in {path} have format {found}, and cosbox {__version__} reads format "
            f"{FORMAT}: use a newer version of cosbox"
        )
    return marker


def _read_snapshot(path: Path) -> Snapshot:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Snapshot(**{**values, "damaged": tuple(values["damaged"])})
    except (ValueError, KeyError, TypeError) as error:
        raise StoreFormatError(f"{path} cannot be read") from error

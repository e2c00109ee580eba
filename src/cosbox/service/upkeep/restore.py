"""Making a store of a backup."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from cosbox.service.clock import FolderClock
from cosbox.service.upkeep.backup import check_apart, checksum
from cosbox.service.upkeep.copier import Copied, Copier, Job
from cosbox.service.upkeep.vault import Snapshot, Vault
from cosbox.storage.durable import make_folder, replace_file, storage_error, sync_folder
from cosbox.storage.errors import RecordsDamaged, StorageError, StoreFormatError
from cosbox.storage.files import layout
from cosbox.storage.folder import BLOBS, DATABASE, found_store, open_folder
from cosbox.storage.marker import MARKER
from cosbox.storage.rows import Blob
from cosbox.storage.sqlite.copies import RecordsCopy

_NOTE: Final = "restoring.json"
"""What is being restored here; gone when that is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did.

    Attributes:
        snapshot: that was restored.
        damaged: ids of the blobs that are missing, since the backup has them not, or not as they
            were written. The objects that they belong to cannot be read.
    """

    snapshot: Snapshot
    damaged: tuple[int, ...]


def list_snapshots(target: str | os.PathLike[str]) -> list[Snapshot]:
    """The snapshots in a folder of backups, oldest first.

    Raises:
        StoreFormatError: there are no backups, or of a newer format.
        StoreInUseError: a backup is under way.
        StorageError: they cannot be read.
    """
    place = Path(target).absolute()
    try:
        with Vault.open(place) as vault:
            return vault.snapshots()
    except OSError as error:
        raise storage_error(f"cannot read the backups in {place}", error) from error


def restore(
    target: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    number: int | None = None,
    progress: Callable[[Copied], None] | None = None,
) -> Restored:
    """Make a store of a snapshot, with every checksum compared.

    Where it was cut short, the same call goes on.

    Args:
        target: the folder of backups.
        folder: of the store to be, which is made, or is empty.
        number: of the snapshot; None is the last.
        progress: called now and then with what was copied so far.

    Raises:
        StoreFormatError: there are no backups, or no such snapshot, or the folder is not empty, or
            one of the two lies in the other.
        StoreInUseError: a backup, or another restore, is under way.
        RecordsDamaged: the copy of the records is not what was written.
        StorageFull: there is no room in the folder.
        StorageError: something cannot be read or written.
    """
    place, store = Path(target).absolute(), Path(folder).absolute()
    check_apart(store, place)
    try:
        with Vault.open(place) as vault:
            snapshot = _choose(vault, number)
            _begin(store, vault, snapshot)
            damaged = _copy(vault, snapshot, store, progress)
            _finish(vault, snapshot, store)
    except OSError as error:
        raise storage_error(f"cannot restore {place} to {store}", error) from error
    open_folder(store, create=False).close()
    return Restored(snapshot=snapshot, damaged=tuple(sorted({*damaged, *snapshot.damaged})))


def _choose(vault: Vault, number: int | None) -> Snapshot:
    found = vault.snapshots()
    if number is not None:
        found = [each for each in found if each.number == number]
    if not found:
        which = "no complete snapshot" if number is None else f"no snapshot {number}"
        raise StoreFormatError(f"there is {which} in {vault.path}")
    snapshot = found[-1]
    held = checksum(vault.records(snapshot.number))
    if held != (snapshot.records_size, snapshot.records_crc64):
        raise RecordsDamaged(
            f"{vault.records(snapshot.number)} is damaged: it does not have its checksum;"
            " restore another snapshot"
        )
    return snapshot


def _begin(store: Path, vault: Vault, snapshot: Snapshot) -> None:
    """See that the folder is empty, or that this same restore was begun there."""
    make_folder(store)
    note = {"backups_of": vault.store_id, "snapshot": snapshot.number, "taken": snapshot.taken}
    text = json.dumps(note) + "\n"
    path = store / _NOTE
    names = {entry.name for entry in store.iterdir()} - {f"{_NOTE}.new"}
    if names and (MARKER in names or not path.exists() or path.read_text() != text):
        raise StoreFormatError(
            f"{store} is not empty (it holds {', '.join(sorted(names)[:3])}); name an empty or a"
            " new folder"
        )
    store.chmod(0o700)
    replace_file(path, text.encode())


def _copy(
    vault: Vault,
    snapshot: Snapshot,
    store: Path,
    progress: Callable[[Copied], None] | None,
) -> list[int]:
    def jobs(blobs: Iterator[Blob]) -> Iterator[Job]:
        for blob in blobs:
            if blob.data is None:
                target = store / BLOBS / layout.shard(blob.id) / layout.file_name(blob.id)
                yield Job(blob, vault.blob(blob), target)

    with RecordsCopy(vault.records(snapshot.number)) as records:
        copier = Copier(store / BLOBS, verify=True, progress=progress)
        return copier.copy(jobs(records.blobs())).damaged


def _finish(vault: Vault, snapshot: Snapshot, store: Path) -> None:
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
        (store / name).unlink(missing_ok=True)
    os.close(os.open(store / DATABASE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    shutil.copyfile(vault.records(snapshot.number), store / DATABASE)
    if checksum(store / DATABASE) != (snapshot.records_size, snapshot.records_crc64):
        raise StorageError(f"{store / DATABASE} is not what was written there")
    if snapshot.clock_offset:
        FolderClock(store).move(timedelta(seconds=snapshot.clock_offset))
    found_store(store, vault.store_id)
    (store / _NOTE).unlink()
    sync_folder(store)

"""Backing up a store, while it is served and written to.

The files of blobs never change, and the store keeps those that the copy of the records names until
they are copied. So the order is: hold the files, copy the records, copy the files, and last say
that the snapshot is complete. docs/backup.md.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cosbox.checksums import crc64
from cosbox.service.clock import FolderClock
from cosbox.service.upkeep.copier import Copied, Copier, Job
from cosbox.service.upkeep.vault import Snapshot, Vault
from cosbox.storage.durable import storage_error
from cosbox.storage.errors import StoreFormatError
from cosbox.storage.files import layout
from cosbox.storage.folder import BLOBS, FolderAudit
from cosbox.storage.marker import MARKER, store_id
from cosbox.storage.rows import Blob
from cosbox.storage.sqlite.copies import RecordsCopy

KEEP: Final = 3
"""How many snapshots a folder of backups keeps unless told otherwise."""

_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """What a backup did.

    Attributes:
        snapshot: that was taken.
        copied: files that were copied now.
        copied_bytes: in them.
        there: files that earlier backups had copied.
        dropped: numbers of the snapshots that were over the number to keep.
        removed: files that no snapshot needs any more.
    """

    snapshot: Snapshot
    copied: int
    copied_bytes: int
    there: int
    dropped: tuple[int, ...]
    removed: int


def back_up(
    folder: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    keep: int = KEEP,
    verify: bool = False,
    progress: Callable[[Copied], None] | None = None,
) -> BackedUp:
    """Take a snapshot of a store in a folder of its backups. The store may be in use.

    What was killed, or found the disk full, leaves all earlier snapshots as they were, and what it
    copied is not copied again.

    >>> import cosbox, tempfile
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     cosbox.open(f"{parent}/data").close()
    ...     back_up(f"{parent}/data", f"{parent}/backups").snapshot.number
    1

    Args:
        folder: of the store.
        target: the folder of its backups, which is made if need be.
        keep: how many snapshots to keep; the oldest go, once the new one is complete.
        verify: also read the files that are there already, and copy those anew that are damaged.
        progress: called now and then with what was copied so far.

    Raises:
        StoreFormatError: there is no store, or one of a newer format; or the target holds something
            else, or backups of another store; or one of the two lies in the other.
        StoreInUseError: another backup of the store, or to the target, is under way.
        StorageFull: there is no room in the target.
        StorageError: something cannot be read or written.
    """
    if keep < 1:
        raise ValueError("at least one snapshot must be kept")
    source, place = Path(folder).absolute(), Path(target).absolute()
    check_apart(source, place)
    try:
        with (
            FolderAudit(source) as audit,
            Vault.open(place, make_for=store_id(source)) as vault,
            audit.files_kept(),
        ):
            return _Backup(audit, vault, progress).run(keep=keep, verify=verify)
    except OSError as error:
        raise storage_error(f"cannot back up {source} to {place}", error) from error


def check_apart(store: Path, backups: Path) -> None:
    """See that of a store and its backups neither lies in the other, nor in another store.

    Raises:
        StoreFormatError: one does.
    """
    for path in (store, backups):
        for above in path.resolve().parents:
            if (above / MARKER).exists():
                raise StoreFormatError(f"{path} lies in the store {above}; name another folder")
    here, there = store.resolve(), backups.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise StoreFormatError(f"{backups} and {store} must not lie in each other")


class _Backup:
    def __init__(
        self, audit: FolderAudit, vault: Vault, progress: Callable[[Copied], None] | None
    ) -> None:
        self._audit = audit
        self._progress = progress
        self._vault = vault
        self._rotten: list[int] = []
        self._files = self._bytes = 0

    def run(self, *, keep: int, verify: bool) -> BackedUp:
        vault = self._vault
        vault.clear()
        earlier = [each.number for each in vault.snapshots()]
        number = max(earlier, default=0) + 1
        taken = time.time_ns() // 1000
        try:
            self._audit.copy_records(vault.records(number))
            # What a backup that was cut short copied may be in the way now.
            removed = vault.sweep([*earlier, number])
            copied = self._copy(number, verify=verify)
            snapshot = self._describe(number, taken, copied)
        except BaseException:
            vault.records(number).unlink(missing_ok=True)
            raise
        vault.add(snapshot)
        kept = [*earlier, number][-keep:]
        dropped = [each for each in earlier if each not in kept]
        for each in dropped:
            vault.drop(each)
        if dropped:
            removed += vault.sweep(kept)
        return BackedUp(
            snapshot=snapshot,
            copied=copied.files,
            copied_bytes=copied.bytes,
            there=copied.there,
            dropped=tuple(dropped),
            removed=removed,
        )

    def _copy(self, number: int, *, verify: bool) -> Copied:
        with RecordsCopy(self._vault.records(number)) as records:
            copier = Copier(self._vault.blobs, verify=verify, progress=self._progress)
            return copier.copy(self._jobs(records.blobs()))

    def _jobs(self, blobs: Iterator[Blob]) -> Iterator[Job]:
        """What is to be copied; the small bodies, which were copied with the records, are looked
        at on the way."""
        root = self._audit.path / BLOBS
        for blob in blobs:
            if blob.data is None:
                self._files += 1
                self._bytes += blob.size
                source = root / layout.shard(blob.id) / layout.file_name(blob.id)
                yield Job(blob, source, self._vault.blob(blob))
            elif (len(blob.data), crc64(blob.data)) != (blob.size, blob.crc64):
                self._rotten.append(blob.id)

    def _describe(self, number: int, taken: int, copied: Copied) -> Snapshot:
        size, crc = checksum(self._vault.records(number))
        clock = FolderClock(self._audit.path)
        return Snapshot(
            number=number,
            taken=taken,
            clock_offset=clock.offset().total_seconds(),
            files=self._files,
            bytes=self._bytes,
            records_size=size,
            records_crc64=crc,
            damaged=tuple(sorted([*self._rotten, *copied.damaged])),
        )


def checksum(path: Path) -> tuple[int, int]:
    """The size of a file, and the CRC-64 of it."""
    size, crc = 0, 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            crc = crc64(chunk, crc)
    return size, crc

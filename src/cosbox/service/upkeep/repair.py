"""Mending what a check found, where that can take nothing from anybody.

Counts are corrected; files that no record names are moved aside, not deleted; damaged objects stay
as they are, for some of what they hold may still be wanted. docs/fsck.md says what is done and why.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from cosbox.service.clock import FolderClock
from cosbox.service.janitor import GRACE
from cosbox.service.upkeep.fsck import Check
from cosbox.service.upkeep.fsck_records import Drift
from cosbox.service.upkeep.report import Finding, Kind, Report, Tally
from cosbox.storage.durable import storage_error, sync_folder, write_new
from cosbox.storage.errors import StoreFormatError, StoreInUseError
from cosbox.storage.folder import Folder, open_folder
from cosbox.storage.locks import FileLock
from cosbox.storage.marker import check_marker
from cosbox.storage.sqlite.transaction import SqliteTransaction

LOST: Final = "lost"
"""The folder, in that of the store, of what no record names."""

_BATCH: Final = 200
"""Counts that are corrected in one transaction, which others wait for."""


def repair(
    folder: str | os.PathLike[str],
    *,
    data: bool = True,
    grace: float = GRACE,
    progress: Callable[[Tally], None] | None = None,
) -> Report:
    """Check the store in a folder, and mend what can be mended.

    Args:
        folder: of the store, which others may have open.
        data: as for `cosbox.service.upkeep.fsck.check`.
        grace: seconds that a file must have been there before it is moved aside.
        progress: as for `check`.

    Returns:
        What is still wrong, and what was done.

    Raises:
        StoreFormatError: there is no store, or one of a newer format.
        StoreInUseError: somebody else is repairing it.
        StorageError: it cannot be looked at, or not be written to.
    """
    path = Path(folder).absolute()
    if not check_marker(path):
        raise StoreFormatError(f"there is no store in {path}")
    lock = _lock(path)
    try:
        if not lock.try_acquire():
            raise StoreInUseError(f"somebody else is repairing {path}")
        checked = Check(path, data=data, progress=progress)
        report = checked.run()
        # What a damaged database does not name may be somebody's all the same.
        if any(finding.kind is Kind.RECORDS for finding in report.findings):
            return report
        with open_folder(path, create=False) as store:
            return _Repair(store, checked, grace).run(report)
    finally:
        lock.close()


def _lock(path: Path) -> FileLock:
    locks = path / "locks"
    try:
        locks.mkdir(mode=0o700, exist_ok=True)
        return FileLock(locks / "repair")
    except OSError as error:
        raise storage_error(f"cannot lock {path}", error) from error


class _Repair:
    """One repair of an open store, after what a check found."""

    def __init__(self, store: Folder, checked: Check, grace: float) -> None:
        self._store = store
        self._checked = checked
        self._grace = grace
        self._lost = store.path / LOST
        self._done: list[str] = []

    def run(self, report: Report) -> Report:
        if self._store.settled:
            self._done.append(f"removed files that dead processes had left: {self._store.settled}")
        self._raise_counters()
        mended = self._correct_references(report.findings)
        moved = self._move_orphans(report.findings)
        left = [finding for finding in report.findings if not _is_mended(finding, mended, moved)]
        if self._store.settled:
            left = [finding for finding in left if finding.kind is not Kind.UNRECORDED]
        return replace(report, findings=tuple(left), repairs=tuple(self._done))

    def _raise_counters(self) -> None:
        least = self._checked.least
        if not least:
            return
        wanted = {"last_stamp": 0, "next_blob": 0, "next_bucket": 0, **least}
        self._store.records.write(lambda txn: txn.raise_counters(**wanted)).result()
        self._done += [f"raised {name} to {number}" for name, number in least.items()]

    def _correct_references(self, findings: Iterable[Finding]) -> set[int]:
        """Correct counts; the blobs whose counts are right now."""
        by = {each.blob: 0 for each in findings if each.kind is Kind.REFERENCES and each.blob}
        by |= {drift.blob: drift.by for drift in self._checked.drifts}
        # A count that is too high keeps what may be missed. Where other records are damaged, those
        # that would explain it may be among them.
        wanted = [
            Drift(blob_id, change)
            for blob_id, change in by.items()
            if change > 0 or self._checked.sound
        ]
        now = FolderClock(self._store.path).now()
        for start in range(0, len(wanted), _BATCH):
            self._correct(wanted[start : start + _BATCH], now)
        return {drift.blob for drift in wanted}

    def _correct(self, drifts: Sequence[Drift], now: int) -> None:
        def change(txn: SqliteTransaction) -> None:
            # By the difference, which stays right whatever others did since it was counted.
            for drift in drifts:
                txn.correct_references(drift.blob, drift.by, now)

        self._store.records.write(change).result()
        for blob_id, by in drifts:
            what = f"its references by {by:+d}" if by else "whether it is to be removed"
            self._done.append(f"blob {blob_id}: corrected {what}")
            if by <= 0:
                self._take_out(blob_id)

    def _take_out(self, blob_id: int) -> None:
        """Move a small blob that nobody refers to from the records to a file aside."""
        records = self._store.records
        with records.read() as snapshot:
            blob = snapshot.blob(blob_id)
        if blob is None or blob.refs or blob.data is None:
            return
        path = self._free_name(blob_id)
        try:
            write_new(path, blob.data)
            sync_folder(self._lost)
        except OSError as error:
            raise storage_error(f"cannot write {path}", error) from error
        records.write(lambda txn: txn.take_unreferenced(blob_id)).result()
        self._done.append(f"blob {blob_id}: moved from the records to {path}")

    def _move_orphans(self, findings: Iterable[Finding]) -> set[int]:
        """Move files aside that no record names; the ids of those that were moved."""
        moved: set[int] = set()
        for finding in findings:
            blob_id = finding.blob
            if finding.kind is not Kind.ORPHAN or blob_id is None:
                continue
            if time.time() - self._store.blobs.modified(blob_id) < self._grace:
                continue
            path = self._free_name(blob_id)
            self._store.blobs.move_out(blob_id, path)
            self._done.append(f"blob {blob_id}: moved its file to {path}")
            moved.add(blob_id)
        return moved

    def _free_name(self, blob_id: int) -> Path:
        """Where to put a blob that nobody names, in a folder that is made if need be."""
        try:
            if not self._lost.is_dir():
                self._lost.mkdir(mode=0o700)
                sync_folder(self._store.path)
        except OSError as error:
            raise storage_error(f"cannot make {self._lost}", error) from error
        path = self._lost / f"blob-{blob_id:x}"
        number = 1
        while path.exists():
            number += 1
            path = path.with_name(f"blob-{blob_id:x}-{number}")
        return path


def _is_mended(finding: Finding, mended: set[int], moved: set[int]) -> bool:
    match finding.kind:
        case Kind.COUNTER:
            return True
        case Kind.REFERENCES:
            return finding.blob in mended
        case Kind.ORPHAN:
            return finding.blob in moved
        case _:
            return False

"""Checking a store: is everything there, and as it was written?

It may be served, and written to, meanwhile. docs/fsck.md says what is checked.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from cosbox.service.upkeep.fsck_blobs import Bad, check_blobs, check_files
from cosbox.service.upkeep.fsck_pieces import check_pieces
from cosbox.service.upkeep.fsck_records import Drift, Names, blobs_of, check_records
from cosbox.service.upkeep.report import MENDABLE, Finding, Kind, Report, Tally
from cosbox.service.upkeep.scrub_state import ScrubState
from cosbox.storage.errors import RecordsDamaged, StorageBusy, StorageError
from cosbox.storage.folder import FolderAudit
from cosbox.storage.sqlite.audit import Holder

_REST: Final = 1000


def check(
    folder: str | os.PathLike[str],
    *,
    data: bool = True,
    progress: Callable[[Tally], None] | None = None,
) -> Report:
    """Check the store in a folder. Nothing in it is changed.

    >>> import cosbox, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cosbox.open(folder).close()
    ...     check(folder).findings
    ()

    Args:
        folder: of the store, which others may have open.
        data: read everything that is stored and compare its checksums; without, only records are
            compared, and files looked for.
        progress: called now and then with what has been looked at so far.

    Raises:
        StoreFormatError: there is no store, or one of a newer format.
        StorageError: it cannot be looked at.
    """
    return Check(folder, data=data, progress=progress).run()


class Check:
    """One check, and what it knows beside its report.

    Attributes:
        findings: so far.
        drifts: counts of references that are wrong.
        least: what counters must be at the least that are behind, by name.
        sound: no record is damaged, so that what they do not name is nobody's.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        data: bool = True,
        progress: Callable[[Tally], None] | None = None,
    ) -> None:
        self._folder = Path(folder).absolute()
        self._data = data
        self._progress = progress
        self._complete = True
        self.tally = Tally()
        self.findings: list[Finding] = []
        self.drifts: list[Drift] = []
        self.least: dict[str, int] = {}
        self.sound = False

    def run(self) -> Report:
        """As `check`."""
        try:
            with FolderAudit(self._folder) as audit:
                self._look(audit)
        except RecordsDamaged as error:
            self._stop(Kind.RECORDS, error)
        return self.report()

    def _stop(self, kind: Kind, error: Exception) -> None:
        """Note what kept the check from seeing more."""
        self.findings.append(Finding(kind=kind, text=str(error)))
        self._complete = False

    def report(self) -> Report:
        """What was found."""
        return Report(
            folder=str(self._folder),
            findings=tuple(self.findings),
            tally=self.tally,
            data=self._data,
            complete=self._complete,
            scrub=ScrubState.load(self._folder),
        )

    def _look(self, audit: FolderAudit) -> None:
        try:
            with audit.records.snapshot() as snapshot:
                for text in snapshot.self_check(quick=not self._data):
                    self.findings.append(Finding(kind=Kind.RECORDS, text=text))
            self._compare(audit)
        except StorageBusy:
            raise
        except StorageError as error:
            self._stop(Kind.RECORDS, error)
        except (TypeError, ValueError, OverflowError) as error:
            # Where the database is damaged, anything may be where a number or a text should be.
            if not self.findings or self.findings[0].kind is not Kind.RECORDS:
                raise
            self._stop(Kind.RECORDS, error)

    def _compare(self, audit: FolderAudit) -> None:
        with audit.records.snapshot() as snapshot:
            self.least = {name: least for name, least, _ in snapshot.overtaken()}
            pieces: list[Holder] = []
            check_records(snapshot, self.tally, self.findings, self.drifts, pieces)
        self.sound = all(finding.kind in MENDABLE for finding in self.findings)
        named = {finding.blob for finding in self.findings if finding.kind is Kind.MISSING}
        self._step()
        bad = check_blobs(audit, self.tally, data=self._data, step=self._step)
        if bad:
            self.findings += name_bad(audit, bad)
        if self._data:
            sound = [each for each in pieces if not blobs_of(each) & bad.keys()]
            self.findings += check_pieces(audit, sound)
        try:
            self.findings += check_files(audit, named, self.least)
        except StorageBusy:
            raise
        except StorageError as error:
            self._stop(Kind.UNREADABLE, error)

    def _step(self) -> None:
        if self._progress is not None:
            self._progress(self.tally)


def name_bad(
    audit: FolderAudit, bad: Mapping[int, Bad], *, rest: Callable[[], object] | None = None
) -> list[Finding]:
    """A finding for every object, version and part that bad blobs do harm to, and one for every
    bad blob that is nobody's. A file that is to be removed may be gone already.

    Args:
        audit: the store.
        bad: what is wrong with which blob.
        rest: called now and then, to leave room for others.
    """
    found: list[Finding] = []
    held: set[int] = set()
    with audit.records.snapshot() as snapshot:
        names = Names(snapshot)
        for number, holder in enumerate(snapshot.holders()):
            if rest is not None and number % _REST == 0:
                rest()
            for blob_id in blobs_of(holder) & bad.keys():
                held.add(blob_id)
                kind, text = bad[blob_id]
                place = names.place(holder)
                found.append(Finding(kind=kind, text=text, place=place, blob=blob_id))
        for blob_id in sorted(bad.keys() - held):
            row = snapshot.blob_row(blob_id)
            if row is not None and row.garbage_since is None:
                kind, text = bad[blob_id]
                found.append(Finding(kind=kind, text=f"{text}; no object holds it", blob=blob_id))
    return found

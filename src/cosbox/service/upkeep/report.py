"""What a check of a store found, as values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

from cosbox.service.upkeep.scrub_state import ScrubState


class Kind(StrEnum):
    """What sort of thing was found.

    Damage, which a repair cannot undo: ``MISSING`` (bytes are gone), ``LENGTH`` (a blob is shorter
    or longer than was recorded), ``CHECKSUM`` (the bytes are not those that were written),
    ``UNREADABLE`` (the disk refuses), ``CONTENT`` (a record does not fit the bytes that it names),
    ``RECORDS`` (the database itself), ``VERSIONS`` (records that contradict each other).

    Faults, which it can: ``REFERENCES`` (a count is wrong), ``COUNTER`` (numbers that were used
    would be given out again), ``ORPHAN`` (a file that nothing records).

    Notes, which are no problem: ``UNRECORDED`` (files of uploads under way, or of a process that
    died; the next to open the store removes those), ``STRANGER`` (files that are not the store's).
    """

    MISSING = "missing"
    LENGTH = "length"
    CHECKSUM = "checksum"
    UNREADABLE = "unreadable"
    CONTENT = "content"
    RECORDS = "records"
    VERSIONS = "versions"
    REFERENCES = "references"
    COUNTER = "counter"
    ORPHAN = "orphan"
    UNRECORDED = "unrecorded"
    STRANGER = "stranger"


NOTES: Final = frozenset({Kind.UNRECORDED, Kind.STRANGER})
MENDABLE: Final = frozenset({Kind.REFERENCES, Kind.COUNTER, Kind.ORPHAN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The bucket, object, version, upload or part that a finding is about.

    Attributes:
        bucket: name; ``#ID`` where the bucket is gone.
        key: of the object; None where it is the bucket itself.
        version: its id, as callers see it; ``"null"`` for the null version, and None for a part.
        upload: id, of an upload or a part.
        part: number, of a part.
    """

    bucket: str
    key: str | None = None
    version: str | None = None
    upload: str | None = None
    part: int | None = None

    def __str__(self) -> str:
        if self.key is None:
            return self.bucket
        name = f"{self.bucket}/{self.key!r}"
        if self.upload is not None and self.part is None:
            return f"{name} upload {self.upload}"
        if self.upload is not None:
            return f"{name} part {self.part} of upload {self.upload}"
        return f"{name} version {self.version}" if self.version else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        kind: what sort of thing.
        text: what is wrong, in a line.
        place: what it does harm to; None where it is no object's.
        blob: id of the blob in question.
    """

    kind: Kind
    text: str
    place: Place | None = None
    blob: int | None = None

    def __str__(self) -> str:
        where = [] if self.place is None else [str(self.place)]
        if self.blob is not None:
            where.append(f"blob {self.blob}")
        return f"{self.kind}: {': '.join([*where, self.text])}"


def counter_text(name: str, least: int, found: int) -> str:
    """What to say of a counter that is behind."""
    return f"{name} is {found}, and must be {least} at the least"


@dataclass(slots=True)
class Tally:
    """How much was looked at.

    Attributes:
        objects: current versions.
        versions: past versions and delete markers.
        parts: of unfinished uploads.
        blobs: records of them.
        files: blobs that are files.
        read: bytes whose checksum was compared.
    """

    objects: int = 0
    versions: int = 0
    parts: int = 0
    blobs: int = 0
    files: int = 0
    read: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a check.

    Attributes:
        folder: of the store.
        findings: all of them, notes included.
        tally: how much was looked at.
        data: whether the bytes were read.
        complete: everything could be looked at; else the findings say what stood in the way.
        repairs: what was done, a line each.
        scrub: how far `cosbox serve` has come with reading all; None where it has not begun.
    """

    folder: str
    findings: tuple[Finding, ...]
    tally: Tally = field(default_factory=Tally)
    data: bool = True
    complete: bool = True
    repairs: tuple[str, ...] = ()
    scrub: ScrubState | None = None

    @property
    def problems(self) -> tuple[Finding, ...]:
        """The findings that are no mere notes."""
        return tuple(each for each in self.findings if each.kind not in NOTES)

    @property
    def clean(self) -> bool:
        """Everything was looked at, and no problem found."""
        return self.complete and not self.problems

    def to_json(self) -> Mapping[str, Any]:
        """For programs."""
        return {**asdict(self), "clean": self.clean}

"""How far the scrub of a store has come, kept in its folder."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final, Self

from cosbox.storage.durable import replace_file

FILE: Final = "scrub.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One walk through all blobs.

    Attributes:
        number: 1 for the first.
        began: seconds since 1970.
        ended: likewise; 0.0 while it is under way.
        after: the id of the last blob that was read.
        blobs: how many were read.
        bytes: how many they have.
        bad: the ids of those that were not what was written.
    """

    number: int = 1
    began: float = 0.0
    ended: float = 0.0
    after: int = 0
    blobs: int = 0
    bytes: int = 0
    bad: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrubState:
    """The pass under way, or the one that ended last.

    Attributes:
        current: the pass.
        found: how many bad blobs were found since the store was made.
    """

    current: Pass = field(default_factory=Pass)
    found: int = 0

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """What is kept in a folder; None where there was no scrub yet, or nothing that makes sense:
        it then begins anew."""
        try:
            kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
            current = Pass(**{**kept["current"], "bad": tuple(kept["current"]["bad"])})
            return cls(current=current, found=kept["found"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, folder: Path) -> None:
        """Keep it.

        Raises:
            OSError: it cannot be written.
        """
        replace_file(folder / FILE, json.dumps(asdict(self)).encode() + b"\n")

    def following(self, now: float) -> Self:
        """The beginning of the next pass."""
        return replace(self, current=Pass(number=self.current.number + 1, began=now))

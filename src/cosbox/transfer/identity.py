"""What tells whether a file is still the one that it was."""

import os
from collections.abc import Mapping
from typing import NamedTuple, Self


class Identity(NamedTuple):
    """A file as it was when it was looked at.

    The kernel sets ``changed`` at every write, and no call sets it back: two that are equal were
    taken of the same bytes.

    Attributes:
        size: in bytes.
        modified: when it was last written to, in nanoseconds; programs can set it.
        changed: when its content or its inode last changed, in nanoseconds.
        inode: its number.
        device: of the file system.
    """

    size: int
    modified: int
    changed: int
    inode: int
    device: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """The identity that a stat shows."""
        return cls(
            size=status.st_size,
            modified=status.st_mtime_ns,
            changed=status.st_ctime_ns,
            inode=status.st_ino,
            device=status.st_dev,
        )

    def was_written_since(self, other: "Identity") -> bool:
        """Whether the bytes may differ from those of ``other``, taken earlier of the same open
        file. A link or a rename in between changes the inode alone."""
        return (self.size, self.modified) != (other.size, other.modified)

    def as_json(self) -> dict[str, int]:
        """What `from_json` reads."""
        return self._asdict()

    @classmethod
    def from_json(cls, fields: Mapping[str, object]) -> Self:
        """The identity that a journal holds.

        Raises:
            TypeError: it is none.
        """
        identity = cls(**fields)  # type: ignore[arg-type]  # looked at below
        if not all(type(value) is int for value in identity):
            raise TypeError("an identity is made of numbers")
        return identity

"""What the parts of a file are."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from cosbox.protocol.errors import ParameterError

MEGABYTE: Final = 1024**2
MAX_PARTS: Final = 10_000
"""The most parts of one upload."""

MAX_PART: Final = 5 * 1024**3
"""The most bytes of one part."""

_STEP: Final = 1000


class Part(NamedTuple):
    """A piece of a file.

    Attributes:
        number: from 1.
        offset: where it begins.
        length: how many bytes it has.
    """

    number: int
    offset: int
    length: int

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.offset + self.length

    @property
    def range(self) -> str:
        """Its bytes, as a Range header names them."""
        return f"bytes={self.offset}-{self.end - 1}"


def megabytes(name: str, value: object) -> int:
    """The bytes of a size that is given in megabytes.

    >>> megabytes("PartSize", 2)
    2097152

    Raises:
        ParameterError: it is no whole number of megabytes.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ParameterError(f"{name} must be a whole number of megabytes, not {value!r}")
    return value * MEGABYTE


def at_least_one(name: str, value: object) -> int:
    """A number of things that must not be none.

    Raises:
        ParameterError: it is no whole number above 0.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ParameterError(f"{name} must be 1 or more, not {value!r}")
    return value


def plan_parts(size: int, part_size: int, most: int = MAX_PARTS) -> list[Part]:
    """The parts of a file; they grow when there would be too many.

    >>> plan_parts(25, 10)
    [Part(number=1, offset=0, length=10), Part(number=2, offset=10, length=10), \
Part(number=3, offset=20, length=5)]

    Args:
        size: of the file.
        part_size: of each part but the last.
        most: how many parts there may be.

    Raises:
        ParameterError: the file is larger than so many parts can hold.
    """
    part_size = max(part_size, -(-size // most))
    if part_size > MAX_PART:
        raise ParameterError(f"{size} bytes are more than {most} parts can hold")
    return [
        Part(number, at, min(part_size, size - at))
        for number, at in enumerate(range(0, size, part_size), 1)
    ]


def growing_sizes(part_size: int) -> Iterator[int]:
    """Sizes of the parts of something whose end nobody knows: they double every thousand parts, so
    that neither a short stream needs much memory nor a long one too many parts.

    >>> sizes = list(growing_sizes(10 * MEGABYTE))
    >>> len(sizes), sizes[0] // MEGABYTE, sizes[1000] // MEGABYTE, sum(sizes) // MEGABYTE
    (10000, 10, 20, 10230000)
    """
    for number in range(MAX_PARTS):
        yield min(part_size << (number // _STEP), MAX_PART)

"""How much memory and how many descriptors processes hold, and whether that grows."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

MIB = 1 << 20
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Sample(NamedTuple):
    """What processes held at a moment, all together."""

    time: float
    memory: int
    descriptors: int
    threads: int


def sample(pids: Sequence[int]) -> Sample:
    """Look at these processes now."""
    memory = descriptors = threads = 0
    for pid in pids:
        process = Path(f"/proc/{pid}")
        memory += int((process / "statm").read_text().split()[1]) * _PAGE
        descriptors += sum(1 for _ in (process / "fd").iterdir())
        threads += sum(1 for _ in (process / "task").iterdir())
    return Sample(time.monotonic(), memory, descriptors, threads)


class Growth(NamedTuple):
    """How much more was held at the end than before: the last quarter of a time against the second
    one. In the first, caches fill."""

    seconds: float
    memory: float
    descriptors: float

    def __str__(self) -> str:
        return (
            f"{self.memory / MIB:+.1f} MiB and {self.descriptors:+.1f} descriptors "
            f"in {self.seconds:.0f} s"
        )


def growth(samples: Sequence[Sample]) -> Growth:
    """The growth within samples that were taken at even distances."""
    quarter = len(samples) // 4
    assert quarter, "too few samples"
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]

    def risen(name: str) -> float:
        return fmean(getattr(each, name) for each in late) - fmean(
            getattr(each, name) for each in early
        )

    return Growth(risen("time"), risen("memory"), risen("descriptors"))

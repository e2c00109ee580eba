"""Contestants in turn, round after round; medians and ratios at the end.

The machine's speed drifts, so a round gives each contestant its turn right after the other, and
what counts is the ratio of their medians.
"""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final, Literal, NamedTuple

import cosbox

ROUNDS: Final = 5

Measure = Literal["rate", "ms", "cpu", "memory"]
"""Units per second; milliseconds, microseconds of CPU for each; MiB at the most."""

FAILURES: Final = (RuntimeError, OSError, subprocess.SubprocessError, cosbox.CosException)
"""What a contestant that cannot do the work raises."""


class Measured(NamedTuple):
    """What a round measured.

    Attributes:
        done: how much that was.
        wall: seconds that it took.
        cpu: seconds of CPU that the contestant used for it.
        memory: MiB that it had resident at the most; None where nobody looked.
    """

    done: float
    wall: float
    cpu: float
    memory: float | None = None


@dataclass(frozen=True, slots=True)
class Contestant:
    """Something that does the work of a comparison.

    Attributes:
        name: in the table.
        work: does one round.
        note: what should be known when it is compared with others.
    """

    name: str
    work: Callable[[], Measured]
    note: str = ""


class Absent(NamedTuple):
    """A contestant that was not run, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is to hold of a contestant: by itself, or as a ratio to another's.

    Attributes:
        of: the contestant.
        measure: of what.
        against: the other one; None for the bare number.
        at_least: the lowest value that meets it.
        at_most: the highest.
    """

    of: str
    measure: Measure
    against: str | None = None
    at_least: float | None = None
    at_most: float | None = None

    def text(self) -> str:
        """In words, as a table has it."""
        names = {"rate": "rate", "ms": "time", "cpu": "CPU", "memory": "memory"}
        units = {"rate": "/s", "ms": " ms", "cpu": " µs", "memory": " MiB"}
        sign, bound = ("≥", self.at_least) if self.at_least is not None else ("≤", self.at_most)
        assert bound is not None
        number = f"{bound:,.4g}" if bound < 1000 else f"{bound:,.0f}"
        if self.against is None:
            return f"{self.of}: {names[self.measure]} {sign} {number}{units[self.measure]}"
        return f"{self.of}: {names[self.measure]} {sign} {number} × that of {self.against}"

    def met_by(self, value: float) -> bool:
        """Whether a value meets it."""
        if self.at_least is not None:
            return value >= self.at_least
        assert self.at_most is not None
        return value <= self.at_most


@dataclass(frozen=True, slots=True)
class Row:
    """What came out for one contestant: medians, and the lowest and highest rate."""

    name: str
    note: str
    rate: float
    lowest: float
    highest: float
    cpu: float
    memory: float | None

    def value(self, measure: Measure) -> float:
        """One of its figures.

        Raises:
            ValueError: its memory was not looked at.
        """
        if measure == "memory":
            if self.memory is None:
                raise ValueError(f"nobody looked at the memory of {self.name}")
            return self.memory
        return {"rate": self.rate, "ms": 1000 / self.rate, "cpu": self.cpu}[measure]

    def ratio(self, rows: "Sequence[Row]", ours: str) -> float | None:
        """How many times as fast ours is; None for ours, or where ours did not run."""
        rates = [row.rate for row in rows if row.name == ours]
        return rates[0] / self.rate if rates and self.name != ours else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target and what was measured; ``value`` is None where a contestant did not run."""

    text: str
    value: float | None
    met: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of a comparison; ``ours`` is the contestant that the others are set against."""

    title: str
    unit: str
    ours: str
    rounds: int
    rows: tuple[Row, ...]
    verdicts: tuple[Verdict, ...]
    absent: tuple[Absent, ...]


@dataclass(slots=True)
class Comparison:
    """The same work done by several.

    Attributes:
        title: what is done.
        unit: what is counted.
        contestants: ours first.
        targets: what is to come out.
        absent: who should be here, and is not.
        rounds: how many count; one more comes before.
    """

    title: str
    unit: str
    contestants: Sequence[Contestant]
    targets: Sequence[Target] = ()
    absent: Sequence[Absent] = ()
    rounds: int = ROUNDS

    def run(self, rounds: int | None = None) -> Result:
        """Run all rounds, after one that does not count. Who fails is out, and listed as absent.

        Args:
            rounds: another number of them.
        """
        rounds = rounds or self.rounds
        absent = list(self.absent)
        runs: dict[str, list[Measured]] = {each.name: [] for each in self.contestants}
        for _ in range(rounds + 1):
            for each in self.contestants:
                if each.name not in runs:
                    continue
                try:
                    runs[each.name].append(each.work())
                except FAILURES as error:
                    absent.append(Absent(each.name, f"failed: {str(error)[:300]}"))
                    del runs[each.name]
        rows = {
            each.name: _row(each, runs[each.name][1:])
            for each in self.contestants
            if each.name in runs
        }
        verdicts = tuple(_verdict(target, rows) for target in self.targets)
        return Result(
            title=self.title,
            unit=self.unit,
            ours=self.contestants[0].name if self.contestants else "",
            rounds=rounds,
            rows=tuple(rows.values()),
            verdicts=verdicts,
            absent=tuple(absent),
        )


@dataclass(frozen=True, slots=True)
class Bench:
    """What a scenario has to work with.

    Attributes:
        folder: for its files; removed in the end.
        stack: ends what it starts.
        big: where the store of ten million objects is, or will be built.
    """

    folder: Path
    stack: ExitStack
    big: Path
    _names: Iterator[int] = field(default_factory=lambda: iter(range(1_000_000)))

    def new_folder(self) -> Path:
        """A path where nothing is yet."""
        return self.folder / f"{next(self._names)}"


def measured(work: Callable[[], float]) -> Measured:
    """Do work in this process, which returns how much that was."""
    cpu, wall = time.process_time(), time.perf_counter()
    count = work()
    return Measured(count, time.perf_counter() - wall, time.process_time() - cpu)


def for_seconds(work: Callable[[int], object], seconds: float) -> Measured:
    """Do one thing again and again, each time with the next number, for so long."""

    def repeat() -> float:
        until, count = time.perf_counter() + seconds, 0
        while time.perf_counter() < until:
            work(count)
            count += 1
        return count

    return measured(repeat)


def _row(contestant: Contestant, runs: Sequence[Measured]) -> Row:
    rates = [run.done / run.wall for run in runs]
    memories = [run.memory for run in runs if run.memory is not None]
    return Row(
        name=contestant.name,
        note=contestant.note,
        rate=median(rates),
        lowest=min(rates),
        highest=max(rates),
        cpu=median([run.cpu / run.done * 1e6 for run in runs]),
        memory=median(memories) if memories else None,
    )


def _verdict(target: Target, rows: dict[str, Row]) -> Verdict:
    for name in (target.of, target.against):
        if name is not None and name not in rows:
            return Verdict(target.text(), None, met=False)
    value = rows[target.of].value(target.measure)
    if target.against is not None:
        value /= rows[target.against].value(target.measure)
    return Verdict(target.text(), value, target.met_by(value))

"""Contestants in turn, round after round; medians and ratios at the end.

The machine's speed drifts, so a round gives each contestant its turn right after the other, and
what counts is the ratio of their medians.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

ROUNDS = 5


class Measured(NamedTuple):
    """What a round measured by itself, where the work is another process's.

    Attributes:
        count: how much was done.
        wall: seconds that it took.
        cpu: seconds of CPU that the contestant used for it.
    """

    count: int
    wall: float
    cpu: float


@dataclass
class Contestant:
    """Something that does the work of a scenario.

    Attributes:
        name: ours is ``cosbox``; the first one is.
        work: does one round, and returns how much it did, or what it measured.
        rates: of each round, per second.
        costs: CPU seconds of this process, or of the contestant's own, for each unit.
    """

    name: str
    work: Callable[[], int | Measured]
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Scenario:
    """A comparison.

    Attributes:
        title: what is done.
        unit: what is counted.
        contestants: ours first.
        rounds: how many count.
    """

    title: str
    unit: str
    contestants: list[Contestant]
    rounds: int = ROUNDS

    def run(self) -> None:
        """Run all rounds, after one that does not count."""
        for number in range(self.rounds + 1):
            for each in self.contestants:
                measured = _measure(each)
                if number:
                    each.rates.append(measured.count / measured.wall)
                    each.costs.append(measured.cpu / measured.count)

    def report(self) -> str:
        """A table: rates, CPU, and how ours compares."""
        ours = self.contestants[0]
        lines = [
            f"\n{self.title}",
            f"  {'':<28}{self.unit + '/s':>12}{'µs CPU':>10}{'ours is':>10}",
        ]
        for each in self.contestants:
            rate, cost = statistics.median(each.rates), statistics.median(each.costs)
            ratio = f"×{statistics.median(ours.rates) / rate:.2f}" if each is not ours else ""
            lines.append(f"  {each.name:<28}{rate:>12,.0f}{cost * 1e6:>10,.1f}{ratio:>10}")
        return "\n".join(lines)


def _measure(contestant: Contestant) -> Measured:
    cpu, wall = time.process_time(), time.perf_counter()
    done = contestant.work()
    if isinstance(done, Measured):
        return done
    return Measured(done, time.perf_counter() - wall, time.process_time() - cpu)

"""Contestants in turn, round after round; medians and ratios at the end.

The machine's speed drifts, so a round gives each contestant its turn right after the other, and
what counts is the ratio of their medians.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

ROUNDS = 5


@dataclass
class Contestant:
    """Something that does the work of a scenario.

    Attributes:
        name: ours is ``cosbox``; the first one is.
        work: does one round, and returns how much it did.
        rates: of each round, per second.
        costs: CPU seconds of this process for each unit.
    """

    name: str
    work: Callable[[], int]
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Scenario:
    """A comparison.

    Attributes:
        title: what is done.
        unit: what is counted.
        contestants: ours first.
    """

    title: str
    unit: str
    contestants: list[Contestant]

    def run(self) -> None:
        """Run all rounds, after one that does not count."""
        for number in range(ROUNDS + 1):
            for each in self.contestants:
                cpu, wall = time.process_time(), time.perf_counter()
                done = each.work()
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
                if number:
                    each.rates.append(done / wall)
                    each.costs.append(cpu / done)

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

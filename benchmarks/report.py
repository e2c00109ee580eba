"""Results as text, as Markdown, as a picture."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any, Final

from benchmarks.harness import Result, Row, Verdict

_BAR: Final = 24
_HEAD: Final = f"{'':<30}{{:>11}}      from        to    µs CPU       MiB  ours is"
_OURS: Final = "#2a6fdb"
_THEIRS: Final = "#9aa5b1"


def facts_text(facts: Mapping[str, str]) -> str:
    """The machine."""
    width = max(map(len, facts))
    return "\n".join(f"  {name:<{width}}  {value}" for name, value in facts.items())


def table(result: Result) -> str:
    """A comparison as a table with bars, and what became of its targets."""
    lines = [
        f"\n{result.title}  (medians of {result.rounds} rounds)",
        _HEAD.format(f"{result.unit}/s"),
    ]
    highest = max((row.rate for row in result.rows), default=1.0)
    for row in result.rows:
        ratio = _times(row.ratio(result.rows, result.ours))
        memory = f"{row.memory:,.0f}" if row.memory is not None else ""
        bar = "█" * max(1, round(row.rate / highest * _BAR))
        lines.append(
            f"  {row.name:<28}{number(row.rate):>11}{number(row.lowest):>10}"
            f"{number(row.highest):>10}{number(row.cpu):>10}{memory:>10}{ratio:>9}  "
            f"{bar}{'  ' + row.note if row.note else ''}"
        )
    lines += [f"  {name:<28}not run: {reason}" for name, reason in result.absent]
    lines += [f"  target {_verdict(verdict)}" for verdict in result.verdicts]
    return "\n".join(lines)


def number(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"×{ratio:.2f}"


def _verdict(verdict: Verdict) -> str:
    if verdict.value is None:
        return f"{verdict.text}: not measured"
    return f"{verdict.text}: {verdict.value:,.3g}, {'met' if verdict.met else 'MISSED'}"


def markdown(facts: Mapping[str, str], results: Sequence[Result]) -> str:
    """The tables of a page for people who were not there."""
    blocks = ["| | |\n|---|---|\n" + "".join(f"| {k} | {v} |\n" for k, v in facts.items())]
    rows = "".join(
        f"| {result.title} | {verdict.text} | "
        f"{'–' if verdict.value is None else f'{verdict.value:,.3g}'} | {_word(verdict)} |\n"
        for result in results
        for verdict in result.verdicts
    )
    blocks.append(f"## Targets\n\n| work | target | measured | |\n|---|---|---|---|\n{rows}")
    blocks.append("## All figures\n")
    blocks += [_section(result) for result in results]
    return "\n".join(blocks)


def _word(verdict: Verdict) -> str:
    if verdict.value is None:
        return "not measured"
    return "met" if verdict.met else "**missed**"


def _section(result: Result) -> str:
    lines = [
        f"### {result.title[0].upper()}{result.title[1:]}\n",
        f"| | {result.unit}/s | lowest–highest | µs CPU each | memory, MiB | ours is | |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    for row in result.rows:
        ratio = _times(row.ratio(result.rows, result.ours))
        memory = f"{row.memory:,.0f}" if row.memory is not None else ""
        lines.append(
            f"| {row.name} | {number(row.rate)} | {number(row.lowest)}–{number(row.highest)} | "
            f"{number(row.cpu)} | {memory} | {ratio} | {row.note} |"
        )
    lines += [f"| {name} | not run | | | | | {reason} |" for name, reason in result.absent]
    return "\n".join(lines) + "\n"


def plot(results: Sequence[Result], file: Path) -> str:
    """Draw the rates as bars; returns why not, "" when it did."""
    try:
        matplotlib = import_module("matplotlib")
    except ModuleNotFoundError:
        return "no plot: matplotlib is not installed"
    matplotlib.use("agg")
    pyplot = import_module("matplotlib.pyplot")
    shown = [result for result in results if len(result.rows) > 1]
    if not shown:
        return "no plot: nothing to compare"
    columns = min(2, len(shown))
    lines = [max(len(r.rows) for r in pair) for pair in _grouped(shown, columns)]
    figure, axes = pyplot.subplots(
        len(lines), columns, squeeze=False, layout="constrained",
        figsize=(7.5 * columns, sum(0.32 * count + 0.9 for count in lines)),
        gridspec_kw={"height_ratios": [count + 2 for count in lines]},
    )  # fmt: skip
    places = list(chain.from_iterable(axes))
    for place, result in zip(places, shown, strict=False):
        _bars(place, result)
    for place in places[len(shown) :]:
        place.set_axis_off()
    figure.savefig(file, dpi=90)
    pyplot.close(figure)
    return ""


def _grouped(results: Sequence[Result], size: int) -> list[Sequence[Result]]:
    return [results[at : at + size] for at in range(0, len(results), size)]


def _bars(place: Any, result: Result) -> None:
    rows: list[Row] = list(reversed(result.rows))
    rates = [row.rate for row in rows]
    errors = [[row.rate - row.lowest for row in rows], [row.highest - row.rate for row in rows]]
    ours = [_OURS if row.name.startswith("cosbox") else _THEIRS for row in rows]
    place.barh(
        [row.name for row in rows], rates, color=ours, xerr=errors, ecolor="#555", height=0.7
    )
    for at, rate in enumerate(rates):
        place.text(0, at, f" {number(rate)}", va="center", color="black", fontsize=8)
    place.set_title(f"{result.title}, {result.unit}/s", fontsize=9)
    place.tick_params(labelsize=8)
    place.spines[["top", "right"]].set_visible(False)

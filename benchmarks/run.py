"""Us and our peers, side by side in one run: ``make bench``, or ``python -m benchmarks.run NAME``.

Ratios are what to look at. Client, server and load share this machine's cores.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Final

import benchmarks.scenarios
from benchmarks import report
from benchmarks.harness import FAILURES, Bench, Result
from benchmarks.machine import facts

HERE: Final = Path(__file__).parent
RESULTS: Final = HERE / "results"
BIG: Final = Path(tempfile.gettempdir()) / "cosbox-bench-10-million"


def scenarios() -> dict[str, Any]:
    """The modules by name, those first that `make bench` runs."""
    names = [module.name for module in iter_modules(benchmarks.scenarios.__path__)]
    found = {name: import_module(f"benchmarks.scenarios.{name}") for name in names}
    return dict(sorted(found.items(), key=lambda item: is_scale(item[1])))


def is_scale(module: Any) -> bool:
    """Whether it needs the store of ten million objects: a run of its own."""
    return bool(getattr(module, "SCALE", False))


def main(arguments: Sequence[str]) -> int:
    """Run scenarios, show them, keep them."""
    known = scenarios()
    args = _parser(known).parse_args(arguments)
    if args.list:
        for name, module in known.items():
            print(f"{name:<16}{module.__doc__.splitlines()[0]}")
        return 0
    names = args.names or [
        name for name, module in known.items() if args.all or is_scale(module) == args.scale
    ]
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no such scenario: {unknown[0]}; there are {', '.join(known)}")
        return 2
    machine = facts()
    print(report.facts_text(machine))
    print("Clients, servers and loads share these cores: look at the ratios, and at the CPU.")
    results: list[Result] = []
    failed = False
    for name in names:
        try:
            _run(known[name], args, results)
        except FAILURES as error:
            failed = True
            print(f"\n{name} failed: {error}", file=sys.stderr)
    keep(machine, results, args.results / time.strftime("%Y-%m-%dT%H-%M-%S"))
    if args.publish:
        publish(machine, results, args.publish)
    return 1 if failed else 0


def _parser(known: dict[str, Any]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}")
    parser.add_argument("--list", action="store_true", help="say what there is")
    parser.add_argument("--scale", action="store_true", help="those with ten million objects")
    parser.add_argument("--all", action="store_true", help="all")
    parser.add_argument("--rounds", type=int, help="how many rounds count")
    parser.add_argument("--only", default="", help="comparisons whose title has this text")
    parser.add_argument(
        "--big", type=Path, default=BIG,
        help="the folder of the large store, built where there is none: 4.6 GB (%(default)s)",
    )  # fmt: skip
    parser.add_argument("--results", type=Path, default=RESULTS, help="(%(default)s)")
    parser.add_argument("--publish", type=Path, metavar="FILE", help="write a Markdown page, too")
    return parser


def _run(module: Any, args: argparse.Namespace, results: list[Result]) -> None:
    with tempfile.TemporaryDirectory(prefix="cosbox-bench-") as folder, ExitStack() as stack:
        for comparison in module.comparisons(Bench(Path(folder), stack, args.big)):
            if args.only not in comparison.title:
                continue
            result = comparison.run(args.rounds)
            results.append(result)
            print(report.table(result), flush=True)


def keep(machine: dict[str, str], results: list[Result], folder: Path) -> None:
    """Write all that is known into a new folder."""
    folder.mkdir(parents=True)
    text = [report.facts_text(machine), *map(report.table, results)]
    (folder / "table.txt").write_text("\n".join(text) + "\n")
    known = {"machine": machine, "results": [asdict(result) for result in results]}
    (folder / "results.json").write_text(json.dumps(known, indent=1, ensure_ascii=False))
    trouble = report.plot(results, folder / "plot.png")
    print(f"\n{folder}{': ' + trouble if trouble else ''}")


def publish(machine: dict[str, str], results: list[Result], page: Path) -> None:
    """Write a page and the picture beside it; what stands above them stays."""
    picture = page.with_suffix(".png")
    mark = "## The machine\n"
    above = page.read_text().partition(mark)[0] if page.exists() else "# Benchmarks\n\n"
    drawn = "" if report.plot(results, picture) else f"\n![Rates]({picture.name})\n"
    page.write_text(f"{above}{mark}\n{report.markdown(machine, results)}{drawn}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

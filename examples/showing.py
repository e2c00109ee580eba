"""How the tour looks: progress bars, a tree, and check marks."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

THREADS = 8
SHOWN = 4  # entries of a folder that the tree shows
BRANCHES = 8  # folders that it shows


class Show:
    """Tells what happens, and keeps the figures for the end."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._chapter = ""
        self._figures: list[tuple[str, str, int, int, float]] = []

    def title(self, text: str) -> None:
        """What the tour is about."""
        self._console.print(Text(text, style="bold"))

    def chapter(self, text: str, code: str) -> None:
        """A new part."""
        self._chapter = text
        self._console.print()
        self._console.rule(Text(text, style="bold"), align="left")
        self._console.print(Text(f"  {code}", style="cyan"))

    def step(self, text: str) -> None:
        """Something was done."""
        self._console.print(Text(f"• {text}"))

    def detail(self, text: str) -> None:
        """More about it."""
        self._console.print(Text(f"  {text}", style="yellow"))

    def check(self, text: str, good: bool, details: Sequence[str] = ()) -> bool:
        """Something was compared; returns whether it is good."""
        mark, style = ("✓", "green") if good else ("✗", "bold red")
        self._console.print(Text(f"{mark} {text}", style=style))
        for detail in details[:SHOWN]:
            self.detail(detail)
        return good

    def all(
        self, name: str, work: Callable[[str], tuple[int, bytes]], keys: Iterable[str]
    ) -> dict[str, bytes]:
        """Do the work for every key, on several threads, with a progress bar.

        Args:
            name: what is done.
            work: gives the number of bytes that were moved, and a result.
            keys: for which.
        """
        todo = list(keys)
        results: dict[str, bytes] = {}
        moved = 0
        started = time.perf_counter()
        bar = Progress(
            TextColumn(f"  {name}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        pool = ThreadPoolExecutor(THREADS)
        try:
            with bar:
                task = bar.add_task(name, total=len(todo))
                for key, (size, result) in zip(todo, pool.map(work, todo), strict=True):
                    results[key] = result
                    moved += size
                    bar.advance(task)
        finally:
            pool.shutdown(cancel_futures=True)
        seconds = time.perf_counter() - started
        self._figures.append((self._chapter, name, len(todo), moved, seconds))
        rate = f"{len(todo) / seconds:,.0f} files/s, {moved / seconds / 1e6:,.1f} MB/s"
        self.step(f"{name}: {len(todo)} files, {moved / 1e6:,.1f} MB in {seconds:.1f} s ({rate})")
        return results

    def tree(self, root: str) -> Tree:
        """A tree to be filled by `branch`."""
        return Tree(Text(root, style="bold"))

    def branch(self, tree: Tree, folder: str, names: Sequence[str]) -> None:
        """Add a folder with the first of its entries."""
        if len(tree.children) > BRANCHES:
            return
        if len(tree.children) == BRANCHES:
            tree.add(Text("… and more folders", style="dim"))
            return
        branch = tree.add(Text(folder, style="cyan"))
        self.leaves(branch, [name.removeprefix(folder) for name in names])

    def leaves(self, tree: Tree, names: Sequence[str]) -> None:
        """Add the first of some entries."""
        for name in names[:SHOWN]:
            tree.add(Text(name))
        if len(names) > SHOWN:
            tree.add(Text(f"… and {len(names) - SHOWN} more", style="dim"))

    def show(self, tree: Tree) -> None:
        """Print the tree."""
        self._console.print(tree)

    def end(self, good: bool) -> None:
        """All the figures, and the verdict."""
        table = Table(box=None, pad_edge=False)
        table.add_column("")
        table.add_column("")
        for heading in ("files", "MB", "s", "files/s", "MB/s"):
            table.add_column(heading, justify="right")
        for chapter, name, files, moved, seconds in self._figures:
            table.add_row(
                chapter,
                name,
                f"{files:,}",
                f"{moved / 1e6:,.1f}",
                f"{seconds:.1f}",
                f"{files / seconds:,.0f}",
                f"{moved / seconds / 1e6:,.1f}",
            )
        self._console.print()
        self._console.print(table)
        self._console.print()
        self.check("Everything came back as it went in." if good else "Something differed.", good)

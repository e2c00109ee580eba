"""How far a long command is."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

T = TypeVar("T")

_SECONDS: Final = 0.2


@contextmanager
def shown(describe: Callable[[T], str]) -> Iterator[Callable[[T], None] | None]:
    """What to call, however often, with how far it is: on a terminal that is a line that changes a
    few times a second, and gone in the end. None where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    due = 0.0

    def show(state: T) -> None:
        nonlocal due
        now = time.monotonic()
        if now >= due:
            due = now + _SECONDS
            print(f"\r{describe(state)} ", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)

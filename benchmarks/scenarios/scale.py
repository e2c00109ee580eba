"""Stores of ten million objects against stores of ten thousand."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from benchmarks import bigstore, load
from benchmarks.harness import Bench, Comparison, Contestant, Measured, Target, for_seconds
from benchmarks.peers.servers import Cosbox, Served
from benchmarks.wire import send

SCALE: Final = True
BIG: Final = "10 million keys"
SMALL: Final = "10 thousand keys"
SECONDS: Final = 0.7
ASKED: Final = 5000
"""Keys that a load asks for, drawn at random."""


def comparisons(bench: Bench) -> Iterator[Comparison]:
    """Start, memory, listings, reads, writes."""
    small = bench.new_folder()
    bigstore.build(small, bigstore.SMALL)
    print(f"\nthe large store is {bench.big}", flush=True)
    bigstore.build(bench.big, bigstore.LARGE)
    yield _starting(bench.big, small)
    bigstore.warm(bench.big)
    servers = {
        BIG: (bench.stack.enter_context(Cosbox().open(bench.big)), bigstore.LARGE),
        SMALL: (bench.stack.enter_context(Cosbox().open(small)), bigstore.SMALL),
    }
    for what, query in (
        ("a page of 1000 keys", {"prefix": bigstore.ROOT}),
        ("a page of 1000 prefixes", {"prefix": bigstore.ROOT, "delimiter": "/"}),
    ):
        yield Comparison(
            f"server: {what}, wire to wire",
            "pages",
            [Contestant(name, _listing(served, query)) for name, (served, _) in servers.items()],
            targets=[
                Target(of=BIG, measure="ms", against=SMALL, at_most=1.5),
                *([Target(of=BIG, measure="ms", at_most=5)] if len(query) == 1 else []),
            ],
        )
    if load.missing():
        return
    for method in ("PUT", "GET"):
        yield Comparison(
            f"server: {method} of {bigstore.SIZE} bytes, {load.CONNECTIONS} connections",
            "requests",
            [
                Contestant(name, _load(bench, served, objects, method))
                for name, (served, objects) in servers.items()
            ],
            targets=[
                Target(of=BIG, measure="rate", against=SMALL, at_least=0.8),
                Target(of=BIG, measure="memory", at_most=300),
            ],
        )


def _starting(big: Path, small: Path) -> Comparison:
    def start(folder: Path) -> Measured:
        began = time.perf_counter()
        with Cosbox().open(folder) as served:
            wall = time.perf_counter() - began
            return Measured(1, wall, served.process.cpu(), served.process.resident_mib())

    return Comparison(
        "server: start until it answers",
        "starts",
        [Contestant(BIG, lambda: start(big)), Contestant(SMALL, lambda: start(small))],
        targets=[Target(of=BIG, measure="ms", at_most=1000)],
    )


def _listing(served: Served, query: dict[str, str]) -> Callable[[], Measured]:
    request = served.request("GET", "", **query)

    def work() -> Measured:
        before = served.process.cpu()
        done = for_seconds(lambda _: send(served.port, request), SECONDS)
        return done._replace(cpu=served.process.cpu() - before)

    return work


def _load(bench: Bench, served: Served, objects: int, method: str) -> Callable[[], Measured]:
    draw = random.Random(1)
    keys = [bigstore.key_of(draw.randrange(objects), objects) for _ in range(ASKED)]
    body = bytes(bigstore.SIZE) if method == "PUT" else None
    return load.many(served, [served.request(method, key) for key in keys], bench.folder, body)

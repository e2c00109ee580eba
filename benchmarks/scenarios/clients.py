"""Clients with small objects, one thread, against a server that only answers."""

from collections.abc import Iterator
from typing import Final

from benchmarks import counting
from benchmarks.client import contestants
from benchmarks.harness import Bench, Comparison, Target
from benchmarks.peers.clients import EVERYBODY, Cosbox, Official

SECONDS: Final = 0.6


def comparisons(bench: Bench) -> Iterator[Comparison]:
    """Put and get of 4 KiB; a page of 1000 keys."""
    port = counting.start(bench, keys=1000)
    found, absent = contestants(bench, EVERYBODY, port, "put_get", SECONDS)
    yield Comparison(
        "client: put and get of 4 KiB, one thread",
        "calls",
        found,
        absent=absent,
        targets=[
            Target(of=Cosbox.name, measure="rate", against=Official.name, at_least=4.5),
            Target(of=Cosbox.name, measure="cpu", against=Official.name, at_most=1 / 6),
        ],
    )
    found, absent = contestants(bench, EVERYBODY, port, "page", SECONDS)
    yield Comparison(
        "client: a page of 1000 keys, asked for and decoded",
        "pages",
        found,
        absent=absent,
        targets=[Target(of=Cosbox.name, measure="rate", against=Official.name, at_least=10)],
    )

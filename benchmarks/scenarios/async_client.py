"""Clients for asyncio: small objects, many in flight, against a server that only answers."""

from collections.abc import Iterator
from typing import Final

from benchmarks import counting
from benchmarks.client import contestants
from benchmarks.harness import Bench, Comparison, Target
from benchmarks.peers.clients import IN_FLIGHT, BareAiohttp, Cosbox, Obstore

PUTS: Final = 8000


def comparisons(bench: Bench) -> Iterator[Comparison]:
    """Puts of 4 KiB."""
    port = counting.start(bench)
    peers = (Cosbox, BareAiohttp, Obstore)
    found, absent = contestants(bench, peers, port, "put_at_once", PUTS)
    yield Comparison(
        f"async client: put of 4 KiB, {IN_FLIGHT} in flight",
        "puts",
        found,
        absent=absent,
        targets=[Target(of=Cosbox.name, measure="rate", at_least=12_000)],
    )

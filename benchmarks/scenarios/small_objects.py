"""Servers with small signed requests from 64 connections, by wrk."""

from collections.abc import Iterator
from typing import Final

from benchmarks import load
from benchmarks.harness import Absent, Bench, Comparison, Contestant, Target
from benchmarks.peers.servers import (
    PEERS,
    Answering,
    Cosbox,
    Rclone,
    SeaweedFS,
    Served,
    ServerPeer,
    start_all,
)
from benchmarks.wire import send

KEYS: Final = 500
BODY: Final = bytes(range(256)) * 16
ROUNDS: Final = 3
ONE: Final = Cosbox(1)
TWO: Final = Cosbox(2)


def comparisons(bench: Bench) -> Iterator[Comparison]:
    """Puts and gets of 4 KiB."""
    if load.missing():
        yield Comparison(
            "server: 4 KiB, signed", "requests", [], absent=[Absent("all", load.missing())]
        )
        return
    running, absent = start_all(bench, (ONE, TWO, *PEERS, Answering()))
    targets = {
        # The least of SeaweedFS's and of rclone's rate that ours has to be.
        "PUT": (2, 4),
        "GET": (2.3, 1.3),
    }
    for method, (over_seaweedfs, over_rclone) in targets.items():
        yield Comparison(
            f"server: {method} of 4 KiB, {load.CONNECTIONS} connections, signed",
            "requests",
            [_contestant(bench, peer, served, method) for peer, served in running],
            absent=absent,
            targets=[
                *[
                    target
                    for ours in (ONE, TWO)
                    for target in (
                        _rate(ours, SeaweedFS(), over_seaweedfs),
                        _rate(ours, Rclone(), over_rclone),
                    )
                ],
                _rate(TWO, ONE, 1.0),
            ],
            rounds=ROUNDS,
        )


def _contestant(bench: Bench, peer: ServerPeer, served: Served, method: str) -> Contestant:
    keys = [f"small/{number}" for number in range(KEYS)]
    if method == "GET":
        # A slow server may not have got to all of them.
        for key in keys:
            send(served.port, served.request("PUT", key), BODY)
    requests = [served.request(method, key) for key in keys]
    body = BODY if method == "PUT" else None
    return Contestant(peer.name, load.many(served, requests, bench.folder, body), peer.promise)


def _rate(ours: ServerPeer, other: ServerPeer, at_least: float) -> Target:
    return Target(of=ours.name, measure="rate", against=other.name, at_least=at_least)

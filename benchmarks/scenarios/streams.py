"""Servers with one body of 1 GiB up or down, by a bare socket."""

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from benchmarks import load
from benchmarks.harness import Bench, Comparison, Contestant, Measured, Target, measured
from benchmarks.peers.servers import PEERS, Cosbox, Nginx, Rclone, SeaweedFS, Served, start_all
from benchmarks.wire import MIB

MIBS: Final = 1024
KEY: Final = "large"
ROUNDS: Final = 2
OURS: Final = Cosbox()
HASHED: Final = "MD5 alone, one core"
WRITTEN: Final = "dd to a file, synced"


def comparisons(bench: Bench) -> Iterator[Comparison]:
    """A PUT, and then the GET of what was put."""
    running, absent = start_all(bench, (OURS, *PEERS))
    yield Comparison(
        "server: one PUT of 1 GiB",
        "MiB",
        [
            *[Contestant(peer.name, _up(served), peer.promise) for peer, served in running],
            Contestant(HASHED, _hashing),
            Contestant(WRITTEN, partial(_writing, bench)),
        ],
        absent=absent,
        targets=[
            Target(of=OURS.name, measure="rate", against=rival, at_least=2.2)
            for rival in (SeaweedFS.name, Rclone.name)
        ],
        rounds=ROUNDS,
    )
    static, missing = start_all(bench, (Nginx(),))
    for _, served in static:
        with (served.folder / KEY).open("wb") as file:
            for _ in range(MIBS):
                file.write(bytes(MIB))
    yield Comparison(
        "server: one GET of 1 GiB",
        "MiB",
        [
            Contestant(peer.name, _down(served), peer.promise)
            for peer, served in (*running, *static)
        ],
        absent=[*absent, *missing],
        targets=[
            *[
                Target(of=OURS.name, measure="rate", against=rival, at_least=2.5)
                for rival in (SeaweedFS.name, Rclone.name)
            ],
            Target(of=OURS.name, measure="rate", against=Nginx.name, at_least=0.8),
        ],
        rounds=ROUNDS + 1,
    )


def _up(served: Served) -> Callable[[], Measured]:
    return lambda: load.up(served, served.request("PUT", KEY), MIBS)


def _down(served: Served) -> Callable[[], Measured]:
    return lambda: load.down(served, served.request("GET", KEY), MIBS)


def _hashing() -> Measured:
    """What nobody can be faster than who answers with an ETag."""

    def work() -> float:
        digest, piece = hashlib.md5(usedforsecurity=False), bytes(MIB)
        for _ in range(MIBS):
            digest.update(piece)
        return MIBS

    return measured(work)


def _writing(bench: Bench) -> Measured:
    """What the disk does by itself."""
    file = bench.folder / "dd"
    command = ["dd", "if=/dev/zero", f"of={file}", "bs=1M", f"count={MIBS}", "conv=fsync"]

    def work() -> float:
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        return MIBS

    before = os.times()
    done = measured(work)
    after = os.times()
    file.unlink()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    return done._replace(cpu=used)

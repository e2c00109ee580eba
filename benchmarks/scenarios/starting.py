"""How long it takes to import a client and to make one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Final

from benchmarks.harness import Absent, Bench, Comparison, Contestant, Measured, Target
from benchmarks.peers.clients import EVERYBODY, ClientPeer, Cosbox, Official

ROUNDS: Final = 7

_SCRIPT: Final = """
import json, time
from benchmarks.peers.clients import {peer} as Peer
cpu, wall = time.process_time(), time.perf_counter()
Peer().connect(1)
print(json.dumps([1, time.perf_counter() - wall, time.process_time() - cpu]))
"""


def comparisons(_: Bench) -> Iterator[Comparison]:
    """In a new process each time."""
    absent = [Absent(peer.name, reason) for peer in EVERYBODY if (reason := peer().missing())]
    present = [peer for peer in EVERYBODY if not peer().missing()]
    yield Comparison(
        "client: import and opening, a new process each time",
        "starts",
        [Contestant(peer.name, _start(peer), peer.note) for peer in present],
        absent=absent,
        targets=[Target(of=Cosbox.name, measure="ms", against=Official.name, at_most=1 / 3)],
        rounds=ROUNDS,
    )


def _start(peer: type[ClientPeer]) -> Callable[[], Measured]:
    command = [sys.executable, "-c", _SCRIPT.format(peer=peer.__name__)]

    # As it is where it was installed: no module is compiled anew at each start.
    compiled = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}

    def work() -> Measured:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=60, env=compiled
        )
        return Measured(*json.loads(done.stdout))

    return work

"""Processes that have a store are killed, again and again: nothing that they promised is lost.

CI kills twenty times. More by hand, and the same choices again (but for the machine's own timing)::

    make crash
    COSBOX_KILLS=200 COSBOX_CRASH_SEED=7 pytest tests/crash/test_kills.py
"""

import os
import random
import time
from functools import partial

import pytest

from support.crashing.rounds import Rounds

KILLS = int(os.environ.get("COSBOX_KILLS", "20"))
SEED = int(os.environ.get("COSBOX_CRASH_SEED", "0")) or random.randrange(1, 1 << 30)


@pytest.mark.timeout(0 if "COSBOX_KILLS" in os.environ else 300)
def test_killed_again_and_again(tmp_path):
    rounds = Rounds(tmp_path / "store", SEED)
    ways = [
        rounds.served,
        partial(rounds.served, "--workers", "2"),
        rounds.embedded,
    ]
    began = time.monotonic()
    while rounds.kills < KILLS:
        rounds.chance.choices(ways, [5, 3, 2])[0]()
    rounds.close()
    print(f"{rounds.kills} kills, {rounds.done} deeds, {time.monotonic() - began:.0f} s")
    assert rounds.done > 5 * rounds.kills

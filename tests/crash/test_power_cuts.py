"""The power is cut, and all is gone that was not synced; of the rest, any part may be there.

CI cuts fifteen times. More by hand, and the same choices again (but for the machine's own timing)::

    make crash
    COSBOX_CUTS=200 COSBOX_CRASH_SEED=7 pytest tests/crash/test_power_cuts.py
"""

import os
import random
import time
from functools import partial

import pytest

from support.crashing.cuts import Cuts

CUTS = int(os.environ.get("COSBOX_CUTS", "15"))
SEED = int(os.environ.get("COSBOX_CRASH_SEED", "0")) or random.randrange(1, 1 << 30)


@pytest.mark.timeout(0 if "COSBOX_CUTS" in os.environ else 300)
def test_cut_again_and_again(tmp_path):
    cuts = Cuts(tmp_path, SEED)
    ways = [
        cuts.served,
        partial(cuts.served, "--workers", "2"),
        partial(cuts.served, ends=True),
        cuts.embedded,
    ]
    began = time.monotonic()
    while cuts.cuts < CUTS:
        cuts.chance.choices(ways, [4, 2, 2, 2])[0]()
    print(f"{cuts.cuts} cuts, {cuts.done} deeds, {time.monotonic() - began:.0f} s")
    assert cuts.done > 2 * cuts.cuts

"""An object of gigabytes goes through client and server in little memory.

CI moves 1 GiB; all of the 5 GiB that one PUT may hold by hand::

    COSBOX_LARGE=1 python -m pytest tests/server/test_large_bodies.py -s
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.large import peak_mib
from support.serving import Serving

MIBS = 5 * 1024 if os.environ.get("COSBOX_LARGE") else 1024
LIMIT_MIB = 200
CLIENT = Path(__file__).parents[1] / "support" / "large.py"


@pytest.mark.timeout(600)
def test_memory_stays_small(tmp_path):
    with Serving(tmp_path / "store") as serving:
        done = subprocess.run(
            [sys.executable, CLIENT, f"127.0.0.1:{serving.port}", str(MIBS)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        server = peak_mib(serving.process.pid)
    assert done.returncode == 0, done.stderr
    client, put_rate, get_rate = done.stdout.split()
    print(
        f"{MIBS} MiB: client {client} MiB, server {server} MiB resident at most;"
        f" put {put_rate} MiB/s, get {get_rate} MiB/s"
    )
    assert int(client) < LIMIT_MIB
    assert server < LIMIT_MIB

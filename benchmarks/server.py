"""``cosbox serve`` in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KEYS = ("AKIDbenchmark", "benchmarksecret")
BUCKET = "bench-1250000000"
HOST = f"{BUCKET}.cos.local.myqcloud.com"


@contextmanager
def started(folder: Path) -> Iterator[int]:
    """The port of a server on a folder, for as long as the block lasts."""
    secret_id, secret_key = KEYS
    environment = {
        **os.environ,
        "COSBOX_SECRET_ID": secret_id,
        "COSBOX_SECRET_KEY": secret_key,
        "COSBOX_APPID": "1250000000",
    }
    command = [sys.executable, "-m", "cosbox.cli.main", "serve", str(folder), "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline().rpartition(":")[2])
        finally:
            process.terminate()

"""Servers in processes of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

KEYS: Final = ("AKIDbenchmark", "benchmarksecret")
APPID: Final = "1250000000"
BUCKET: Final = f"bench-{APPID}"
HOST: Final = f"{BUCKET}.cos.local.myqcloud.com"
MIBS: Final = 1024
"""Of a large body."""


class Server(NamedTuple):
    """One that runs."""

    port: int
    pid: int

    def cpu(self) -> float:
        """Seconds of CPU that it has used; 0 where there is no /proc."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except FileNotFoundError:
            return 0.0
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _process(module: str, *arguments: str) -> Iterator[Server]:
    secret_id, secret_key = KEYS
    environment = {
        **os.environ,
        "COSBOX_SECRET_ID": secret_id,
        "COSBOX_SECRET_KEY": secret_key,
        "COSBOX_APPID": APPID,
    }
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Server(int(process.stdout.readline().rpartition(":")[2]), process.pid)
        finally:
            process.terminate()


def started(folder: Path) -> AbstractContextManager[Server]:
    """``cosbox serve`` on a folder, for as long as the block lasts."""
    return _process("cosbox.cli.main", "serve", str(folder), "--port", "0")


def answering(folder: Path, page: bytes = b"") -> AbstractContextManager[Server]:
    """A server that only answers; to a listing with this page.

    Args:
        folder: where the page is put.
        page: an XML document.
    """
    file = folder / "page.xml"
    file.write_bytes(page)
    return _process("benchmarks.answering", str(file), str(MIBS))

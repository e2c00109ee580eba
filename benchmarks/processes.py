"""Processes that are measured: started, waited for, looked at, ended."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

START_TIMEOUT: Final = 60.0
STOP_TIMEOUT: Final = 5.0

_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Process(NamedTuple):
    """One that runs, with its children."""

    pid: int

    def cpu(self) -> float:
        """Seconds of CPU that it and its children have used."""
        return sum(_cpu(pid) for pid in self._tree())

    def resident_mib(self) -> float:
        """What it and its children have in memory that others do not, and their share of the rest.

        Pages of mapped files that only lie in the page cache for it are counted, too.
        """
        return sum(_pss_kib(pid) for pid in self._tree()) / 1024

    def _tree(self) -> list[int]:
        found = [self.pid]
        for pid in found:
            try:
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
            except OSError:
                continue
            found.extend(map(int, children.split()))
        return found


def _cpu(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / _TICKS


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def program(name: str) -> str | None:
    """Where a program is: beside this Python, or on the PATH."""
    beside = Path(sys.executable).with_name(name)
    if beside.exists():
        return str(beside)
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, low enough that 10,000 can be added, as SeaweedFS does."""
    sockets: list[socket.socket] = []
    try:
        while len(sockets) < count:
            sock = socket.create_server(("127.0.0.1", 0))
            sockets.append(sock)
            if sock.getsockname()[1] > 55_000:
                sockets.pop().close()
        return [sock.getsockname()[1] for sock in sockets]
    finally:
        for sock in sockets:
            sock.close()


@contextmanager
def running(
    command: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    talking: bool = False,
) -> Iterator[subprocess.Popen[str]]:
    """A process for as long as the block lasts.

    Args:
        command: to run.
        log: where its stderr goes; its stdout is for the caller.
        environment: variables beside those of this process.
        talking: the caller writes to its stdin; it ends when that is closed.
    """
    with (
        log.open("a") as errors,
        subprocess.Popen(
            command,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE if talking else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()


def announced_port(process: subprocess.Popen[str], log: Path) -> int:
    """The port at the end of the first line that a process writes.

    Raises:
        RuntimeError: it ended without.
    """
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} ended: {log.read_text()[-2000:]}")
    return int(line.rpartition(":")[2])


def wait_for_http(url: str, process: subprocess.Popen[str], log: Path) -> None:
    """Wait until a server answers, whatever it says.

    Raises:
        RuntimeError: it ended, or the time is up.
    """
    until = time.monotonic() + START_TIMEOUT
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)  # it may not listen yet
    raise RuntimeError(f"{process.args!r} does not answer: {log.read_text()[-2000:]}")

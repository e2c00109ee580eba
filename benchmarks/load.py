"""Loads for servers that cost their sender next to nothing: wrk, and single streams."""

import os
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.harness import Measured
from benchmarks.peers.servers import Served
from benchmarks.peers.signing import Request
from benchmarks.processes import program
from benchmarks.wire import MIB, ZEROS, read_head, receive, zeros_file

CONNECTIONS: Final = 64
SECONDS: Final = 2
MOST_REFUSED: Final = 0.02
PATIENCE: Final = 60
"""Seconds that a stream may stand still."""

_SCRIPT: Final = Path(__file__).with_name("requests.lua")


def missing() -> str:
    """Why there can be no load of many connections here; "" when there can."""
    return "" if program("wrk") else "wrk is not installed (apt-get install wrk)"


def many(
    served: Served, requests: Sequence[Request], folder: Path, body: bytes | None = None
) -> Callable[[], Measured]:
    """A load of requests in turn from many connections, each sending when it was answered.

    The requests are written to a file here and now; what is returned runs the load.

    Args:
        served: who answers.
        requests: signed; each is sent again and again.
        folder: for the file.
        body: of every request.
    """
    length = None if body is None else len(body)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".requests", delete=False) as file:
        for request in requests:
            whole = request.head(length) + (body or b"")
            file.write(b"%08d" % len(whole) + whole)
    wrk = program("wrk")
    command = [
        str(wrk), "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(_SCRIPT),
        f"http://127.0.0.1:{served.port}", "--", file.name,
    ]  # fmt: skip

    def run() -> Measured:
        before = served.process.cpu()
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
        used = served.process.cpu() - before
        count, micros, refused, broken = map(int, done.stdout.rsplit("\n", 2)[-2].split()[:4])
        # A server that loses its head now and then is still measured, by what it did.
        if not count or refused > count * MOST_REFUSED or broken > CONNECTIONS:
            raise RuntimeError(f"of {count} requests {refused} were refused, {broken} broke")
        return Measured(count - refused, micros / 1e6, used, served.process.resident_mib())

    return run


def up(served: Served, request: Request, mibs: int) -> Measured:
    """A body of zeros, in MiB, in one request."""
    before = served.process.cpu()
    with zeros_file() as zeros, _connected(served) as connection:
        began = time.perf_counter()
        connection.sendall(request.head(mibs * MIB))
        left = mibs * MIB
        while left:
            left -= os.sendfile(connection.fileno(), zeros.fileno(), 0, min(left, ZEROS))
        receive(connection)
        wall = time.perf_counter() - began
    return _of(served, mibs, wall, before)


def down(served: Served, request: Request, mibs: int) -> Measured:
    """A body of so many MiB, thrown away in the kernel."""
    before = served.process.cpu()
    nowhere = bytearray(ZEROS)
    with _connected(served) as connection:
        began = time.perf_counter()
        connection.sendall(request.head())
        _, body = read_head(connection)
        left = mibs * MIB - len(body)
        while left:
            got = connection.recv_into(nowhere, min(left, len(nowhere)), socket.MSG_TRUNC)
            if not got:
                raise RuntimeError(f"{left} bytes are missing")
            left -= got
        wall = time.perf_counter() - began
    return _of(served, mibs, wall, before)


def _connected(served: Served) -> socket.socket:
    """A connection that blocks, as the kernel's short cuts want it, but not for ever."""
    connection = socket.create_connection(("127.0.0.1", served.port))
    patience = struct.pack("ll", PATIENCE, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, patience)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)
    return connection


def _of(served: Served, mibs: int, wall: float, cpu_before: float) -> Measured:
    return Measured(mibs, wall, served.process.cpu() - cpu_before, served.process.resident_mib())

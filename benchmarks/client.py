"""A client in a process of its own, told what to do: ``python -m benchmarks.client PEER PORT``.

So its imports, threads and memory are its own. Each line of stdin is a piece of work, each line of
stdout what was measured.
"""

import asyncio
import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import uvloop

import cosbox
from benchmarks.harness import Absent, Bench, Contestant, Measured, for_seconds, measured
from benchmarks.peers.clients import BY_NAME, IN_FLIGHT, ClientPeer, Put
from benchmarks.peers.signing import KEYS
from benchmarks.processes import running
from benchmarks.wire import MIB

SMALL: Final = 4096
_TIMEOUT: Final = 120.0


def contestants(
    bench: Bench, peers: tuple[type[ClientPeer], ...], port: int, *work: object
) -> tuple[list[Contestant], list[Absent]]:
    """Processes of some clients that all do the same, and those that cannot run."""
    found, absent = [], []
    for peer in peers:
        reason = peer().missing()
        if reason:
            absent.append(Absent(peer.name, reason))
        else:
            client = Client(bench, peer, port)
            found.append(Contestant(peer.name, client.does(*work), peer.note))
    return found, absent


def ours(port: int) -> cosbox.CosS3Client:
    """A client of ours in this process, for what is only set up."""
    secret_id, secret_key = KEYS
    conf = cosbox.CosConfig(Endpoint=f"127.0.0.1:{port}", SecretId=secret_id, SecretKey=secret_key)
    return cosbox.CosS3Client(conf)


class Client:
    """A process of a client; starts when there is something to do, ends with the bench's stack."""

    def __init__(self, bench: Bench, peer: type[ClientPeer], port: int) -> None:
        self._command = [sys.executable, "-m", "benchmarks.client", peer.name, str(port)]
        self._log = bench.new_folder().with_suffix(".log")
        self._stack = bench.stack
        self._process: subprocess.Popen[str] | None = None

    def does(self, *work: object) -> Callable[[], Measured]:
        """That work, as a contestant has it."""
        return lambda: self.ask(*work)

    def ask(self, *work: object) -> Measured:
        """Have it do something.

        Raises:
            RuntimeError: it did not.
        """
        if self._process is None:
            self._process = self._stack.enter_context(
                running(self._command, log=self._log, talking=True)
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        watch = threading.Timer(_TIMEOUT, process.kill)
        watch.start()
        try:
            process.stdin.write(json.dumps(work) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        finally:
            watch.cancel()
        if not line:
            raise RuntimeError(_last_line(self._log) or f"no answer in {_TIMEOUT:.0f} s")
        return Measured(*json.loads(line))


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


class _Worker:
    """The other side of `Client`."""

    def __init__(self, peer: ClientPeer) -> None:
        self._peer = peer
        self._loop: asyncio.Runner | None = None
        self._putting: Put | None = None

    def put_get(self, seconds: float) -> Measured:
        body = bytes(SMALL)

        def both(number: int) -> None:
            self._peer.put(f"small/{number % 1000}", body)
            self._peer.get(f"zeros/{SMALL}")

        half = for_seconds(both, seconds)
        return half._replace(done=half.done * 2)

    def page(self, seconds: float) -> Measured:
        return for_seconds(lambda _: self._peer.page(), seconds)

    def upload(self, key: str, path: str) -> Measured:
        return _transfer(lambda: self._peer.upload(key, Path(path)), Path(path))

    def download(self, key: str, path: str) -> Measured:
        target = Path(f"{path}.{os.getpid()}")
        try:
            return _transfer(lambda: self._peer.download(key, target), target)
        finally:
            target.unlink(missing_ok=True)

    def put_at_once(self, count: int) -> Measured:
        if self._loop is None:
            self._loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
            self._putting = self._loop.run(self._peer.putting())
        run = self._loop.run

        def work() -> float:
            run(self._all(count))
            return count

        return measured(work)

    async def _all(self, count: int) -> None:
        numbers, body, put = itertools.count(), bytes(SMALL), self._putting
        assert put is not None

        async def some() -> None:
            while (number := next(numbers)) < count:
                await put(f"small/{number % 1000}", body)

        async with asyncio.TaskGroup() as group:
            for _ in range(IN_FLIGHT):
                group.create_task(some())


def _transfer(work: Callable[[], None], file: Path) -> Measured:
    """MiB, and the most memory."""
    # From here on the system looks anew for the most.
    Path("/proc/self/clear_refs").write_text("5")

    def count() -> float:
        work()
        return file.stat().st_size / MIB

    found = measured(count)
    return found._replace(memory=_peak_mib())


def _peak_mib() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def main(name: str, port: str) -> None:
    """Do what stdin says until it ends."""
    peer = BY_NAME[name]()
    peer.connect(int(port))
    worker = _Worker(peer)
    for line in sys.stdin:
        what, *arguments = json.loads(line)
        done: Any = getattr(worker, what)(*arguments)
        print(json.dumps(done), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

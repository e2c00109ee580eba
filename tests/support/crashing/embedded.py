"""A process that has the store in itself, and tells what it does until it is killed."""

import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cosbox
from support.crashing.worker import Worker


class Embedded:
    """Such a process, with workers that go on from where these are. Waits until it is at work.

    Args:
        folder: of the store.
        seed: of what the workers do.
        workers: where they are.
        wrapper: a command that the process's own is appended to.
    """

    def __init__(
        self, folder: Path, seed: int, workers: Sequence[Worker], wrapper: Sequence[str] = ()
    ) -> None:
        self._process = subprocess.Popen(
            [*wrapper, sys.executable, "-m", __name__, str(folder), str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._told = self._process.stdout
        with self._process.stdin as stdin:
            pickle.dump(list(workers), stdin)
        # Read while it works, or it would wait for us.
        self._lines = [self._told.readline()]
        self._reader = threading.Thread(target=lambda: self._lines.extend(self._told))
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._told.close()

    def kill(self, workers: Sequence[Worker]) -> None:
        """SIGKILL; and the workers learn what those in the process did."""
        assert self._process.poll() is None
        self._process.kill()
        self.wait(workers)

    def signal(self, number: int) -> None:
        """Send it, or its wrapper, a signal."""
        self._process.send_signal(number)

    def wait(self, workers: Sequence[Worker]) -> int:
        """Wait for its end; and the workers learn what those in the process did."""
        status = self._process.wait(60)
        self._reader.join()
        by_name = {worker.name: worker for worker in workers}
        for line in self._lines:
            if line.endswith(b"\n"):
                name, kind, value = json.loads(line)
                by_name[name].take_note(kind, value)
        return status


def _tell(name: str, kind: str, value: Any) -> None:
    # One write: a line is told as a whole, if at all.
    os.write(1, json.dumps([name, kind, value]).encode() + b"\n")


def _main(folder: str, seed: int) -> None:
    workers = pickle.load(sys.stdin.buffer)
    with cosbox.open(folder) as client:
        threads = [
            threading.Thread(
                target=worker.run,
                args=(client, seed + number, lambda: True),
                kwargs={"note": partial(_tell, worker.name)},
            )
            for number, worker in enumerate(workers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))

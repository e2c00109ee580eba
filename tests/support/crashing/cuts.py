"""A store whose power is cut, round after round."""

import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import cosbox
from cosbox.service.upkeep.fsck import check
from support.crashing.embedded import Embedded
from support.crashing.rounds import CLIENTS, at_work, client_of
from support.crashing.worker import Worker
from support.serving import Serving

_OPENING, _WORKING = 1500, 600
"""Changes on the disk before a cut, at the most: counted from the start, where opening a store may
take that many to copy its log, or from when it is at work."""
_BROKEN_OFF = (cosbox.TransportError, cosbox.ServerFaultError)
"""A server that was told to end says so to whoever comes after."""
_WORKS = (0.1, 1.0)
"""Seconds, from and to, after which a server is told to end."""


def powered(disk: Path, seed: int, after: int = 0, *, armed: bool = False) -> list[str]:
    """A command before another, which runs that one on a disk whose power is cut.

    Args:
        disk: the folder that is this disk.
        seed: of what survives that was not synced; 0 for nothing.
        after: so many changes, or 0 for the end of the command.
        armed: count them from SIGUSR1 on.
    """
    paths = f"PYTHONPATH={os.pathsep.join(sys.path)}"
    command = [sys.executable, "-m", "support.powercut", str(disk)]
    when = ["--after", str(after), *(["--armed"] if armed else [])]
    return ["env", paths, *command, "--seed", str(seed), *when, "--"]


class Cuts:
    """Rounds on a store that lies on such a disk.

    Args:
        parent: a folder to work in.
        seed: of everything that is left to chance, but for the machine's own timing.
    """

    def __init__(self, parent: Path, seed: int) -> None:
        print(f"COSBOX_CRASH_SEED={seed}")
        self.cuts = 0
        self.chance = random.Random(seed)
        self.workers = [Worker(f"w{number}") for number in range(CLIENTS)]
        self._disk = parent / "disk"
        self._copy = parent / "copy"
        self._disk.mkdir()

    @property
    def store(self) -> Path:
        """The folder of the store."""
        return self._disk / "store"

    @property
    def done(self) -> int:
        """How many deeds were promised, or found done."""
        return sum(worker.done for worker in self.workers)

    def _power(self) -> list[str]:
        armed = self.chance.random() < 0.75
        after = self.chance.randint(1, _WORKING if armed else _OPENING)
        return powered(self._disk, self.chance.getrandbits(32), after, armed=armed)

    def served(self, *options: str, ends: bool = False) -> None:
        """Start a server with these options and work until the power is cut; see what is left.

        Args:
            options: of ``cosbox serve``.
            ends: tell the server to end, before long; the power is cut then at the latest.
        """
        with Serving(self.store, *options, wrapper=self._power()) as serving:
            if serving.port:
                serving.process.send_signal(signal.SIGUSR1)
                with (
                    client_of(serving.port) as client,
                    at_work(self.workers, client, self.chance, broken_off=_BROKEN_OFF),
                ):
                    if ends:
                        time.sleep(self.chance.uniform(*_WORKS))  # the moment of the cut
                        serving.process.terminate()
            status = serving.process.wait(60)
            assert status == 0, (status, serving.process.stderr.read())
        self._look()

    def embedded(self) -> None:
        """The same with a process that has the store in itself."""
        seed = self.chance.getrandbits(32)
        with Embedded(self.store, seed, self.workers, wrapper=self._power()) as process:
            process.signal(signal.SIGUSR1)
            assert process.wait(self.workers) == 0
        self._look()

    def _look(self) -> None:
        """See that all that was promised is there.

        In a copy: what is looked at is put in order, and the next round shall begin with what the
        cut left.
        """
        self.cuts += 1
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self._disk, self._copy)
        store = self._copy / "store"
        with cosbox.open(store) as client:
            for worker in self.workers:
                worker.check(client)
            report = check(store)
            assert report.clean, report.findings

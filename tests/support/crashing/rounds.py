"""A server that is started, worked with, killed and looked at, round after round."""

import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cosbox
from cosbox.service.upkeep.fsck import check
from support.crashing.embedded import Embedded
from support.crashing.worker import Worker
from support.serving import KEYS, Serving

CLIENTS = 4
_WORKS = (0.02, 0.6)
"""Seconds, from and to, after which a server at work is killed."""
_BEGINS = (0.0, 0.4)
"""Seconds after which one is killed that just began."""


def client_of(port: int) -> cosbox.CosS3Client:
    """A client of a server that repeats nothing by itself."""
    conf = cosbox.CosConfig(
        Endpoint=f"127.0.0.1:{port}",
        SecretId=KEYS["COSBOX_SECRET_ID"],
        SecretKey=KEYS["COSBOX_SECRET_KEY"],
    )
    return cosbox.CosS3Client(conf, retry=0)


class Rounds:
    """Rounds on one store.

    Args:
        folder: of the store.
        seed: of everything that is left to chance, but for the machine's own timing.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        print(f"COSBOX_CRASH_SEED={seed}")
        self.kills = 0
        self.folder = folder
        self.chance = random.Random(seed)
        self.workers = [Worker(f"w{number}") for number in range(CLIENTS)]

    @property
    def done(self) -> int:
        """How many deeds were promised, or found done."""
        return sum(worker.done for worker in self.workers)

    def served(self, *options: str) -> None:
        """Start a server with these options, see that all is there, work, kill it."""
        if self.chance.random() < 0.2:
            self._kill_a_beginner(*options)
        with (
            Serving(self.folder, *options) as serving,
            client_of(serving.port) as client,
        ):
            self.check(client)
            with at_work(self.workers, client, self.chance):
                time.sleep(self.chance.uniform(*_WORKS))  # the moment of the kill
                serving.kill()
        self.kills += 1

    def _kill_a_beginner(self, *options: str) -> None:
        with Serving(self.folder, *options, wait=False) as serving:
            time.sleep(self.chance.uniform(*_BEGINS))  # the moment of the kill
            serving.kill()
        self.kills += 1

    def embedded(self) -> None:
        """The same with a process that has the store in itself."""
        with cosbox.open(self.folder) as client:
            self.check(client)
        seed = self.chance.getrandbits(32)
        with Embedded(self.folder, seed, self.workers) as process:
            time.sleep(self.chance.uniform(*_WORKS))  # the moment of the kill
            process.kill(self.workers)
        self.kills += 1

    def check(self, client: cosbox.CosS3Client) -> None:
        """See that all that was promised is there."""
        for worker in self.workers:
            worker.check(client)
        report = check(self.folder)
        assert report.clean, report.findings

    def close(self) -> None:
        """See once more that all is there."""
        with cosbox.open(self.folder) as client:
            self.check(client)


@contextmanager
def at_work(
    workers: Sequence[Worker], client: Any, chance: random.Random, **options: Any
) -> Iterator[None]:
    """All workers at once, each in a thread, until their server is gone.

    Raises:
        BaseException: what one of them met otherwise.
    """
    with ThreadPoolExecutor(len(workers)) as threads:
        runs = [
            threads.submit(worker.run, client, chance.getrandbits(32), lambda: True, **options)
            for worker in workers
        ]
        yield
    for run in runs:
        run.result()

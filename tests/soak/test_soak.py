"""Many clients, all operations, for a long time, with kills: memory and descriptors stay flat.

CI soaks for some seconds. For half an hour, or as many minutes as wanted::

    make soak
    COSBOX_SOAK_MINUTES=10 pytest -s tests/soak

A server lives for at most ten minutes, is then killed or told to end, and followed by two that are
killed after some seconds. Within each long life its memory may grow by 16 MiB and by 1 MiB a
minute, and its descriptors by 16, from the second quarter to the last: in the first, caches fill.
The same goes for the clients' process from its beginning to its end, with 64 MiB.
"""

import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

import cosbox
from cosbox.service.clock import FolderClock
from cosbox.service.upkeep.fsck import check
from support.crashing.rounds import client_of
from support.crashing.worker import Worker
from support.serving import Serving
from support.soaking.crowd import Crowd
from support.soaking.gauges import MIB, growth, sample

MINUTES = float(os.environ.get("COSBOX_SOAK_MINUTES", "0.06"))
SEED = int(os.environ.get("COSBOX_CRASH_SEED", "0")) or random.randrange(1, 1 << 30)
LIFE = min(600.0, MINUTES * 60 / 2)
BRIEF = min(5.0, LIFE / 4)
"""Seconds for which a server lives."""
SAMPLES = 40
"""In each life; one in eight is shown."""
WORKERS, OTHERS = 6, 3
MEMORY, OWN_MEMORY, MEMORY_A_MINUTE, DESCRIPTORS = 16 * MIB, 64 * MIB, 1 * MIB, 16


class Life:
    """A server from its start to its end, and the clients that it serves meanwhile."""

    def __init__(self, folder, workers, chance, *, seconds, processes=1, killed=True):
        self._folder = folder
        self._workers = workers
        self._chance = chance
        self._seconds = seconds
        self._processes = processes
        self._killed = killed
        self._going = True
        self.samples, self.own = [], []

    def run(self):
        """Live."""
        with (
            Serving(self._folder, "--workers", str(self._processes)) as serving,
            client_of(serving.port) as client,
        ):
            for worker in self._workers:
                worker.check(client)
            crowd = Crowd(serving, client, self._chance)
            crowd.prepare()
            with ThreadPoolExecutor(WORKERS + OTHERS) as threads:
                runs = [
                    threads.submit(worker.run, client, self._chance.getrandbits(32), self._goes)
                    for worker in self._workers
                ]
                runs += [threads.submit(crowd.run, self._goes) for _ in range(OTHERS)]
                try:
                    self._watch(serving, runs)
                    if self._killed:
                        serving.kill()
                finally:
                    self._going = False
            for run in runs:
                run.result()
            if not self._killed:
                status, _, err = serving.end(signal.SIGTERM)
                assert (status, err) == (0, ""), err
        print(f"  {', '.join(f'{count} {name}' for name, count in sorted(crowd.counts.items()))}")

    def _goes(self):
        return self._going

    def _watch(self, serving, runs):
        done = sum(worker.done for worker in self._workers)
        for number in range(SAMPLES):
            time.sleep(self._seconds / SAMPLES)  # between two looks at memory
            if any(run.done() for run in runs):
                return  # one of them has something to say
            self.samples.append(sample([serving.process.pid, *serving.workers()]))
            self.own.append(sample([os.getpid()]))
            if number % 8 == 7:
                now = sum(worker.done for worker in self._workers)
                self._show(now - done)
                done = now
                # What was let go of an hour ago is removed, so that the disk does not fill.
                FolderClock(self._folder).move(timedelta(hours=2))

    def _show(self, deeds):
        there, own = self.samples[-1], self.own[-1]
        log = (self._folder / "records.db-wal").stat().st_size
        print(
            f"  server {there.memory / MIB:6.1f} MiB {there.descriptors:4} descriptors "
            f"{there.threads:3} threads; log {log / MIB:5.1f} MiB; "
            f"clients {own.memory / MIB:6.1f} MiB {own.descriptors:4} descriptors; "
            f"{deeds / (self._seconds / 5):6.0f} writes a second",
            flush=True,
        )


def judge(name, samples, allowed):
    grown = growth(samples)
    print(f"  {name}: {grown}")
    assert grown.memory <= allowed + MEMORY_A_MINUTE * grown.seconds / 60, name
    assert grown.descriptors <= DESCRIPTORS, name


@pytest.mark.timeout(MINUTES * 60 * 2 + 300)
def test_soak(tmp_path):
    print(f"COSBOX_CRASH_SEED={SEED}")
    folder, chance = tmp_path / "store", random.Random(SEED)
    workers = [Worker(f"w{number}") for number in range(WORKERS)]
    own = []
    began = time.monotonic()
    for number in range(round(MINUTES * 60 / LIFE)):
        print(f"life {number + 1}, {time.monotonic() - began:.0f} s")
        life = Life(
            folder, workers, chance,
            seconds=LIFE, processes=1 + number % 2, killed=number % 2 == 0,
        )  # fmt: skip
        life.run()
        judge("server", life.samples, MEMORY)
        own += life.own
        for _ in range(2):
            Life(folder, workers, chance, seconds=BRIEF).run()
    judge("clients", own, OWN_MEMORY)
    with cosbox.open(folder) as client:
        for worker in workers:
            worker.check(client)
    report = check(folder)
    assert report.clean, report.findings
    done = sum(worker.done for worker in workers)
    print(f"{done} writes in {time.monotonic() - began:.0f} s, all there; fsck finds nothing")
    assert done

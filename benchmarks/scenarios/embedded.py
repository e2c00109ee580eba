"""The store in a folder, in this process, against files written safely by hand."""

import itertools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import cosbox
from benchmarks.harness import (
    Bench,
    Comparison,
    Contestant,
    Measured,
    Target,
    for_seconds,
    measured,
)
from benchmarks.peers.signing import BUCKET

BODY: Final = os.urandom(4096)
SECONDS: Final = 0.7
KEYS: Final = 500
THREADS: Final = 8
OURS: Final = "cosbox.open"
BY_HAND: Final = "files by hand, synced"


def comparisons(bench: Bench) -> Iterator[Comparison]:
    """Durable writes, by one thread and by eight; reads."""
    client = bench.stack.enter_context(cosbox.open(bench.new_folder()))
    client.create_bucket(Bucket=BUCKET)
    files = bench.new_folder()
    files.mkdir()

    def put(number: int) -> None:
        client.put_object(Bucket=BUCKET, Body=BODY, Key=f"{number % KEYS}")

    yield Comparison(
        "embedded: durable put of 4 KiB",
        "writes",
        [
            Contestant(OURS, lambda: for_seconds(put, SECONDS)),
            Contestant(f"{OURS}, {THREADS} threads", lambda: _by_threads(put)),
            Contestant(BY_HAND, lambda: for_seconds(lambda n: _write_safely(files, n), SECONDS)),
        ],
        targets=[
            Target(of=OURS, measure="rate", against=BY_HAND, at_least=1),
            Target(of=f"{OURS}, {THREADS} threads", measure="rate", against=OURS, at_least=2.5),
        ],
    )
    # A slow disk may not have got to all of them.
    for number in range(KEYS):
        put(number)
        (files / f"{number}").write_bytes(BODY)
    yield Comparison(
        "embedded: get of 4 KiB, one thread",
        "reads",
        [
            Contestant(OURS, lambda: for_seconds(_getter(client), SECONDS)),
            Contestant("files by hand", lambda: for_seconds(lambda n: _read(files, n), SECONDS)),
        ],
        targets=[Target(of=OURS, measure="rate", at_least=10_000)],
    )


def _getter(client: Any) -> Callable[[int], object]:
    return lambda number: client.get_object(Bucket=BUCKET, Key=f"{number % KEYS}")["Body"].read()


def _by_threads(put: Callable[[int], None]) -> Measured:
    numbers = itertools.count()

    def work() -> float:
        with ThreadPoolExecutor(THREADS) as pool:
            each = [
                pool.submit(for_seconds, lambda _: put(next(numbers)), SECONDS)
                for _ in range(THREADS)
            ]
            return sum(done.result().done for done in each)

    return measured(work)


def _write_safely(folder: Path, number: int) -> None:
    """A file that is whole or absent after a power cut."""
    name = folder / f"{number % KEYS}"
    new = folder / f"{name.name}.new"
    with new.open("wb") as file:
        file.write(BODY)
        file.flush()
        os.fsync(file.fileno())
    new.replace(name)
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _read(folder: Path, number: int) -> bytes:
    return (folder / f"{number % KEYS}").read_bytes()

"""The store in a folder against writing files safely by hand."""

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import cosbox
from benchmarks.harness import Contestant, Scenario

BUCKET = "bench-1250000000"
BODY = os.urandom(4096)
COUNT = 500


def write_safely(folder: Path, name: str) -> None:
    """A file that is whole or absent after a power cut."""
    new = folder / f"{name}.new"
    with new.open("wb") as file:
        file.write(BODY)
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / name)
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def scenarios(folder: Path, stack: ExitStack) -> Iterator[Scenario]:
    """Durable writes and reads of 4 KiB, one thread."""
    client = stack.enter_context(cosbox.open(folder / "embedded"))
    client.create_bucket(Bucket=BUCKET)
    files = folder / "files"
    files.mkdir()
    numbers = itertools.count()

    def put() -> int:
        for _ in range(COUNT):
            client.put_object(Bucket=BUCKET, Body=BODY, Key=f"{next(numbers) % COUNT}")
        return COUNT

    def write() -> int:
        for _ in range(COUNT):
            write_safely(files, f"{next(numbers) % COUNT}")
        return COUNT

    def get() -> int:
        for number in range(COUNT):
            client.get_object(Bucket=BUCKET, Key=f"{number}")["Body"].read()
        return COUNT

    def read() -> int:
        for number in range(COUNT):
            (files / f"{number}").read_bytes()
        return COUNT

    yield Scenario(
        "durable write of 4 KiB, in this process",
        "writes",
        [Contestant("cosbox.open", put), Contestant("files by hand, synced", write)],
    )
    yield Scenario(
        "read of 4 KiB, in this process",
        "reads",
        [Contestant("cosbox.open", get), Contestant("files by hand", read)],
    )

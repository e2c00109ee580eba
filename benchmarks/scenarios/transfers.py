"""Files of 1 GiB up and down, with each client's own defaults."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks import counting
from benchmarks.client import contestants
from benchmarks.harness import Bench, Comparison, Target
from benchmarks.peers.clients import (
    EVERYBODY,
    Boto3,
    CheckingOfficial,
    ClientPeer,
    Cosbox,
    Official,
)
from benchmarks.peers.servers import Cosbox as Server
from benchmarks.wire import MIB

MIBS: Final = 1024
ROUNDS: Final = 3
COS: Final[tuple[type[ClientPeer], ...]] = (Cosbox, Official)
DOWN: Final[tuple[type[ClientPeer], ...]] = (CheckingOfficial,)
"""Who is worth another turn where files come down."""


def comparisons(bench: Bench) -> Iterator[Comparison]:
    """Against a server that counts bytes; then against ours."""
    file = _in_memory(bench) / "zeros"
    with file.open("wb") as zeros:
        for _ in range(MIBS):
            zeros.write(bytes(MIB))
    port = counting.start(bench)
    yield _comparison(bench, EVERYBODY, port, "upload", "a server that counts bytes", file)
    yield _comparison(
        bench, (*EVERYBODY, *DOWN), port, "download", "a server that counts bytes", file
    )
    served = bench.stack.enter_context(Server().start(bench.new_folder()))
    yield _comparison(bench, COS, served.port, "upload", "cosbox serve", file)
    yield _comparison(bench, (*COS, *DOWN), served.port, "download", "cosbox serve", file)


def _comparison(
    bench: Bench, peers: tuple[type[ClientPeer], ...], port: int, way: str, where: str, file: Path
) -> Comparison:
    key = f"zeros/{MIBS * MIB}"
    found, absent = contestants(bench, peers, port, way, key, str(file))
    rivals = [Official.name] + ([Boto3.name] if Boto3 in peers else [])
    return Comparison(
        f"client: {way} of a file of 1 GiB, {where}",
        "MiB",
        found,
        absent=absent,
        targets=[
            target
            for rival in rivals
            for target in (
                Target(of=Cosbox.name, measure="rate", against=rival, at_least=2),
                Target(of=Cosbox.name, measure="cpu", against=rival, at_most=0.5),
            )
        ],
        rounds=ROUNDS,
    )


def _in_memory(bench: Bench) -> Path:
    """A folder that is no disk, where there is one: clients are what is measured."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        return bench.folder
    return Path(bench.stack.enter_context(TemporaryDirectory(dir=memory)))

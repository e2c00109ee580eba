"""The server by itself: loads that cost their sender next to nothing.

The contestant is a server that only answers, behind the same HTTP front: what is between the two is
what a store does.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import cosbox
from benchmarks.harness import Contestant, Measured, Scenario
from benchmarks.server import BUCKET, KEYS, MIBS, Server, answering, started

CONNECTIONS: Final = 64
REQUESTS: Final = 4000


def scenarios(folder: Path, stack: ExitStack) -> Iterator[Scenario]:
    """Small signed requests from many connections; one large body."""
    ours = stack.enter_context(started(folder / "served"))
    bare = stack.enter_context(answering(folder))
    secret_id, secret_key = KEYS
    conf = cosbox.CosConfig(
        Endpoint=f"127.0.0.1:{ours.port}", SecretId=secret_id, SecretKey=secret_key
    )
    with cosbox.CosS3Client(conf) as client:
        client.create_bucket(Bucket=BUCKET)

    def small(server: Server, method: str) -> Callable[[], Measured]:
        return lambda: _run(server, "load", method, CONNECTIONS, REQUESTS)

    def large(server: Server, method: str) -> Callable[[], Measured]:
        return lambda: _run(server, "stream", method, MIBS)

    for method, what in (("PUT", "durable puts"), ("GET", "gets")):
        yield Scenario(
            f"signed {what} of 4 KiB from {CONNECTIONS} connections to one process",
            "requests",
            [
                Contestant("cosbox serve", small(ours, method)),
                Contestant("a server that only answers", small(bare, method)),
            ],
        )
    for method, what in (("PUT", "durable put"), ("GET", "get")):
        yield Scenario(
            f"one {what} of {MIBS} MiB",
            "MiB",
            [
                Contestant("cosbox serve", large(ours, method)),
                Contestant("a server that only answers", large(bare, method)),
            ],
            rounds=2,
        )


def _run(server: Server, module: str, *arguments: object) -> Measured:
    """A load from a process of its own, and what the server used for it."""
    command = [sys.executable, "-m", f"benchmarks.{module}", str(server.port)]
    before = server.cpu()
    done = subprocess.run(
        [*command, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True, timeout=120
    )
    count = int(str(arguments[-1]))
    return Measured(count, count / float(done.stdout), server.cpu() - before)

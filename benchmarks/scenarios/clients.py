"""Our client and Tencent's SDK: against ``cosbox serve``, and against a server that only answers,
where the client is nearly all that there is."""

import os
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import qcloud_cos

import cosbox
from benchmarks.harness import Contestant, Scenario
from benchmarks.server import BUCKET, HOST, KEYS, Server, answering, started
from cosbox.protocol.signing import Credential, sign

BODY: Final = os.urandom(4096)
COUNT: Final = 200
PAGES: Final = 10
LISTED: Final = "listed/"


def scenarios(folder: Path, stack: ExitStack) -> Iterator[Scenario]:
    """Small puts and gets, and listings of 1000 keys."""
    store = stack.enter_context(started(folder / "served"))
    filling = _ours(store, stack)
    filling.create_bucket(Bucket=BUCKET)
    for number in range(1000):
        filling.put_object(Bucket=BUCKET, Body=b"", Key=f"{LISTED}{number:04}")
    bare = stack.enter_context(answering(folder, _page(store)))
    for server, where in ((store, "cosbox serve"), (bare, "a server that only answers")):
        clients = (("cosbox", _ours(server, stack)), ("cos-python-sdk-v5", _theirs(server)))
        for title, unit, make in (
            ("put of 4 KiB", "puts", _put),
            ("get of 4 KiB", "gets", _get),
            ("a page of 1000 keys", "pages", _list),
        ):
            yield Scenario(
                f"{title} by one thread, {where}",
                unit,
                [Contestant(name, make(client)) for name, client in clients],
            )


def _ours(server: Server, stack: ExitStack) -> cosbox.CosS3Client:
    secret_id, secret_key = KEYS
    conf = cosbox.CosConfig(
        Endpoint=f"127.0.0.1:{server.port}", SecretId=secret_id, SecretKey=secret_key
    )
    return stack.enter_context(cosbox.CosS3Client(conf))


def _theirs(server: Server) -> Any:
    secret_id, secret_key = KEYS
    return qcloud_cos.CosS3Client(
        qcloud_cos.CosConfig(
            Region="ap-guangzhou", SecretId=secret_id, SecretKey=secret_key,
            Scheme="http", IP="127.0.0.1", Port=server.port,
        )
    )  # fmt: skip


def _page(store: Server) -> bytes:
    """The document of a listing."""
    now = int(time.time())
    query = {"prefix": LISTED}
    signature = sign(
        Credential(*KEYS), "GET", "/", query=query, headers={}, start=now - 60, end=now + 60
    )
    url = f"http://127.0.0.1:{store.port}/?prefix={LISTED}&{signature.query()}"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Host": HOST})) as answer:
        return bytes(answer.read())


def _put(client: Any) -> Callable[[], int]:
    def work() -> int:
        for number in range(COUNT):
            client.put_object(Bucket=BUCKET, Body=BODY, Key=f"{number}")
        return COUNT

    return work


def _get(client: Any) -> Callable[[], int]:
    def work() -> int:
        for number in range(COUNT):
            client.get_object(Bucket=BUCKET, Key=f"{number}")["Body"].get_raw_stream().read()
        return COUNT

    return work


def _list(client: Any) -> Callable[[], int]:
    def work() -> int:
        for _ in range(PAGES):
            client.list_objects(Bucket=BUCKET, Prefix=LISTED)
        return PAGES

    return work

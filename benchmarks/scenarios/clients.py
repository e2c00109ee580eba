"""Our client and Tencent's SDK, against one server of ours."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import qcloud_cos

import cosbox
from benchmarks.harness import Contestant, Scenario
from benchmarks.server import KEYS, started

BUCKET = "bench-1250000000"
BODY = os.urandom(4096)
COUNT = 200
PAGES = 10


def scenarios(folder: Path, stack: ExitStack) -> Iterator[Scenario]:
    """Small puts and gets, and listings of 1000 keys."""
    port = stack.enter_context(started(folder / "served"))
    secret_id, secret_key = KEYS
    ours = stack.enter_context(
        cosbox.CosS3Client(
            cosbox.CosConfig(Endpoint=f"127.0.0.1:{port}", SecretId=secret_id, SecretKey=secret_key)
        )
    )
    theirs = qcloud_cos.CosS3Client(
        qcloud_cos.CosConfig(
            Region="ap-guangzhou", SecretId=secret_id, SecretKey=secret_key,
            Scheme="http", IP="127.0.0.1", Port=port,
        )
    )  # fmt: skip
    ours.create_bucket(Bucket=BUCKET)
    for number in range(1000):
        ours.put_object(Bucket=BUCKET, Body=b"", Key=f"listed/{number:04}")

    def put(client: Any) -> Callable[[], int]:
        def work() -> int:
            for number in range(COUNT):
                client.put_object(Bucket=BUCKET, Body=BODY, Key=f"{number}")
            return COUNT

        return work

    def get(client: Any) -> Callable[[], int]:
        def work() -> int:
            for number in range(COUNT):
                client.get_object(Bucket=BUCKET, Key=f"{number}")["Body"].get_raw_stream().read()
            return COUNT

        return work

    def page(client: Any) -> Callable[[], int]:
        def work() -> int:
            for _ in range(PAGES):
                client.list_objects(Bucket=BUCKET, Prefix="listed/")
            return PAGES

        return work

    for title, unit, make in (
        ("put of 4 KiB over HTTP, durable, one thread", "puts", put),
        ("get of 4 KiB over HTTP, one thread", "gets", get),
        ("a page of 1000 keys over HTTP", "pages", page),
    ):
        yield Scenario(
            title,
            unit,
            [Contestant("cosbox", make(ours)), Contestant("cos-python-sdk-v5", make(theirs))],
        )

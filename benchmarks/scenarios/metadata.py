"""What moves no bytes: the completion of 1000 parts, and the copy of 5 GiB."""

import itertools
import time
from collections.abc import Iterator
from typing import Any, Final

import cosbox
from benchmarks.client import ours
from benchmarks.harness import Bench, Comparison, Contestant, Measured, Target
from benchmarks.peers.servers import Cosbox
from benchmarks.peers.signing import BUCKET
from benchmarks.wire import MIB

PARTS: Final = 1000
ROUNDS: Final = 2
UPLOADED: Final = "parts of 1 MiB, uploaded"
COPIED: Final = "parts of 1 GiB, copied"

Parts = list[dict[str, Any]]


def comparisons(bench: Bench) -> Iterator[Comparison]:
    """Over HTTP, the request and its answer alone."""
    served = bench.stack.enter_context(Cosbox().start(bench.new_folder()))
    client = bench.stack.enter_context(ours(served.port))
    names = itertools.count()

    def timed(call: str, **arguments: Any) -> Measured:
        before, began = served.process.cpu(), time.perf_counter()
        getattr(client, call)(Bucket=BUCKET, **arguments)
        return Measured(1, time.perf_counter() - began, served.process.cpu() - before)

    def complete(source: str | None) -> Measured:
        key = f"parts/{next(names)}"
        upload, parts = _upload(client, key, PARTS, source)
        return timed(
            "complete_multipart_upload", Key=key, UploadId=upload, MultipartUpload={"Part": parts}
        )

    client.put_object(Bucket=BUCKET, Body=_gib(), Key="gib", ContentLength=1024 * MIB)
    yield Comparison(
        f"server: completion of {PARTS} parts",
        "calls",
        [
            Contestant(COPIED, lambda: complete("gib")),
            Contestant(UPLOADED, lambda: complete(None)),
        ],
        targets=[
            Target(of=UPLOADED, measure="ms", at_most=100),
            Target(of=COPIED, measure="ms", at_most=100),
        ],
        rounds=ROUNDS,
    )

    upload, parts = _upload(client, "five", 5, "gib")
    timed("complete_multipart_upload", Key="five", UploadId=upload, MultipartUpload={"Part": parts})
    client.put_object(Bucket=BUCKET, Body=bytes(MIB), Key="tiny")

    def copy(source: str) -> Measured:
        runs = [
            timed("copy_object", Key=f"copies/{next(names)}", CopySource=_source(source))
            for _ in range(20)
        ]
        return Measured(len(runs), sum(run.wall for run in runs), sum(run.cpu for run in runs))

    yield Comparison(
        "server: copy of an object in the store",
        "calls",
        [
            Contestant("5 GiB", lambda: copy("five")),
            Contestant("1 MiB", lambda: copy("tiny")),
        ],
        targets=[
            Target(of="5 GiB", measure="ms", at_most=100),
            Target(of="5 GiB", measure="ms", against="1 MiB", at_most=1.5),
        ],
    )


def _upload(
    client: cosbox.CosS3Client, key: str, count: int, source: str | None
) -> tuple[str, Parts]:
    """Begin an upload and give it parts: 1 MiB each, or copies of a source."""
    upload = client.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    body = bytes(MIB)
    parts = []
    for number in range(1, count + 1):
        where: Any = {"Bucket": BUCKET, "Key": key, "PartNumber": number, "UploadId": upload}
        etag = (
            client.upload_part(Body=body, **where)["ETag"]
            if source is None
            else client.upload_part_copy(CopySource=_source(source), **where)["ETag"]
        )
        parts.append({"PartNumber": number, "ETag": etag})
    return upload, parts


def _source(key: str) -> Any:
    return {"Bucket": BUCKET, "Key": key, "Region": "local"}


def _gib() -> Iterator[bytes]:
    for _ in range(1024):
        yield bytes(MIB)

"""Runs the examples of the docstrings: each in a store of its own, with a bucket in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cosbox

# Awaited examples; tests/client/aio/test_examples.py runs them.
collect_ignore_glob = ["cosbox/client/aio/methods/*"]
BUCKET = "examplebucket-1250000000"


@pytest.fixture(autouse=True)
def _examples(
    request: pytest.FixtureRequest, doctest_namespace: dict[str, Any], tmp_path: Path
) -> Iterator[None]:
    """The names that the examples of the client's methods use."""
    if "client/methods" not in request.node.path.as_posix():
        yield
        return
    with cosbox.open(tmp_path / "store") as client:
        client.create_bucket(Bucket=BUCKET)
        doctest_namespace.update(client=client, bucket=BUCKET, folder=tmp_path)
        doctest_namespace.update(CosConfig=cosbox.CosConfig, CosS3Client=cosbox.CosS3Client)
        yield

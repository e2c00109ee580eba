"""Every engine for blobs, against the suite. A new engine is one line in `ENGINES`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.blobs_suite import BlobsSuite
from cosbox.storage.blobs import Blobs
from cosbox.storage.files import FileBlobs

ENGINES: dict[str, Callable[[Path], Blobs]] = {"files": FileBlobs}


@pytest.fixture(params=ENGINES)
def blobs(request, tmp_path) -> Blobs:
    return ENGINES[request.param](tmp_path)


class TestBlobs(BlobsSuite):
    pass

"""Every engine for records, against the suite. A new engine is one line in `ENGINES`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from conformance.records_suite import RecordsSuite
from cosbox.storage.folder import open_folder
from cosbox.storage.records import Records


def open_sqlite(place: Path) -> Records:
    return open_folder(place / "store").records


ENGINES: dict[str, Callable[[Path], Records]] = {"sqlite": open_sqlite}


@pytest.fixture(params=ENGINES)
def open_records(request, tmp_path) -> Iterator[Callable[[], Records]]:
    """Opens the same records again at every call."""
    with ExitStack() as opened:
        yield lambda: opened.enter_context(closing(ENGINES[request.param](tmp_path)))


@pytest.fixture
def records(open_records) -> Records:
    return open_records()


class TestRecords(RecordsSuite):
    pass

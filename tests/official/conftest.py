"""The official SDK and ours against one server."""

import itertools
import warnings
from contextlib import closing

import pytest

from support.official import official_client
from support.ways import OWNER, OverHttp


@pytest.fixture(scope="session")
def way(tmp_path_factory):
    """A server, with accounts."""
    with closing(OverHttp(tmp_path_factory.mktemp("official") / "store")) as way:
        yield way


@pytest.fixture(scope="session")
def official(way):
    """The official SDK's client."""
    with warnings.catch_warnings():
        # What it does when it is imported and used is not ours to mend.
        warnings.simplefilter("ignore")
        yield official_client(way.port, OWNER)


@pytest.fixture
def ours(way):
    """Our client."""
    return way.client(OWNER)


_numbers = itertools.count()


@pytest.fixture
def pair(ours):
    """Two empty buckets, whose names are of one length."""
    number = next(_numbers)
    names = [f"{name}{number:04}-{OWNER.appid}" for name in ("sdk", "our")]
    for name in names:
        ours.create_bucket(name)
    return names

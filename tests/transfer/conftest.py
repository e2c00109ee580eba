"""What the tests of transfers share."""

import pytest

from support.chaos import Chaos
from support.errands import client_of
from support.faults import Rules
from support.moving import BUCKET
from support.serving import Serving
from support.zygote import Zygote


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    """A server with a bucket."""
    with Serving(tmp_path_factory.mktemp("store")) as serving:
        with client_of(serving.port) as client:
            client.create_bucket(BUCKET)
        yield serving


@pytest.fixture(scope="module")
def port(serving):
    return serving.port


@pytest.fixture(scope="module")
def zygote():
    with Zygote() as zygote:
        yield zygote


@pytest.fixture
def direct(port):
    """A client that asks the store without the proxy."""
    with client_of(port) as client:
        yield client


@pytest.fixture
def rules():
    return Rules()


@pytest.fixture
def chaos(port, rules):
    """The proxy before the server, which does wrong by ``rules``."""
    with Chaos(port, rules) as chaos:
        yield chaos


@pytest.fixture
def checkpoints(tmp_path):
    """Where the checkpoints of uploads are kept."""
    return tmp_path / "checkpoints"

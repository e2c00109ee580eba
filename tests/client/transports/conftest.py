"""A transport and a way to say requests shortly."""

import pytest

from cosbox.client.transports.base import HttpRequest, Timeouts
from cosbox.client.transports.curl import CurlTransport


@pytest.fixture
def transport():
    transport = CurlTransport(proxies={})
    yield transport
    transport.close()


@pytest.fixture
def ask(transport):
    """``ask(server, "GET", "/path", body=..., stream=...)``."""

    def ask(server, method="GET", target="/", *, timeouts=None, host="", **more):
        request = HttpRequest(method, "http", host or server.host, target, **more)
        return transport.send(request, timeouts or Timeouts(connect=5, stall=10))

    return ask

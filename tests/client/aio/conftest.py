"""The async transport, waited for, in the place of the other one."""

import pytest

from cosbox.client.transports.async_curl import AsyncCurlTransport
from cosbox.client.transports.base import HttpRequest, Timeouts
from support.awaiting import Awaited


@pytest.fixture
def transport():
    transport = Awaited(lambda: AsyncCurlTransport(proxies={}))
    yield transport
    transport.close()


@pytest.fixture
def ask(transport):
    """``ask(server, "GET", "/path", body=..., stream=...)``."""

    def ask(server, method="GET", target="/", *, timeouts=None, host="", **more):
        request = HttpRequest(method, "http", host or server.host, target, **more)
        return transport.send(request, timeouts or Timeouts(connect=5, stall=10))

    return ask

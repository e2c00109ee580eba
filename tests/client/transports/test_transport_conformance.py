"""The suite of all transports, over HTTP and in the process."""

import pytest

from client.transports.transport_suite import BUCKET, TransportSuite
from cosbox.client.transports.curl import CurlTransport
from cosbox.client.transports.inprocess import InProcessTransport
from support.serving import Serving, signed


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    with Serving(tmp_path_factory.mktemp("served")) as serving:
        yield serving
        serving.end()


class TestCurl(TransportSuite):
    @pytest.fixture
    def transport(self, serving):
        type(self).host = f"127.0.0.1:{serving.port}"
        transport = CurlTransport(proxies={})
        yield transport
        for path in (f"/{BUCKET}/k", f"/{BUCKET}"):
            self.ask(transport, "DELETE", path)
        transport.close()

    def headers(self, method, path):
        return {name.lower(): value for name, value in signed(method, path).items()}


class TestInProcess(TransportSuite):
    @pytest.fixture
    def transport(self, tmp_path):
        transport = InProcessTransport.open(tmp_path, appid="1250000000")
        yield transport
        transport.close()

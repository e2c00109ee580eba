"""A connection that an interrupt closed is not handed out again."""

import pytest

from cosbox.client.transports import curl_exchange
from cosbox.client.transports.base import HttpRequest, HttpResponse, Timeouts
from cosbox.client.transports.curl import CurlTransport
from support.rawserver import RawServer


@pytest.mark.parametrize("stream", [False, True])
def test_an_interrupt_as_the_answer_is_made(monkeypatch, stream):
    interrupts = [KeyboardInterrupt()]

    def interrupted(*arguments, **named):
        if interrupts:
            raise interrupts.pop()
        return HttpResponse(*arguments, **named)

    monkeypatch.setattr(curl_exchange, "HttpResponse", interrupted)
    transport = CurlTransport(proxies={})
    try:
        with RawServer() as server:
            request = HttpRequest("GET", "http", server.host, "/", stream=stream)
            with pytest.raises(KeyboardInterrupt):
                transport.send(request, Timeouts(connect=5, stall=10))
            # The interrupt and its frames, which hold the body, are gone by now.
            for _ in range(3):
                answer = transport.send(request, Timeouts(connect=5, stall=10))
                assert answer.status == 200
                if answer.stream:
                    assert answer.stream.read() == b""
    finally:
        transport.close()

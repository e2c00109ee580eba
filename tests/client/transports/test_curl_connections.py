"""How connections are kept, shared, and let go; and that no interrupt is lost on them."""

import subprocess
import sys
import textwrap

import pytest

from cosbox.client.bodies import BytesBody
from cosbox.client.transports.base import HttpRequest, Timeouts
from cosbox.client.transports.curl import CurlTransport
from cosbox.protocol.errors import ParameterError, TransportError, TransportTimeoutError
from support.rawhttp import wait_until
from support.rawserver import RawServer, answers

LIMITS = Timeouts(connect=5, stall=10)


@pytest.fixture
def curl():
    transport = CurlTransport(proxies={}, pool_size=4)
    yield transport
    transport.close()


def get(transport, server, *, stream=False, timeouts=LIMITS, **more):
    request = HttpRequest("GET", "http", server.host, "/", stream=stream, **more)
    return transport.send(request, timeouts)


def test_streams_and_whole_answers_share_connections(curl):
    with RawServer() as server:
        for _ in range(5):
            get(curl, server)
            get(curl, server, stream=True).stream.read()
    assert server.accepted == 1


def test_a_fresh_connection_takes_the_place_of_the_one_there_was(curl):
    ended = []

    def until_it_ends(conn):
        while conn.head():
            conn.answer(b"")
        ended.append(conn)

    with RawServer(until_it_ends) as server:
        for _ in range(5):
            get(curl, server)
            get(curl, server, once=True)
        wait_until(lambda: len(ended) == server.accepted - 1)
    assert server.accepted == 6


def test_each_place_has_its_own(curl):
    with RawServer() as one, RawServer() as other:
        for _ in range(5):
            get(curl, one)
            get(curl, other)
    assert (one.accepted, other.accepted) == (1, 1)


def test_idle_connections_are_limited(curl):
    servers = [RawServer() for _ in range(6)]
    for server in servers:
        with server:
            get(curl, server)
    assert len(curl._idle) == 4


def big(conn):
    while conn.head():
        conn.answer(bytes(30_000_000))


def test_streams_that_are_open_when_the_transport_is_closed(curl):
    with RawServer(big) as server:
        stream = get(curl, server, stream=True).stream
        curl.close()
        assert len(stream.read()) == 30_000_000
        with pytest.raises(ParameterError, match="closed"):
            get(curl, server)
    assert len(curl._idle) == 0


def test_reading_nothing_reads_nothing(curl):
    with RawServer(big) as server:
        stream = get(curl, server, stream=True).stream
        assert stream.read(0) == b""
        assert len(stream.read()) == 30_000_000


def test_fractions_of_a_second(curl):
    def script(conn):
        conn.head()
        conn.wait()

    with RawServer(script) as server:
        for stream in (False, True):
            with pytest.raises(TransportTimeoutError, match=r"no byte moved for 0.2 s"):
                get(curl, server, stream=stream, timeouts=Timeouts(connect=5, stall=0.2))
        server.ended.set()


def test_an_upload_that_moves_slowly_is_no_stall(curl):
    def script(conn):
        conn.head()
        left = 12_000_000
        while left:
            left -= len(conn.body(min(left, 500_000)))
            conn.server.ended.wait(0.08)
        conn.answer(b"done")

    with RawServer(script) as server:
        body = BytesBody(bytes(12_000_000))
        request = HttpRequest("PUT", "http", server.host, "/", body=body)
        assert curl.send(request, Timeouts(connect=5, stall=1.2)).body == b"done"


def test_a_tunnel_hears_nothing_of_the_request(curl):
    def script(conn):
        conn.head()
        conn.send(b"HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n")
        conn.wait()

    def refuse(conn):
        conn.head()
        conn.answer(b"no", b"502 Bad Gateway")

    headers = {"authorization": "secret"}
    request = HttpRequest("GET", "https", "b.cos.test", "/key", headers=headers, stream=True)
    for proxy in (RawServer(script), RawServer(refuse)):
        with proxy:
            transport = CurlTransport(proxies={"https": f"http://{proxy.host}"})
            # What the proxy says is not taken for the answer.
            with pytest.raises(TransportError) as caught:
                transport.send(request, Timeouts(connect=0.5, stall=5))
            transport.close()
            proxy.ended.set()
        assert caught.value.unsent
        assert proxy.heads[0].startswith(b"CONNECT b.cos.test:443 HTTP/1.1")
        assert b"secret" not in proxy.heads[0]


INTERRUPTED_OFTEN = """
    import random, signal, sys
    from cosbox.client.transports import curl_exchange  # what loads modules has callbacks too
    from cosbox.client.transports.base import HttpRequest, Timeouts
    from cosbox.client.transports.curl import CurlTransport

    class Fresh:
        length = None
        replayable = True
        def __init__(self): self.left = 20
        def read(self, size):
            self.left -= 1
            return b"x" * 1000 if self.left > 0 else b""
        def rewind(self): self.left = 20

    def interrupt(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, interrupt)
    transport = CurlTransport(proxies={})
    kinds = [("PUT", False), ("GET", False), ("GET", True), ("PUT", True)]
    luck = random.Random(5)
    caught = 0
    for turn in range(400):
        method, stream = kinds[turn % 4]
        body = None
        try:
            signal.setitimer(signal.ITIMER_REAL, luck.uniform(0.0001, 0.003))
            for _ in range(2000):
                body = Fresh() if method == "PUT" else None
                answer = transport.send(
                    HttpRequest(method, "http", sys.argv[1], "/", body=body, stream=stream),
                    Timeouts(connect=5, stall=5),
                )
                if answer.stream:
                    answer.stream.read()
                    answer.stream.close()
        except KeyboardInterrupt:
            caught += 1
    print(caught)
"""


def test_callbacks_of_libcurl_lose_no_interrupt():
    """Python itself drops what is raised in a destructor or in a weak reference's callback, and
    says so; everywhere else an interrupt comes out."""
    with RawServer(answers) as server:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(INTERRUPTED_OFTEN), server.host],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    dropped = [line for line in done.stderr.splitlines() if "Exception ignored in" in line]
    assert all("__del__" in line or "WeakSet" in line for line in dropped), done.stderr
    assert done.stderr.count("KeyboardInterrupt") == len(dropped), done.stderr
    assert int(done.stdout) + len(dropped) == 400

"""Which limit passed, what it covers, and whether the request may have been received."""

import socket
import time

import pytest

from cosbox.client.bodies import BytesBody, StreamedBody
from cosbox.client.transports.base import Timeouts
from cosbox.protocol.errors import TransportTimeoutError
from support.rawserver import RawServer


@pytest.fixture
def full():
    """A listener that takes no more connections."""

    class Full:
        def __init__(self):
            self.listener = socket.socket()
            self.listener.bind(("127.0.0.1", 0))
            self.listener.listen(0)
            self.host = f"127.0.0.1:{self.listener.getsockname()[1]}"
            self.waiting = []
            for _ in range(3):
                waiting = socket.socket()
                waiting.setblocking(False)
                waiting.connect_ex(self.listener.getsockname())
                self.waiting.append(waiting)

    full = Full()
    yield full
    for sock in [*full.waiting, full.listener]:
        sock.close()


@pytest.mark.parametrize("stream", [False, True])
def test_a_request_on_a_used_connection_was_sent(ask, stream):
    """Were it taken for unsent, a retry would do it twice."""

    def script(conn):
        conn.head()
        conn.answer(b"first")
        conn.head()
        conn.wait()

    with RawServer(script) as server:
        first = ask(server, stream=stream)
        if first.stream:
            first.stream.read()
        with pytest.raises(TransportTimeoutError, match="no byte moved for 1 s") as caught:
            ask(server, stream=stream, timeouts=Timeouts(connect=5, stall=1))

    assert not caught.value.unsent
    assert len(server.heads) == 2
    assert server.accepted == 1


@pytest.mark.parametrize("stream", [False, True])
def test_the_limit_for_everything_on_a_used_connection(ask, stream):
    def script(conn):
        conn.head()
        conn.answer(b"first")
        conn.head()
        conn.wait()

    with RawServer(script) as server:
        first = ask(server, stream=stream)
        if first.stream:
            first.stream.read()
        with pytest.raises(TransportTimeoutError, match=r"not done within 0\.5 s") as caught:
            ask(server, stream=stream, timeouts=Timeouts(connect=5, stall=10, total=0.5))

    assert not caught.value.unsent


@pytest.mark.parametrize("stream", [False, True])
def test_connecting_is_no_stall(ask, full, stream):
    with pytest.raises(TransportTimeoutError, match=r"no connection within 1\.5 s") as caught:
        ask(full, stream=stream, timeouts=Timeouts(connect=1.5, stall=0.5))

    assert caught.value.unsent


def test_the_limit_for_everything_leaves_out_a_streamed_body(ask):
    def script(conn):
        conn.head()
        conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
        for _ in range(8):
            conn.send(b"x")
            time.sleep(0.3)  # together longer than the limit, each shorter than a stall

    with RawServer(script) as server:
        stream = ask(server, stream=True, timeouts=Timeouts(connect=5, stall=5, total=2)).stream
        assert stream.read() == b"x" * 8


def test_a_reader_that_naps_is_no_stall(ask):
    size = 8_000_000

    def script(conn):
        conn.head()
        conn.answer(bytes(size))

    with RawServer(script) as server:
        stream = ask(server, stream=True, timeouts=Timeouts(connect=5, stall=1)).stream
        got = len(stream.read(1000))
        for _ in range(2):
            time.sleep(1.5)
            for _ in range(20):
                got += len(stream.read(65536))
        assert got + len(stream.read()) == size


def test_a_source_that_naps_is_no_stall(ask):
    pieces = iter([b"abc", b"def", b""])

    def pull(_size):
        time.sleep(1.5)
        return next(pieces)

    with RawServer() as server:
        answer = ask(
            server, "PUT", body=StreamedBody(pull, None), timeouts=Timeouts(connect=5, stall=1)
        )
        assert answer.body == b"abcdef"


def test_a_slow_upload_whose_answer_is_streamed(ask):
    size = 20_000_000

    def script(conn):
        conn.head()
        for _ in range(40):
            conn.body(size // 40)
            time.sleep(0.04)
        conn.answer(b"took it")

    with RawServer(script) as server:
        answer = ask(
            server,
            "PUT",
            stream=True,
            body=BytesBody(bytes(size)),
            timeouts=Timeouts(connect=5, stall=1),
        )
        assert answer.stream.read() == b"took it"

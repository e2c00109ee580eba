"""Peers that fail, in every phase, and what the caller is told."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from cosbox.client.bodies import BytesBody, StreamedBody
from cosbox.client.transports.base import Timeouts
from cosbox.protocol.errors import ParameterError, TransportError, TransportTimeoutError
from support.rawserver import RawServer, answers


def read(answer):
    return answer.stream.read() if answer.stream else answer.body


def test_refused(ask):
    with RawServer() as server:
        pass

    with pytest.raises(TransportError, match=f"127.0.0.1:{server.port}") as caught:
        ask(server)
    assert caught.value.unsent
    assert caught.value.__cause__ is not None


def test_a_name_that_is_none(ask):
    with RawServer() as server, pytest.raises(TransportError, match="nowhere") as caught:
        ask(server, host="nowhere.invalid")
    assert caught.value.unsent


@pytest.mark.parametrize("stream", [False, True])
def test_a_body_that_breaks_off(ask, stream):
    def script(conn):
        conn.head()
        conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")

    with RawServer(script, answers) as server:
        with pytest.raises(TransportError, match="9"):
            read(ask(server, stream=stream))
        assert ask(server, stream=stream).status == 200


def test_a_chunked_stream_that_breaks_off(ask):
    def script(conn):
        conn.head()
        conn.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n")

    with RawServer(script) as server, pytest.raises(TransportError):
        read(ask(server, stream=True))


def once_and_close(conn):
    """Answer one request and close: the connection is stale when it is used again."""
    conn.head()
    conn.answer(b"first")


def test_a_stale_connection_is_replaced(ask):
    with RawServer(once_and_close, answers) as server:
        ask(server)
        time.sleep(0.05)
        data = b"again" * 1000
        assert ask(server, "PUT", body=BytesBody(data)).body == data

    assert server.accepted == 2


def test_a_body_that_comes_once_is_not_sent_twice(ask):
    def script(conn):
        conn.head()
        conn.answer(b"first")
        conn.head()
        conn.body(3)
        conn.reset()

    pieces = iter([b"abc", b"def", b""])
    with RawServer(script, answers) as server:
        ask(server)
        with pytest.raises(TransportError):
            ask(server, "PUT", body=StreamedBody(lambda _size: next(pieces), 6))
        assert ask(server).status == 200


def test_an_early_answer_during_a_large_upload(ask):
    def script(conn):
        conn.head()
        conn.body(100_000)
        conn.answer(b"<Error/>", b"403 Forbidden", b"Connection: close\r\n")
        # As a careful server does it: listen on until the client has read the answer.
        conn.sock.shutdown(socket.SHUT_WR)
        while conn.sock.recv(1 << 20):
            pass

    with RawServer(script) as server:
        answer = ask(server, "PUT", body=BytesBody(bytes(50_000_000)))

    assert (answer.status, answer.body) == (403, b"<Error/>")


@pytest.mark.parametrize("error", [ValueError("odd"), KeyboardInterrupt(), SystemExit(3)])
def test_what_a_body_raises_comes_out(ask, error):
    def pull(size):
        if pull.calls:
            raise error
        pull.calls += 1
        return b"x" * 10

    pull.calls = 0
    with RawServer() as server:
        with pytest.raises(type(error)) as caught:
            ask(server, "PUT", body=StreamedBody(pull, 1000))
        assert caught.value is error
        assert ask(server).status == 200

    assert server.accepted == 2


def test_a_body_that_gives_more_than_was_asked_for(ask):
    with RawServer() as server, pytest.raises(TransportError, match="5000000 bytes where"):
        ask(server, "PUT", body=StreamedBody(lambda _size: bytes(5_000_000), None))


class Short:
    """Promises more than it has."""

    length = 100
    replayable = False

    def __init__(self):
        self.pieces = [b"1234567890", b""]

    def read(self, size):
        return self.pieces.pop(0)

    def rewind(self):
        raise AssertionError


def test_a_body_shorter_than_its_length(ask):
    with RawServer() as server:
        with pytest.raises(TransportError, match="10 of 100"):
            ask(server, "PUT", body=Short())
        assert ask(server).status == 200

    assert server.accepted == 2


def stalls(conn):
    """Take the head, and do nothing more."""
    conn.head()
    conn.wait()


def stalls_in_body(conn):
    conn.head()
    conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
    conn.wait()


@pytest.mark.parametrize("script", [stalls, stalls_in_body])
@pytest.mark.parametrize("stream", [False, True])
def test_a_peer_that_stands_still(ask, script, stream):
    with RawServer(script) as server:
        with pytest.raises(TransportTimeoutError, match=r"no byte moved for 1") as caught:
            read(ask(server, stream=stream, timeouts=Timeouts(connect=5, stall=1)))
        server.ended.set()
    assert not caught.value.unsent


def test_a_peer_that_stops_reading(ask):
    with RawServer(stalls) as server:
        body = BytesBody(bytes(30_000_000))
        with pytest.raises(TransportTimeoutError, match="no byte moved"):
            ask(server, "PUT", body=body, timeouts=Timeouts(connect=5, stall=1))
        server.ended.set()


def test_a_limit_for_everything(ask):
    def script(conn):
        conn.head()
        conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not conn.server.ended.wait(0.05):
            conn.send(b".")

    with RawServer(script) as server:
        with pytest.raises(TransportTimeoutError, match=r"not done within 0.5 s"):
            ask(server, timeouts=Timeouts(connect=5, stall=10, total=0.5))
        server.ended.set()


def test_a_peer_that_does_not_accept(ask):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        full = []
        try:
            for _ in range(3):  # fill the backlog; further connects get no answer
                sock = socket.socket()
                sock.setblocking(False)
                sock.connect_ex(("127.0.0.1", port))
                full.append(sock)
            time.sleep(0.1)
            with pytest.raises(TransportTimeoutError, match=r"no connection within 0.5") as caught:
                ask(None, host=f"127.0.0.1:{port}", timeouts=Timeouts(connect=0.5, stall=10))
        finally:
            for sock in full:
                sock.close()
    assert caught.value.unsent


def test_after_close(transport, ask):
    with RawServer() as server:
        ask(server)
        transport.close()
        transport.close()
        with pytest.raises(ParameterError, match="closed"):
            ask(server)


INTERRUPTED = """
    import sys
    from cosbox.client.bodies import BytesBody
    from cosbox.client.transports.base import HttpRequest, Timeouts
    from cosbox.client.transports.curl import CurlTransport

    transport = CurlTransport(proxies={})
    kind, host = sys.argv[1:]
    body = BytesBody(bytes(50_000_000)) if kind == "upload" else None
    request = HttpRequest("PUT" if body else "GET", "http", host, "/", body=body,
                          stream=kind == "stream")
    print("ready", flush=True)
    try:
        answer = transport.send(request, Timeouts())
        if answer.stream:
            answer.stream.read()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@pytest.mark.parametrize(
    ("kind", "script"),
    [
        ("wait", stalls), ("upload", stalls), ("download", stalls_in_body),
        ("stream", stalls_in_body), ("stream", stalls),
    ],
)  # fmt: skip
def test_ctrl_c(kind, script):
    with RawServer(script) as server:
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(INTERRUPTED), kind, server.host],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        with child:
            assert child.stdout.readline() == "ready\n"
            while not server.heads:
                time.sleep(0.01)
            time.sleep(0.3)
            child.send_signal(signal.SIGINT)
            out, err = child.communicate(timeout=10)
        server.ended.set()

    assert (out, err) == ("interrupted\n", "")


def test_many_threads_share_a_transport(ask):
    failures = []

    def work(number):
        data = f"{number}".encode() * 1000
        for _ in range(5):
            if ask(server, "PUT", body=BytesBody(data)).body != data:
                failures.append(number)
            if ask(server, stream=True).stream.read() != b"":
                failures.append(number)

    with RawServer() as server:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert failures == []


def test_a_child_uses_the_transport_of_its_parent(ask):
    with RawServer() as server:
        ask(server)
        ask(server, stream=True).stream.read()
        pid = os.fork()
        if not pid:
            status = 1
            try:
                same = ask(server, "PUT", body=BytesBody(b"child")).body == b"child"
                stream = ask(server, "PUT", body=BytesBody(b"s"), stream=True).stream
                status = 0 if same and stream.read() == b"s" else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert ask(server, "PUT", body=BytesBody(b"parent")).body == b"parent"

    assert server.accepted == 2  # one of the parent, one of the child


def test_connections_are_used_again(ask):
    with RawServer() as server:
        for _ in range(5):
            ask(server, "PUT", body=BytesBody(b"x"))
            ask(server, stream=True).stream.read()

    assert server.accepted == 1


def test_a_stream_that_is_left_early(ask):
    def script(conn):
        while conn.head():
            conn.answer(bytes(50_000_000))

    with RawServer(script) as server:
        stream = ask(server, stream=True).stream
        stream.read(10)
        stream.close()
        assert stream.read() == b""
        del stream
        ask(server, stream=True)  # never read, and dropped
        assert len(ask(server, stream=True).stream.read()) == 50_000_000

    assert server.accepted == 3


def test_more_descriptors_than_select_knows(ask):
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        with RawServer() as server:
            body = BytesBody(bytes(1_000_000))
            assert len(ask(server, "PUT", body=body, stream=True).stream.read()) == 1_000_000
            assert len(ask(server, "PUT", body=BytesBody(bytes(10))).body) == 10
    finally:
        for descriptor in held:
            os.close(descriptor)


def test_a_child_cannot_go_on_with_a_body_of_its_parent(ask):
    size = 20_000_000

    def script(conn):
        conn.head()
        conn.answer(bytes(size))

    with RawServer(script, answers) as server:
        stream = ask(server, stream=True).stream
        got = len(stream.read(1000))
        pid = os.fork()
        if not pid:
            status = 1
            try:
                with pytest.raises(TransportError):
                    stream.read()
                status = 0 if ask(server).status == 200 else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert got + len(stream.read()) == size

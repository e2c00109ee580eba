"""Bodies that stream, stall or break off, answers that do, and what happens to the connection."""

import logging
import resource
import socket
import time

import pytest

from cosbox.server.http.exchange import ClientGone
from cosbox.server.http.limits import Limits
from support.asgi import Bench
from support.rawhttp import Running, wait_until

QUICK = Limits(
    header_timeout=0.6,
    idle_timeout=0.8,
    body_timeout=0.6,
    write_timeout=0.6,
    min_rate=4,
    linger_timeout=0.4,
    connections=400,
)


@pytest.fixture
def bench():
    return Bench()


@pytest.fixture
def running(bench):
    with Running(bench, Limits()) as running:
        yield running


@pytest.fixture
def quick(bench):
    with Running(bench, QUICK) as running:
        yield running


def put(path, size, extra=b""):
    return b"PUT %b HTTP/1.1\r\nHost: h\r\n%bContent-Length: %d\r\n\r\n" % (path, extra, size)


def get(path):
    return b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n" % path


EXPECT = b"Expect: 100-continue\r\n"


def test_continue_is_said_when_the_app_asks_for_the_body(running):
    with running.client() as client:
        client.send(put(b"/echo", 2, EXPECT))
        assert client.file.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert client.file.readline() == b"\r\n"
        client.send(b"hi")
        assert client.reply().body == b"hi"
        client.send(get(b"/echo"))
        assert client.reply().status == 200


def test_continue_is_not_said_when_the_app_does_not_ask(running):
    with running.client() as client:
        client.send(put(b"/early", 2, EXPECT))
        reply = client.reply()
        assert (reply.status, reply.body) == (403, b"early")
        assert reply.headers["Connection"] == "close"
        assert client.closed()


def test_continue_is_not_said_when_the_body_is_there(running):
    with running.client() as client:
        client.send(put(b"/echo", 2, EXPECT) + b"hi")
        assert client.reply().body == b"hi"


def test_a_small_body_left_unread_keeps_the_connection(running):
    with running.client() as client:
        client.send(put(b"/early", 6))
        assert client.reply().headers["Connection"] == "keep-alive"
        client.send(b"GET / " + get(b"/echo"))
        assert client.reply().body == b""


def test_an_early_answer_is_seen_by_a_client_that_still_sends(running):
    with running.client() as client:
        client.send(put(b"/early", 50_000_000))
        client.send(bytes(900_000))
        reply = client.reply()
        assert (reply.status, reply.body) == (403, b"early")
        assert reply.headers["Connection"] == "close"
        assert client.closed()


def test_a_body_cut_short_is_no_end(running, bench):
    chunked = b"PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    for data in (put(b"/echo", 10) + b"12345", chunked + b"5\r\nhello\r\n"):
        with running.client() as client:
            client.send(data)
            client.sock.shutdown(socket.SHUT_WR)
            reply = client.reply()
            assert (reply.status, reply.code) == (400, "IncompleteBody")
            assert client.closed()
    with running.client() as client:
        client.send(b"PUT / HTTP/1.1\r\nHost: h\r\n")
        client.sock.shutdown(socket.SHUT_WR)
        assert client.closed()
    wait_until(lambda: len(bench.reasons) == 2)
    assert bench.reasons == ["cut", "cut"]
    assert len(bench.scopes) == 2


def send_until_full(sock, piece, most):
    """Send until nothing more is taken; returns how much was."""
    sent = 0
    try:
        while sent < most:
            sent += sock.send(piece)
    except TimeoutError:
        pass
    return sent


def test_a_large_body_waits_until_the_app_takes_it(running, bench):
    size = 64 << 20
    with running.client() as client:
        client.send(put(b"/lazy", size))
        client.sock.settimeout(0.5)
        sent = send_until_full(client.sock, bytes(1 << 20), size)
        assert sent < size // 2
        client.sock.settimeout(20)
        bench.release.set()
        while sent < size:
            sent += client.sock.send(bytes(min(1 << 20, size - sent)))
        assert client.reply().body == b"%d" % size


def test_tiny_chunks_fill_the_buffer_too(running, bench):
    with running.client() as client:
        client.send(b"PUT /lazy HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.sock.settimeout(0.5)
        piece = b"1\r\na\r\n" * 10_000
        sent = send_until_full(client.sock, piece, 30_000_000)
        assert sent < 30_000_000
        client.sock.settimeout(20)
        bench.release.set()
        rest = -sent % 6
        client.send(piece[6 - rest :] if rest else b"")
        client.send(b"0\r\n\r\n")
        assert client.reply().body == b"%d" % ((sent + rest) // 6)
        assert max(bench.sizes) > 1000


def test_an_app_that_fails_before_the_head(running, caplog):
    with caplog.at_level(logging.ERROR, logger="cosbox.http"):
        for path in (b"/crash", b"/silent", b"/inject"):
            reply = running.refused(get(path))
            assert (reply.status, reply.code) == (500, "InternalError")
    assert len(caplog.records) == 3
    assert "broke down" in caplog.text


@pytest.mark.parametrize("path", [b"/stop", b"/halt", b"/lies"])
def test_an_app_that_fails_after_the_head_truncates(running, path):
    with running.client() as client:
        client.send(get(path))
        with pytest.raises(EOFError):
            client.reply()


def test_an_answer_that_ends_with_the_connection_is_reset_when_it_fails(running):
    with running.client() as client:
        client.send(b"GET /halt HTTP/1.0\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            client.reply()


def test_a_client_that_leaves_stops_the_app(running, bench):
    with running.client(receive_buffer=4096) as client:
        client.send(get(b"/big/2000"))
        client.head()
    wait_until(lambda: bench.errors)
    assert isinstance(bench.errors[0], ClientGone)
    assert len(bench.sizes) < 200


def test_large_answers_arrive_whole(running):
    with running.client() as client:
        for _ in range(2):
            client.send(get(b"/big/20"))
            assert client.reply().body == bytes(20 << 20)


def test_a_slow_reader_holds_the_app_back(running, bench):
    with running.client(receive_buffer=4096) as client:
        client.send(get(b"/big/500"))
        client.head()
        time.sleep(0.3)
        assert len(bench.sizes) < 20


def test_a_half_sent_header_times_out(quick):
    for data in (b"G", b"GET / HTTP/1.1\r\nHost: h\r\n"):
        with quick.client() as client:
            client.send(data)
            reply = client.reply()
            assert (reply.status, reply.code) == (400, "RequestTimeout")
            assert client.closed()


def test_a_header_that_trickles_times_out(quick):
    with quick.client() as client:
        client.send(b"GET / HTTP/1.1\r\n")
        client.sock.settimeout(0.02)
        for _ in range(200):
            client.send(b"X: y\r\n")
            try:
                head = client.sock.recv(100)
                break
            except TimeoutError:
                continue
        assert head.startswith(b"HTTP/1.1 400 ")


def test_idle_connections_are_closed_in_silence(quick):
    with quick.client() as fresh, quick.client() as used:
        used.send(get(b"/echo"))
        used.reply()
        assert fresh.closed()
        assert used.closed()


def test_a_body_that_stalls_ends_the_request(quick, bench):
    with quick.client() as client:
        client.send(put(b"/echo", 10) + b"12345")
        reply = client.reply()
        assert (reply.status, reply.code) == (400, "RequestTimeout")
        assert client.closed()
    assert bench.reasons == ["stalled"]


def test_the_app_may_answer_a_stalled_body_itself(quick):
    with quick.client() as client:
        client.send(put(b"/timeout", 10) + b"12345")
        reply = client.reply()
        assert (reply.status, reply.body) == (408, b"own words")
        assert client.closed()


def test_a_body_that_trickles_is_no_stall(quick):
    with quick.client() as client:
        client.send(put(b"/echo", 12))
        for _ in range(12):
            time.sleep(0.1)
            client.send(b"x")
        assert client.reply().body == b"x" * 12


def test_a_slow_app_is_no_stall(quick, bench):
    with quick.client() as client:
        client.send(put(b"/lazy", 10) + b"12345")
        time.sleep(1.2)
        bench.release.set()
        client.send(b"67890")
        assert client.reply().body == b"10"


def test_an_unread_body_that_stalls_is_closed(quick):
    with quick.client() as client:
        client.send(put(b"/early", 10))
        assert client.reply().headers["Connection"] == "keep-alive"
        assert client.closed()


def test_a_client_that_does_not_read_is_cut(quick, bench):
    with quick.client(receive_buffer=4096) as client:
        client.send(get(b"/big/500"))
        wait_until(lambda: bench.errors)
        assert isinstance(bench.errors[0], ClientGone)
        with pytest.raises((EOFError, ConnectionError)):
            client.reply()


def test_a_slow_reader_is_not_cut(quick):
    with quick.client(receive_buffer=65536) as client:
        client.send(get(b"/big/8"))
        _, _, headers = client.head()
        left = int(headers["Content-Length"])
        began = time.monotonic()
        while left:
            if time.monotonic() < began + 2:
                time.sleep(0.1)
            piece = client.file.read(min(left, 200_000))
            assert piece
            left -= len(piece)
        assert time.monotonic() > began + 1.5


def test_connections_over_the_limit_get_slow_down(bench):
    with Running(bench, Limits(connections=3)) as running:
        clients = [running.connect() for _ in range(3)]
        try:
            wait_until(lambda: len(running.server.server_state.connections) == 3)
            reply = running.refused(get(b"/echo"))
            assert (reply.status, reply.code) == (503, "SlowDown")
            assert running.refused(get(b"/echo")).code == "SlowDown"
            clients.pop().close()
            wait_until(lambda: len(running.server.server_state.connections) == 2)
            assert running.talk(get(b"/echo")).status == 200
        finally:
            for client in clients:
                client.close()


def test_hundreds_of_idle_connections_and_slow_readers(bench):
    with Running(bench, Limits()) as running:
        idle = [running.connect() for _ in range(300)]
        readers = [running.connect(receive_buffer=4096) for _ in range(20)]
        try:
            state = running.server.server_state
            wait_until(lambda: len(state.connections) == 320)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            for sock in idle:
                sock.sendall(get(b"/echo"))
                assert sock.recv(65536)
            for sock in readers:
                sock.sendall(get(b"/big/1000"))
            wait_until(lambda: len(bench.scopes) == 320)
            assert running.talk(get(b"/echo")).status == 200
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            assert grown < 100 * 1024
        finally:
            for sock in idle + readers:
                sock.close()


def test_a_shutdown_finishes_what_is_under_way_and_refuses_the_rest(bench):
    with (
        Running(bench, Limits()) as running,
        running.client() as slow,
        running.client() as idle,
        running.client() as half,
    ):
        half.send(b"GET /echo HTTP/1.1\r\n")
        idle.send(get(b"/echo"))
        idle.reply()
        slow.send(put(b"/slow", 4) + b"body")
        wait_until(lambda: len(bench.scopes) == 2)
        running.server.should_exit = True
        wait_until(lambda: running.listener.fileno() < 0)
        time.sleep(0.1)
        idle.send(get(b"/echo"))
        reply = idle.reply()
        assert (reply.status, reply.code) == (503, "ServiceUnavailable")
        assert idle.closed()
        bench.release.set()
        reply = slow.reply()
        assert (reply.status, reply.body) == (200, b"body")
        assert reply.headers["Connection"] == "close"
        assert slow.closed()
        assert half.reply().code == "ServiceUnavailable"
        assert half.closed()


def test_a_shutdown_with_nothing_under_way_is_quick(bench):
    with Running(bench, Limits()) as running, running.client() as idle:
        idle.send(get(b"/echo"))
        idle.reply()
        running.server.should_exit = True
        assert idle.closed()


def test_the_access_log_holds_no_query(bench, caplog):
    with (
        caplog.at_level(logging.INFO, logger="cosbox.access"),
        Running(bench, Limits(), access_log=True) as running,
    ):
        running.talk(get(b"/echo/%2Fa?q-signature=SECRET&uploads"))
        wait_until(lambda: caplog.records)
    assert '"GET /echo/%2Fa" 200 0 ' in caplog.text
    assert "SECRET" not in caplog.text

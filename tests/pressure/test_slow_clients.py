"""Clients that are slow, and a store that is: both come to an end, and others do not feel it."""

import contextlib
import logging
import socket
import time

import pytest

from cosbox.server.http.exchange import ClientGone
from cosbox.server.http.limits import Limits
from support.asgi import Bench
from support.rawhttp import Running, wait_until

PATIENT = {"header_timeout": 5, "idle_timeout": 5, "linger_timeout": 0.4}


@pytest.fixture
def bench():
    return Bench()


def put(path, size):
    return b"PUT %b HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % (path, size)


def get(path):
    return b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n" % path


def test_a_body_that_trickles_ends_the_request(bench):
    limits = Limits(**PATIENT, body_timeout=1.5, min_rate=1000)
    with Running(bench, limits) as running, running.client() as client:
        client.send(put(b"/echo", 1_000_000))
        client.sock.settimeout(0.05)
        reply = b""
        for _ in range(200):
            client.send(b"x")
            try:
                reply = client.sock.recv(65536)
                break
            except TimeoutError:
                continue
        assert reply.startswith(b"HTTP/1.1 400 ")
        assert b"<Code>UserNetworkTooSlow</Code>" in reply
        assert bench.reasons == ["slow"]
        assert running.talk(get(b"/echo")).status == 200


def test_a_body_that_waits_for_the_store_is_not_slow(bench):
    limits = Limits(**PATIENT, body_timeout=1.0, min_rate=1_000_000)
    with Running(bench, limits) as running, running.client() as client:
        client.send(put(b"/lazy", 10) + b"12345")
        time.sleep(2)  # longer than a body may stand still, if it were the client that waits
        bench.release.set()
        client.send(b"67890")
        assert client.reply().body == b"10"


def test_a_reader_that_sips_is_cut(bench):
    limits = Limits(**PATIENT, write_timeout=0.6, min_rate=1_000_000)
    with Running(bench, limits) as running, running.client(receive_buffer=4096) as client:
        client.send(get(b"/big/500"))
        client.head()
        until = time.monotonic() + 10
        with contextlib.suppress(ConnectionError):
            while not bench.errors and time.monotonic() < until:
                client.sock.recv(1000)
                time.sleep(0.02)  # a slow reader, and not one that stops
        wait_until(lambda: bench.errors)
        assert isinstance(bench.errors[0], ClientGone)


def test_an_answer_that_does_not_come_is_given_up(bench, caplog):
    limits = Limits(**PATIENT, answer_timeout=0.3)
    with caplog.at_level(logging.ERROR, logger="cosbox.http"), Running(bench, limits) as running:
        with running.client() as client:
            client.send(put(b"/lazy", 2) + b"12")
            reply = client.reply()
            assert (reply.status, reply.code) == (500, "InternalError")
            assert client.closed()
        assert "PUT /lazy takes too long" in caplog.text
        assert running.talk(get(b"/echo")).status == 200
        tasks = running.server.server_state.tasks
        assert len(tasks) == 1
        bench.release.set()
        wait_until(lambda: not tasks)


def test_what_was_given_up_still_counts(bench):
    """Else requests to a disk that hangs would pile up for as long as clients ask again."""
    limits = Limits(**PATIENT, answer_timeout=0.3, requests=2)
    with Running(bench, limits) as running:
        for _ in range(2):
            assert running.talk(put(b"/lazy", 2) + b"12").code == "InternalError"
        assert running.talk(get(b"/echo")).code == "SlowDown"
        bench.release.set()
        wait_until(lambda: not running.server.server_state.tasks)
        assert running.talk(get(b"/echo")).status == 200


def test_requests_over_the_limit_are_told_to_slow_down(bench):
    with Running(bench, Limits(requests=2, rest=0.1)) as running:
        with running.client() as first, running.client() as second, running.client() as third:
            for client in (first, second):
                client.send(put(b"/lazy", 2) + b"12")
            wait_until(lambda: len(bench.scopes) == 2)
            for _ in range(2):
                third.send(put(b"/echo", 2) + b"12" + get(b"/echo"))
                for _ in range(2):
                    reply = third.reply()
                    assert (reply.status, reply.code) == (503, "SlowDown")
                    assert reply.headers["Retry-After"] == "1"
                    assert reply.headers["Connection"] == "keep-alive"
            third.send(put(b"/echo", 100_000_000))
            assert third.reply().headers["Connection"] == "close"
            assert third.closed()
            bench.release.set()
            assert first.reply().body == second.reply().body == b"2"
        assert running.talk(put(b"/echo", 2) + b"12").body == b"12"
        assert len(bench.scopes) == 3


def test_who_asks_again_at_once_waits(bench):
    """Else refusing would keep the server busy. What is sent meanwhile is answered after it."""
    with (
        Running(bench, Limits(requests=1, rest=0.5)) as running,
        running.client() as holder,
        running.client() as client,
    ):
        holder.send(put(b"/lazy", 2) + b"12")
        wait_until(lambda: len(bench.scopes) == 1)
        began = time.monotonic()
        client.send(put(b"/echo", 2) + b"12")
        assert client.reply().code == "SlowDown"
        bench.release.set()
        assert holder.reply().body == b"2"
        for data in (b"3", b"4"):
            client.send(put(b"/echo", 1) + data)
        assert [client.reply().body for _ in range(2)] == [b"3", b"4"]
        assert time.monotonic() > began + 0.4
        client.send(get(b"/echo"))
        assert client.reply().status == 200


def test_pipelined_requests_in_great_number(bench):
    with (
        Running(bench, Limits(requests=1, rest=0.01)) as running,
        running.client() as holder,
        running.client() as client,
    ):
        holder.send(put(b"/lazy", 2) + b"12")
        wait_until(lambda: len(bench.scopes) == 1)
        client.send(get(b"/echo") * 200)
        for _ in range(20):
            assert client.reply().code == "SlowDown"
        bench.release.set()
        statuses = [client.reply().status for _ in range(180)]
        assert set(statuses) <= {200, 503}
        assert statuses[-1] == 200


@pytest.mark.parametrize("half_closed", [False, True])
def test_who_asks_on_and_does_not_read_waits(bench, half_closed):
    """Answers that nobody takes do not pile up; once they are taken, all arrive."""
    count = 600
    with Running(bench, Limits()) as running, running.client(receive_buffer=4096) as client:
        client.send(b"".join(get(b"/page/%d" % number) for number in range(count)))
        if half_closed:
            client.sock.shutdown(socket.SHUT_WR)
        time.sleep(0.7)  # past the end of its rest
        assert 1 <= len(bench.scopes) < count // 2
        for number in range(count):
            assert client.reply().body.rstrip() == b"%d" % number
        if half_closed:
            assert client.closed()


def test_a_client_that_leaves_while_requests_wait(bench):
    with Running(bench, Limits()) as running:
        with running.client(receive_buffer=4096) as client:
            client.send(get(b"/page/1") * 600)
            wait_until(lambda: bench.scopes)
        wait_until(lambda: not running.server.server_state.connections)
        begun = len(bench.scopes)
        assert running.talk(get(b"/echo")).status == 200
        assert len(bench.scopes) == begun + 1

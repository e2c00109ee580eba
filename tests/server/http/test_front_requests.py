"""Requests as they should be, and what the app gets to see of them."""

import json

import pytest

from cosbox.server.http.limits import Limits
from support.asgi import Bench
from support.rawhttp import Running


@pytest.fixture(scope="module")
def bench():
    return Bench()


@pytest.fixture(scope="module", params=["uvloop", "asyncio"])
def running(request, bench):
    with Running(bench, Limits(), loop=request.param) as running:
        yield running


def seen(running, data):
    reply = running.talk(data)
    assert reply.status == 200, reply
    return json.loads(reply.body)


def test_header_names_leave_as_the_app_spells_them(running):
    reply = running.talk(b"GET /echo HTTP/1.1\r\nHost: h\r\n\r\n")
    assert list(reply.headers) == [
        "ETag",
        "Last-Modified",
        "x-cos-Hash",
        "Content-Length",
        "Date",
        "Server",
        "Connection",
    ]
    assert reply.headers["x-cos-Hash"].encode("latin-1").decode() == "你"
    assert reply.headers["Server"] == "tencent-cos"
    assert reply.headers["Connection"] == "keep-alive"
    assert reply.headers["Date"].endswith(" GMT")
    assert (reply.status, reply.reason) == (200, "OK")


@pytest.mark.parametrize(
    "path",
    ["//a/../b/./c", "/%2e%2E/%2F?", "/a+b%20c%zz", "/;a=b,c!$&'()*~", "/%e4%bd%a0", "/a//", "/."],
)
def test_the_path_is_the_bytes_that_were_sent(running, path):
    target = "/scope" + path
    told = seen(running, f"GET {target} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    assert told["raw_path"] == target.partition("?")[0]


def test_the_query_is_the_bytes_that_were_sent(running):
    told = seen(running, b"GET /scope?a=%2F&b=?&&c+ HTTP/1.0\r\n\r\n".replace(b"+ ", b"+ "))
    assert told["query"] == "a=%2F&b=?&&c+"
    assert told["version"] == "1.0"


def test_the_decoded_path_is_unicode(running):
    told = seen(running, b"GET /scope/%E4%BD%A0%20%FF HTTP/1.1\r\nHost: h\r\n\r\n")
    assert told["path"] == "/scope/你 �"


def test_header_values_lose_the_blanks_around_them(running):
    told = seen(running, b"GET /scope HTTP/1.1\r\nHost: h\r\nX-A: \t a b \t \r\nx-B:\r\n\r\n")
    assert told["headers"] == [["host", "h"], ["x-a", "a b"], ["x-b", ""]]


def test_raw_bytes_in_a_header_reach_the_app(running):
    told = seen(running, "GET /scope HTTP/1.1\r\nHost: h\r\nx-cos-meta-a: 你\r\n\r\n".encode())
    assert dict(told["headers"])["x-cos-meta-a"].encode("latin-1").decode() == "你"


@pytest.mark.parametrize("scheme", ["http", "HTTP", "https"])
def test_an_absolute_target_overrides_the_host(running, scheme):
    told = seen(
        running,
        f"GET {scheme}://b-125.cos.ap-x.myqcloud.com:80/scope//k?x=1 HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\nX: y\r\n\r\n".encode(),
    )
    assert (told["raw_path"], told["query"]) == ("/scope//k", "x=1")
    assert told["headers"] == [["host", "b-125.cos.ap-x.myqcloud.com:80"], ["x", "y"]]


def test_an_absolute_target_may_lack_a_path(running, bench):
    assert running.talk(b"GET http://h?list HTTP/1.0\r\n\r\n").status == 200
    assert bench.scopes[-1]["raw_path"] == b"/"
    assert bench.scopes[-1]["query_string"] == b"list"
    assert bench.scopes[-1]["headers"] == [(b"host", b"h")]


def test_head_keeps_the_length_and_has_no_body(running):
    with running.client() as client:
        client.send(b"HEAD /status/200 HTTP/1.1\r\nHost: h\r\n\r\n" * 2)
        for _ in range(2):
            reply = client.reply(head=True)
            assert reply.headers["Content-Length"] == "12"


@pytest.mark.parametrize(("status", "length"), [(204, None), (304, "12")])
def test_answers_without_a_body(running, status, length):
    with running.client() as client:
        client.send(f"GET /status/{status} HTTP/1.1\r\nHost: h\r\n\r\n".encode() * 2)
        for _ in range(2):
            reply = client.reply()
            assert reply.status == status
            assert reply.headers.get("Content-Length") == length


def test_a_body_of_unknown_length_is_chunked(running):
    with running.client() as client:
        client.send(b"GET /pieces HTTP/1.1\r\nHost: h\r\n\r\n")
        reply = client.reply()
        assert reply.headers["Transfer-Encoding"] == "chunked"
        assert reply.body == b"".join(b"%d" % n * 10 for n in range(10))
        client.send(b"GET /echo HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.reply().status == 200


def test_an_old_client_gets_it_until_the_end(running):
    with running.client() as client:
        client.send(b"GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        reply = client.reply()
        assert "Transfer-Encoding" not in reply.headers
        assert reply.headers["Connection"] == "close"
        assert len(reply.body) == 100


def test_an_old_client_closes_unless_it_asks_to_stay(running):
    with running.client() as client:
        client.send(b"GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert client.reply().headers["Connection"] == "keep-alive"
        client.send(b"GET /echo HTTP/1.0\r\n\r\n")
        assert client.reply().headers["Connection"] == "close"
        assert client.closed()


def test_a_client_that_asks_to_close_is_closed(running):
    with running.client() as client:
        client.send(b"GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert client.reply().headers["Connection"] == "close"
        assert client.closed()


def test_pipelined_requests_are_answered_in_order(running):
    count = 500
    with running.client() as client:
        client.send(
            b"".join(
                b"PUT /echo/%d HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%d"
                % (number, len(str(number)), number)
                for number in range(count)
            )
        )
        for number in range(count):
            assert client.reply().body == b"%d" % number


def test_pipelined_chunked_bodies_are_answered_in_order(running):
    count = 200
    body = b"3;ext=1\r\nabc\r\n1\r\n%d\r\n0\r\nTrailer: x\r\n\r\n"
    with running.client() as client:
        head = b"PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.send(b"".join(head + body % (number % 10) for number in range(count)))
        for number in range(count):
            assert client.reply().body == b"abc%d" % (number % 10)


def test_a_request_in_single_bytes(running):
    with running.client() as client:
        for (
            byte
        ) in b"\r\nPUT /echo?x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET / HTTP":
            client.send(bytes([byte]))
        assert client.reply().body == b"abc"


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 3_000_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_go_there_and_back(running, size, chunked):
    body = bytes(range(256)) * (size // 256 + 1)
    body = body[:size]
    with running.client() as client:
        for _ in range(2):
            if chunked:
                client.send(b"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
                for at in range(0, size, 70_000):
                    piece = body[at : at + 70_000]
                    client.send(b"%X\r\n%b\r\n" % (len(piece), piece))
                client.send(b"0\r\n\r\n")
            else:
                client.send(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size)
                client.send(body)
            assert client.reply().body == body


def test_an_offer_to_upgrade_is_ignored(running):
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"
    with running.client() as client:
        client.send(b"GET /echo HTTP/1.1\r\nHost: h\r\n" + offer + b"\r\n")
        assert client.reply().status == 200
        client.send(
            b"GET /echo HTTP/1.1\r\nHost: h\r\n" + offer + b"\r\n"
            b"PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"
        )
        assert client.reply().body == b""
        assert client.reply().body == b"hi"


def test_a_client_that_has_said_all_still_gets_its_answers(running):
    import socket

    with running.client() as client:
        client.send(b"GET /pieces HTTP/1.1\r\nHost: h\r\n\r\n" * 3)
        client.sock.shutdown(socket.SHUT_WR)
        for _ in range(3):
            assert len(client.reply().body) == 100
        assert client.closed()

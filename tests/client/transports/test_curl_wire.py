"""What goes over the wire is what was asked for, and what comes back is what is on it."""

import pytest

from cosbox.client.bodies import BytesBody, StreamedBody
from cosbox.protocol.errors import ParameterError, TransportError
from support.rawserver import RawServer, answers


@pytest.mark.parametrize(
    "target",
    [
        "/a/../b",
        "/a/./b",
        "//x",
        "/%2e%2E",
        "/a/.",
        "/..",
        "/a?b=c%20d&e",
        "/%E4%B8%AD",
        "/a//",
        "/%e4%b8%ad?x=a%2fb",
        "/a#b",
        "/a?",
        "/?acl",
        "/a|b",
        '/a"b',
        "/[x]{y}",
    ],
)
def test_targets_are_not_folded(ask, target):
    with RawServer() as server:
        ask(server, "GET", target)

    assert server.heads[0].split(b"\r\n")[0].decode() == f"GET {target} HTTP/1.1"


@pytest.mark.parametrize("target", ["/a b", "/a HTTP/1.1\r\nx: y", "", "a"])
def test_what_is_no_target_is_not_sent(ask, target):
    with RawServer() as server, pytest.raises(ParameterError):
        ask(server, "GET", target)

    assert server.heads == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-cos-meta-a", "a\r\nx-evil: 1"),
        ("x-cos-meta-a", "a\nb"),
        ("x-cos-meta-a", "a\0b"),
        ("x\r\ny", "1"),
        ("content-length", "3"),
        ("transfer-encoding", "chunked"),
        ("host", "elsewhere"),
    ],
)
def test_what_is_no_header_is_not_sent(ask, name, value, stream):
    with RawServer() as server:
        with pytest.raises(ParameterError):
            ask(server, headers={name: value}, stream=stream)
        assert ask(server, stream=stream).status == 200

    assert len(server.heads) == 1


@pytest.mark.parametrize("host", ["example.test:80", "Example.TEST:80", "UPPER.example.test"])
def test_the_host_as_it_was_signed(ask, host):
    with RawServer() as server:
        ask(server, host=host, connect=server.host)

    assert f"Host: {host}".encode() in server.heads[0].split(b"\r\n")


def test_nothing_is_said_that_was_not_asked_for(ask):
    with RawServer() as server:
        ask(server, "GET", "/", headers={"authorization": "q", "x-cos-meta-a": "中 é"})

        assert server.heads[0].split(b"\r\n") == [
            b"GET / HTTP/1.1",
            b"Host: " + server.host.encode(),
            b"authorization: q",
            "x-cos-meta-a: 中 é".encode(),
        ]


def test_an_empty_header_is_sent(ask):
    with RawServer() as server:
        ask(server, headers={"x-cos-meta-a": "", "x-cos-meta-b": " "})

    assert b"x-cos-meta-a:" in server.heads[0]
    assert b"x-cos-meta-b:" in server.heads[0]


@pytest.mark.parametrize(
    ("method", "length"), [("PUT", True), ("POST", True), ("GET", False), ("DELETE", False)]
)
def test_length_without_a_body(ask, method, length):
    with RawServer() as server:
        ask(server, method)

    assert (b"content-length: 0" in server.heads[0].lower()) == length
    assert b"content-type" not in server.heads[0].lower()
    assert b"transfer-encoding" not in server.heads[0].lower()


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("size", [0, 1, 4096, 3_000_000])
def test_a_body_of_known_length(ask, method, size):
    data = bytes(range(251)) * (size // 251 + 1)
    with RawServer() as server:
        answer = ask(server, method, body=BytesBody(data[:size]))

    head = server.heads[0].lower()
    assert answer.body == data[:size]
    assert f"content-length: {size}".encode() in head
    assert b"expect" not in head
    assert b"transfer-encoding" not in head


def test_a_body_of_unknown_length_is_chunked(ask):
    pieces = iter([b"one", b"two", b"x" * 60_000, b"y" * 60_000, b""])
    with RawServer() as server:
        answer = ask(server, "PUT", body=StreamedBody(lambda _size: next(pieces), None))

    assert answer.body == b"onetwo" + b"x" * 60_000 + b"y" * 60_000
    assert b"transfer-encoding: chunked" in server.heads[0].lower()
    assert b"content-length" not in server.heads[0].lower()


def test_the_host_and_where_to_connect(ask):
    with RawServer() as server:
        ask(server, host="bucket-125.cos.ap-x.myqcloud.com", connect=server.host)

    assert b"\r\nHost: bucket-125.cos.ap-x.myqcloud.com" in server.heads[0]


@pytest.mark.parametrize("stream", [False, True])
def test_answers_as_they_are(ask, stream):
    raw = (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        b'HTTP/1.1 200 OK\r\nETag: "e"\r\nx-Odd-NAME: 1\r\nx-twice: a\r\nx-twice: b\r\n'
        b"x-cos-meta-a: \xe4\xb8\xad\r\nx-latin: \xe9\r\nContent-Length: 3\r\n\r\nabc"
    )

    def script(conn):
        conn.head()
        conn.send(raw)

    with RawServer(script) as server:
        answer = ask(server, stream=stream)
        body = answer.stream.read() if stream else answer.body

    assert (answer.status, body) == (200, b"abc")
    assert answer.headers == [
        ("ETag", '"e"'), ("x-Odd-NAME", "1"), ("x-twice", "a"), ("x-twice", "b"),
        ("x-cos-meta-a", "中"), ("x-latin", "é"), ("Content-Length", "3"),
    ]  # fmt: skip


@pytest.mark.parametrize("stream", [False, True])
def test_a_chunked_answer(ask, stream):
    def script(conn):
        conn.head()
        conn.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        conn.send(b"2\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n")
        answers(conn)

    with RawServer(script) as server:
        answer = ask(server, stream=stream)
        assert (answer.stream.read() if stream else answer.body) == b"abcde"
        assert all(name.lower() != "x-trailer" for name, _ in answer.headers)
        ask(server)

    assert server.accepted == 1


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_statuses_without_a_body(ask, status):
    def script(conn):
        while conn.head():
            conn.send(b"HTTP/1.1 %s\r\nContent-Length: 12\r\n\r\n" % status)

    with RawServer(script) as server:
        for _ in range(2):
            answer = ask(server)
            assert (answer.status, answer.body) == (int(status[:3]), b"")

    assert server.accepted == 1


def test_head_has_no_body(ask):
    with RawServer() as server:
        answer = ask(server, "HEAD")
        ask(server, "HEAD")

    assert (answer.status, answer.body) == (200, b"")
    assert server.accepted == 1


def test_an_error_comes_whole_although_a_stream_was_wanted(ask):
    def script(conn):
        while conn.head():
            conn.answer(b"<Error/>" * 1000, b"404 Not Found")

    with RawServer(script) as server:
        for _ in range(2):
            answer = ask(server, stream=True)
            assert (answer.status, answer.body) == (404, b"<Error/>" * 1000)
            assert answer.stream is None

    assert server.accepted == 1


def test_what_is_no_http_is_an_error(ask):
    def script(conn):
        conn.head()
        conn.send(b"SSH-2.0-OpenSSH\r\n\r\n")

    with RawServer(script) as server, pytest.raises(TransportError):
        ask(server)


@pytest.mark.parametrize("sizes", [[1], [10, 3], [-1], [1 << 20]])
def test_a_stream_in_pieces(ask, sizes):
    data = bytes(range(256)) * 8

    def script(conn):
        conn.head()
        conn.answer(data)

    with RawServer(script) as server:
        stream = ask(server, stream=True).stream
        got, turn = b"", 0
        while piece := stream.read(sizes[turn % len(sizes)]):
            assert sizes[turn % len(sizes)] < 0 or len(piece) <= sizes[turn % len(sizes)]
            got += piece
            turn += 1

    assert got == data
    assert stream.read(10) == b""

"""Requests that no store should serve: each gets an error document and the end."""

import contextlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosbox.protocol.errors import Refusal
from cosbox.server.http.limits import Limits
from cosbox.server.http.reader import RequestReader
from support.asgi import Bench
from support.rawhttp import Running


@pytest.fixture(scope="module")
def bench():
    return Bench()


@pytest.fixture(scope="module")
def running(bench):
    with Running(bench, Limits(linger_timeout=0.4)) as running:
        yield running


H = b"Host: h\r\n"

SMUGGLING = {
    "length twice": b"PUT / HTTP/1.1\r\n" + H + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "lengths differ": b"PUT / HTTP/1.1\r\n"
    + H
    + b"Content-Length: 1\r\ncontent-length: 2\r\n\r\na",
    "length with plus": b"PUT / HTTP/1.1\r\n" + H + b"Content-Length: +1\r\n\r\na",
    "length with minus": b"PUT / HTTP/1.1\r\n" + H + b"Content-Length: -1\r\n\r\na",
    "length a list": b"PUT / HTTP/1.1\r\n" + H + b"Content-Length: 1, 1\r\n\r\na",
    "length in hex": b"PUT / HTTP/1.1\r\n" + H + b"Content-Length: 0x1\r\n\r\na",
    "length with underscore": b"PUT / HTTP/1.1\r\n" + H + b"Content-Length: 1_0\r\n\r\na",
    "length empty": b"PUT / HTTP/1.1\r\n" + H + b"Content-Length:\r\n\r\na",
    "length too large": b"PUT / HTTP/1.1\r\n"
    + H
    + b"Content-Length: 99999999999999999999\r\n\r\na",
    "length and chunks": (
        b"PUT / HTTP/1.1\r\n"
        + H
        + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "chunks and length": (
        b"PUT / HTTP/1.1\r\n"
        + H
        + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
    ),
    "coding list": b"PUT / HTTP/1.1\r\n" + H + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "coding twice": (
        b"PUT / HTTP/1.1\r\n"
        + H
        + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\n"
    ),
    "coding identity": b"PUT / HTTP/1.1\r\n" + H + b"Transfer-Encoding: identity\r\n\r\n",
    "coding unknown": b"PUT / HTTP/1.1\r\n" + H + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "coding empty": b"PUT / HTTP/1.1\r\n" + H + b"Transfer-Encoding:\r\n\r\n0\r\n\r\n",
    "coding with tab": b"PUT / HTTP/1.1\r\n"
    + H
    + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "coding in 1.0": b"PUT / HTTP/1.0\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bare LF after line": b"GET / HTTP/1.1\n" + H + b"\r\n",
    "bare LF after header": b"GET / HTTP/1.1\r\nHost: h\n\r\n",
    "bare LF at the end": b"GET / HTTP/1.1\r\nHost: h\r\n\n",
    "bare CR in header": b"GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n",
    "bare CR after line": b"GET / HTTP/1.1\rHost: h\r\n\r\n",
    "blank before colon": b"GET / HTTP/1.1\r\nHost : h\r\n\r\n",
    "blank before name": b"GET / HTTP/1.1\r\n Host: h\r\n\r\n",
    "folded with blank": b"GET / HTTP/1.1\r\n" + H + b"X: a\r\n b\r\n\r\n",
    "folded with tab": b"GET / HTTP/1.1\r\n" + H + b"X: a\r\n\tb\r\n\r\n",
    "NUL in value": b"GET / HTTP/1.1\r\n" + H + b"X: a\0b\r\n\r\n",
    "control in value": b"GET / HTTP/1.1\r\n" + H + b"X: a\x01b\r\n\r\n",
    "DEL in value": b"GET / HTTP/1.1\r\n" + H + b"X: a\x7fb\r\n\r\n",
    "NUL in name": b"GET / HTTP/1.1\r\n" + H + b"X\0: a\r\n\r\n",
    "bytes in name": b"GET / HTTP/1.1\r\n" + H + b"X\xe4: a\r\n\r\n",
    "no name": b"GET / HTTP/1.1\r\n" + H + b": a\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\n" + H + b"X\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\n" + H + H + b"\r\n",
    "two hosts in 1.0": b"GET / HTTP/1.0\r\n" + H + H + b"\r\n",
    "host with path": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "host with user": b"GET / HTTP/1.1\r\nHost: me@a\r\n\r\n",
    "host with blank": b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "host with bytes": b"GET / HTTP/1.1\r\nHost: \xe4\xbd\xa0\r\n\r\n",
    "host of absolute target missing": b"GET http://h/ HTTP/1.1\r\n\r\n",
    "upgrade with body": (
        b"PUT / HTTP/1.1\r\n"
        + H
        + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc"
    ),
    "version 2.0": b"GET / HTTP/2.0\r\n" + H + b"\r\n",
    "version 1.2": b"GET / HTTP/1.2\r\n" + H + b"\r\n",
    "version 0.9": b"GET /\r\n\r\n",
    "preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "method unknown": b"FOO / HTTP/1.1\r\n" + H + b"\r\n",
    "method in lower case": b"get / HTTP/1.1\r\n" + H + b"\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
    "blank in target": b"GET /a b HTTP/1.1\r\n" + H + b"\r\n",
}


@pytest.mark.parametrize("name", SMUGGLING)
def test_smuggling(running, bench, name):
    before = len(bench.scopes)
    reply = running.refused(SMUGGLING[name])
    assert reply.status == 400
    assert reply.code in {"InvalidRequest", "InvalidURI"}
    assert reply.headers["Content-Type"] == "application/xml"
    assert reply.headers["x-cos-request-id"].encode() in reply.body
    assert len(bench.scopes) == before


@pytest.mark.parametrize(
    "target",
    [
        *(b"/\xe4\xbd\xa0", b"/?\xff", b"/\x7f", b"/\x01", b"/a#b", b"/a?b#c", b"*", b"a", b"h:80"),
        *(
            b"ftp://h/",
            b"http:///a",
            b"http://",
            b"http://me@h/",
            b"http://h:port/",
            b"http://[::1/",
        ),
    ],
)
def test_targets_that_are_none(running, target):
    reply = running.refused(b"GET " + target + b" HTTP/1.1\r\n" + H + b"\r\n")
    assert (reply.status, reply.code) == (400, "InvalidURI")


def test_options_of_everything(running):
    assert running.refused(b"OPTIONS * HTTP/1.1\r\n" + H + b"\r\n").code == "InvalidURI"


def test_connect(running):
    reply = running.refused(b"CONNECT h:443 HTTP/1.1\r\n" + H + b"\r\n")
    assert (reply.status, reply.code) == (405, "MethodNotAllowed")


def test_a_refused_head_has_no_body(running):
    assert running.refused(b"HEAD /a#b HTTP/1.1\r\n" + H + b"\r\n").body == b""


def test_the_document_names_the_path(running):
    reply = running.refused(b"GET /crash/a%26b HTTP/1.1\r\n" + H + b"\r\n")
    assert (reply.status, reply.code) == (500, "InternalError")
    assert b"<Resource>/crash/a%26b</Resource>" in reply.body


def test_limits_on_the_head(running):
    def get(target=b"/echo", extra=b""):
        return b"GET " + target + b" HTTP/1.1\r\n" + H + extra + b"\r\n"

    long = b"/echo?" + b"x" * (16 * 1024 - 6)
    assert running.talk(get(long)).status == 200
    assert running.refused(get(long + b"y")).code == "InvalidURI"
    lines = b"X: y\r\n" * 199
    assert running.talk(get(extra=lines)).status == 200
    assert running.refused(get(extra=lines + b"X: y\r\n")).code == "InvalidRequest"
    wide = b"X: %b\r\n" % (b"y" * (64 * 1024 - 9 - 5))
    assert running.talk(get(extra=wide)).status == 200
    assert running.refused(get(extra=wide.replace(b"X:", b"XX:"))).code == "InvalidRequest"
    both = get(extra=b"Y: z\r\n") + get(extra=wide.replace(b"X:", b"XX:"))
    with running.client() as client:
        client.send(both)
        assert client.reply().status == 200
        assert client.reply().code == "InvalidRequest"
        assert client.closed()


def endless(running, head, more):
    """Send ``more`` without an end, until the server has had enough."""
    with running.client() as client:
        client.send(head)
        sent = 0
        try:
            while sent < 50_000_000:
                client.send(more)
                sent += len(more)
        except ConnectionError:
            pass
        assert sent < 20_000_000


@pytest.mark.parametrize(
    ("head", "more"),
    [
        (b"", b"A" * 65_536),
        (b"GET /", b"a" * 65_536),
        (b"GET / HTTP/1.1\r\nHost: ", b"a" * 65_536),
        (b"GET / HTTP/1.1\r\nHost: h\r\n", b"a" * 65_536),
        (b"GET / HTTP/1.1\r\nHost: h\r\n", b"X: y\r\n" * 10_000),
        (b"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a" * 65_536),
        (b"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX:", b"a" * 65_536),
        (
            b"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            b"X: y\r\n" * 9999,
        ),
    ],
)
def test_what_never_ends_is_cut(running, head, more):
    endless(running, head, more)


@pytest.mark.parametrize(
    "body",
    [
        *(b"-3\r\nabc", b"0x3\r\nabc", b"3 \r\nabc", b"3\nabc\n", b"3\r\nabcd\r\n", b"\r\n"),
        *(b"f" * 17 + b"\r\n", b"3\r\nabc\n0\r\n\r\n", b"3\r\nabc\r\n0\r\nX : y\r\n\r\n"),
    ],
)
def test_malformed_chunks_never_end_a_body(running, bench, body):
    bench.reasons.clear()
    reply = running.refused(
        b"PUT /echo HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n" + body
    )
    assert (reply.status, reply.code) == (400, "InvalidRequest")
    assert bench.reasons == ["malformed"]


def test_what_was_sound_before_is_answered_first(running):
    with running.client() as client:
        client.send(
            b"PUT /echo HTTP/1.1\r\n" + H + b"Content-Length: 2\r\n\r\nhi" + b"GARBAGE\r\n\r\n"
        )
        assert client.reply().body == b"hi"
        reply = client.reply()
        assert (reply.status, reply.code) == (400, "InvalidRequest")
        assert client.closed()


def test_nothing_after_an_error_is_served(running, bench):
    before = len(bench.scopes)
    good = b"GET /echo HTTP/1.1\r\n" + H + b"\r\n"
    running.refused(b"GET / HTTP/1.1\r\n\r\n" + good * 50)
    running.refused(b"GET /#f HTTP/1.1\r\n" + H + b"Content-Length: 99\r\n\r\n" + good * 50)
    assert len(bench.scopes) == before


def test_bytes_beyond_the_length_are_the_next_request(running, bench):
    with running.client() as client:
        client.send(b"PUT /echo HTTP/1.1\r\n" + H + b"Content-Length: 2\r\n\r\nhi!!")
        assert client.reply().body == b"hi"
        assert client.reply().status == 400


class Heard:
    """What a reader told."""

    now = 0.0

    def __init__(self):
        self.requests = []

    def request_began(self, scope, *, keep_alive, expects, old):
        self.requests.append([scope["raw_path"], keep_alive, b"", False])

    def request_body(self, piece):
        self.requests[-1][2] += piece

    def request_ended(self):
        self.requests[-1][3] = True

    def has_enough(self):
        return False


STREAM = (
    b"PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
    b"PUT /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    b"GET /c HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"
    b"PUT /d HTTP/1.1\r\nHost: h\r\nContent-Length: 9000\r\n\r\n" + b"z" * 9000
)


def heard(pieces):
    told = Heard()
    reader = RequestReader(told, {}, told, Limits())
    for piece in pieces:
        assert reader.feed(piece) == b""
    return told.requests


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_it_does_not_matter_how_the_bytes_arrive(cuts):
    cuts = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in itertools.pairwise(cuts)]
    assert heard(pieces) == heard([STREAM])
    assert [each[0] for each in heard(pieces)] == [b"/a", b"/b", b"/c", b"/d"]


@settings(max_examples=300)
@given(st.binary(max_size=12), st.integers(0, 120))
def test_no_bytes_crash_the_reader(junk, at):
    told = Heard()
    reader = RequestReader(told, {}, told, Limits())
    with contextlib.suppress(Refusal):
        reader.feed(STREAM[:at] + junk + STREAM[at : at + 200])

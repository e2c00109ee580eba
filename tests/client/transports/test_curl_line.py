"""One connection carries requests of every shape, and keeps nothing of those that are over."""

import io
import itertools
import sys

from cosbox.client.bodies import BytesBody, FileBody, StreamedBody
from support.rawserver import RawServer

SMALL = bytes(range(200))
LARGE = SMALL * 2000


def streamed():
    pieces = iter([SMALL, SMALL, b""])
    return StreamedBody(lambda _size: next(pieces), None)


SHAPES = {
    "GET": ("GET", lambda: None, b""),
    "HEAD": ("HEAD", lambda: None, b""),
    "DELETE": ("DELETE", lambda: None, b""),
    "PUT of nothing": ("PUT", lambda: None, b""),
    "POST of nothing": ("POST", lambda: None, b""),
    "PUT of no bytes": ("PUT", lambda: BytesBody(b""), b""),
    "PUT of few bytes": ("PUT", lambda: BytesBody(SMALL), SMALL),
    "POST of few bytes": ("POST", lambda: BytesBody(SMALL), SMALL),
    "PUT of many bytes": ("PUT", lambda: BytesBody(memoryview(LARGE)), LARGE),
    "PUT of a file": ("PUT", lambda: FileBody(io.BytesIO(SMALL), 0, len(SMALL)), SMALL),
    "PUT of a stream": ("PUT", streamed, SMALL * 2),
}


def framing(head, data):
    """How the length of a body is said."""
    if b"transfer-encoding: chunked" in head:
        return "chunked"
    return int(head.partition(b"content-length: ")[2].split(b"\r")[0] or -1), len(data)


def expected_framing(name, method, data):
    if name == "PUT of a stream":
        return "chunked"
    return (len(data), len(data)) if method in {"PUT", "POST"} else (-1, 0)


def test_every_shape_follows_every_other(ask):
    with RawServer() as server:
        for pair in itertools.product(SHAPES, repeat=2):
            for name in pair:
                method, make, data = SHAPES[name]
                answer = ask(server, method, f"/{method}", body=make())
                head = server.heads[-1].lower()
                assert head.startswith(f"{method} /{method} http/1.1\r\n".lower().encode()), pair
                assert framing(head, data) == expected_framing(name, method, data), pair
                assert b"content-type" not in head, pair
                assert b"expect" not in head, pair
                if data:
                    assert answer.body == data, pair
    assert server.accepted == 1


def test_an_answer_that_came_whole_frees_its_connection(ask):
    with RawServer() as server:
        bodies = [ask(server, stream=True).stream for _ in range(5)]
        assert server.accepted == 1
        assert [body.read() for body in bodies] == [b""] * 5


def test_a_large_body_is_not_held_when_it_was_sent(ask):
    data = bytes(1_000_000)
    before = sys.getrefcount(data)
    with RawServer() as server:
        ask(server, "PUT", body=BytesBody(data))
        assert sys.getrefcount(data) == before

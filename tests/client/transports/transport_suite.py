"""What every transport does alike, over HTTP or in the process.

A subclass has a fixture ``transport`` that reaches an empty store, and ``headers(method, path)``
that say who asks.
"""

import pytest

from cosbox.client.bodies import BytesBody, StreamedBody
from cosbox.client.transports.base import HttpRequest, Timeouts

BUCKET = "suite-1250000000"
BIG = bytes(range(256)) * 20_000


class TransportSuite:
    """Requests of a store that any transport can carry."""

    host = "127.0.0.1"

    def headers(self, method, path):
        return {}

    def ask(self, transport, method, path, *, body=None, stream=False, headers=None):
        fields = {**self.headers(method, path), **(headers or {})}
        request = HttpRequest(
            method, "http", self.host, path, headers=fields, body=body, stream=stream
        )
        return transport.send(request, Timeouts(connect=5, stall=20))

    @pytest.fixture
    def bucket(self, transport):
        assert self.ask(transport, "PUT", f"/{BUCKET}").status == 200
        return f"/{BUCKET}"

    def test_an_object_comes_back(self, transport, bucket):
        meta = {"x-cos-meta-note": "a b"}
        put = self.ask(transport, "PUT", f"{bucket}/k", body=BytesBody(BIG), headers=meta)
        assert (put.status, put.body, put.stream) == (200, b"", None)

        whole = self.ask(transport, "GET", f"{bucket}/k")
        assert (whole.status, whole.body, whole.stream) == (200, BIG, None)
        named = {name.lower(): value for name, value in whole.headers}
        assert named["x-cos-meta-note"] == "a b"
        assert named["content-length"] == str(len(BIG))
        assert any(name == "ETag" for name, _ in whole.headers)

    def test_head_has_no_body(self, transport, bucket):
        self.ask(transport, "PUT", f"{bucket}/k", body=BytesBody(BIG))
        answer = self.ask(transport, "HEAD", f"{bucket}/k")
        assert (answer.status, answer.body) == (200, b"")

    @pytest.mark.parametrize("size", [1, 4096, 100_000, -1])
    def test_streams_in_pieces(self, transport, bucket, size):
        data = BIG[:3000] if size == 1 else BIG
        self.ask(transport, "PUT", f"{bucket}/k", body=BytesBody(data))
        answer = self.ask(transport, "GET", f"{bucket}/k", stream=True)
        assert (answer.status, answer.body) == (200, b"")
        pieces = []
        while piece := answer.stream.read(size):
            assert size < 0 or len(piece) <= size
            pieces.append(piece)
        assert b"".join(pieces) == data
        assert answer.stream.read(size) == b""
        answer.stream.close()
        answer.stream.close()

    def test_a_stream_that_is_left_early(self, transport, bucket):
        self.ask(transport, "PUT", f"{bucket}/k", body=BytesBody(BIG))
        stream = self.ask(transport, "GET", f"{bucket}/k", stream=True).stream
        assert stream.read(10) == BIG[:10]
        stream.close()
        assert stream.read() == b""
        assert self.ask(transport, "GET", f"{bucket}/k").body == BIG

    @pytest.mark.parametrize("stream", [False, True])
    def test_errors_come_whole(self, transport, bucket, stream):
        answer = self.ask(transport, "GET", f"{bucket}/none", stream=stream)
        assert (answer.status, answer.stream) == (404, None)
        assert b"NoSuchKey" in answer.body

    @pytest.mark.parametrize("length", [None, len(BIG)])
    def test_bodies_that_come_once(self, transport, bucket, length):
        pieces = [BIG[at : at + 50_000] for at in range(0, len(BIG), 50_000)]
        body = StreamedBody(lambda _size: pieces.pop(0) if pieces else b"", length)
        assert self.ask(transport, "PUT", f"{bucket}/k", body=body).status == 200
        assert self.ask(transport, "GET", f"{bucket}/k").body == BIG

    @pytest.mark.parametrize("error", [ValueError("odd"), KeyboardInterrupt(), SystemExit(3)])
    def test_what_a_body_raises_comes_out(self, transport, bucket, error):
        def pull(_size):
            if not pieces:
                raise error
            return pieces.pop()

        pieces = [b"x" * 10]
        with pytest.raises(type(error)) as caught:
            self.ask(transport, "PUT", f"{bucket}/k", body=StreamedBody(pull, 1000))
        assert caught.value is error
        assert self.ask(transport, "GET", f"{bucket}/k").status == 404

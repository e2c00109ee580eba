import array
import gzip
import io
import os
import socket
import tempfile
import threading
from base64 import b64encode
from hashlib import md5
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosbox.checksums import crc64
from cosbox.client import bodies
from cosbox.client.bodies import content_md5
from cosbox.client.sources import as_body
from cosbox.client.stream import StreamBody
from cosbox.protocol.errors import CosClientError, IntegrityError, ParameterError
from support.scripted import BUCKET, Bytes, client_of, ok

DATA = bytes(range(256)) * 40


def drain(body, size=1000):
    pieces = []
    while piece := body.read(size):
        assert len(piece) <= size
        assert isinstance(piece, bytes)
        pieces.append(piece)
    return b"".join(pieces)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(DATA)
    return path


class OnlyRead:
    def __init__(self, data):
        self._file = io.BytesIO(data)

    def read(self, size):
        return self._file.read(min(size, 3))


class Requestslike:
    def iter_content(self, chunk_size):
        yield DATA[:100]
        yield b""
        yield DATA[100:]

    def __iter__(self):
        raise AssertionError("in pieces of 128 bytes")


def in_memory():
    return [
        (DATA, DATA),
        (bytearray(DATA), DATA),
        (memoryview(DATA)[::2], DATA[::2]),
        (b"", b""),
        (memoryview(array.array("I", [1, 258])), array.array("I", [1, 258]).tobytes()),
        ("中文", "中文".encode()),
        ("", b""),
        (None, b""),
        (io.BytesIO(DATA), DATA),
    ]


@pytest.mark.parametrize("case", range(len(in_memory())))
def test_bodies_in_memory_have_a_length_and_are_replayable(case):
    source, expected = in_memory()[case]
    body = as_body(source)
    assert body.length == len(expected)
    assert drain(body) == expected
    assert body.crc64() == crc64(expected)
    body.rewind()
    assert drain(body, 7) == expected
    assert body.crc64() == crc64(expected)


def test_bytes_are_handed_over_as_they_are():
    assert as_body(DATA).read(1 << 20) is DATA


def test_a_file_is_sent_from_where_it_stands(path):
    with path.open("rb") as file:
        file.seek(100)
        body = as_body(file)
        assert body.length == len(DATA) - 100
        assert body.crc64() is None
        assert drain(body) == DATA[100:]
        assert body.crc64() == crc64(DATA[100:])
        body.rewind()
        assert drain(body) == DATA[100:]


def test_a_file_beyond_its_end_is_empty(path):
    with path.open("rb") as file:
        file.seek(1 << 20)
        assert as_body(file).length == 0


def test_unwritten_bytes_of_a_buffered_file_count():
    with tempfile.TemporaryFile() as file:
        file.write(DATA)
        file.seek(0)
        file.write(b"x" * 10)
        file.seek(5)
        assert drain(as_body(file)) == b"x" * 5 + DATA[10:]


def test_a_file_that_shrinks_is_an_error_and_one_that_grows_is_sent_as_it_was(path):
    with path.open("rb", buffering=0) as file:
        body = as_body(file)
        os.truncate(path, 50)
        assert len(body.read(1 << 20)) == 50
        with pytest.raises(CosClientError, match=f"{len(DATA) - 50} bytes are missing"):
            body.read(1 << 20)
    path.write_bytes(DATA)
    with path.open("rb") as file:
        body = as_body(file)
        with path.open("ab") as more:
            more.write(b"more")
        assert drain(body) == DATA


def test_a_gzip_file_is_sent_unpacked(tmp_path):
    with gzip.open(tmp_path / "a.gz", "wb") as file:
        file.write(DATA)
    with gzip.open(tmp_path / "a.gz", "rb") as file:
        assert drain(as_body(file)) == DATA


@pytest.mark.parametrize(
    "source",
    [
        iter([DATA[:100], b"", bytearray(DATA[100:150]), memoryview(DATA)[150:]]),
        (DATA[at : at + 50] for at in range(0, len(DATA), 50)),
        [DATA[:1], DATA[1:]],
        OnlyRead(DATA),
        Requestslike(),
    ],
)
def test_streams_have_no_length_and_come_once(source):
    body = as_body(source)
    assert body.length is None
    assert not body.replayable
    assert drain(body, 33) == DATA
    assert body.read(10) == b""
    assert body.crc64() == crc64(DATA)
    with pytest.raises(CosClientError, match="second time"):
        body.rewind()


def test_a_pipe_hands_over_what_is_there():
    out, into = os.pipe()
    with os.fdopen(out, "rb") as reader, os.fdopen(into, "wb", buffering=0) as writer:
        body = as_body(reader)
        assert body.length is None
        writer.write(b"first")
        assert body.read(1 << 20) == b"first"
        writer.write(b"second")
        assert body.read(1 << 20) == b"second"
        writer.close()
        assert body.read(1 << 20) == b""


def test_a_socket():
    left, right = socket.socketpair()
    with left, right:
        thread = threading.Thread(target=lambda: (left.sendall(DATA), left.close()))
        thread.start()
        assert drain(as_body(right)) == DATA
        thread.join()


def test_a_device_is_a_stream_although_it_can_be_sought():
    with Path("/dev/zero").open("rb") as file:
        body = as_body(file, 100)
        assert body.length == 100
        with pytest.raises(CosClientError, match="more than the 100 bytes"):
            drain(body)


def test_the_body_of_another_answer_knows_its_length():
    source = StreamBody(Bytes(DATA[:5000], DATA[5000:]), length=len(DATA))
    source.read(10)
    body = as_body(source)
    assert body.length == len(DATA) - 10
    assert drain(body) == DATA[10:]


@given(st.lists(st.binary(max_size=20)), st.integers(1, 50))
def test_pieces_of_any_size_arrive_in_order(pieces, size):
    body = as_body(iter(pieces))
    assert drain(body, size) == b"".join(pieces)


@given(st.lists(st.binary(max_size=5)), st.integers(0, 30), st.integers(1, 7))
def test_a_declared_length_is_kept_or_nothing_is_complete(pieces, declared, size):
    """No more than the declared bytes are handed over, and all of them only if they are all."""
    whole = b"".join(pieces)
    got = 0
    try:
        body = as_body(iter(pieces), declared)
        while got < declared or declared == 0:
            piece = body.read(size)
            got += len(piece)
            if not piece:
                break
    except CosClientError:
        assert len(whole) != declared
        assert got < declared or declared == 0
    else:
        assert whole[:got] == whole
        assert len(whole) == declared
        assert body.crc64() == crc64(whole)


@pytest.mark.parametrize(
    ("source", "declared", "message"),
    [
        (DATA, 5, "ContentLength is 5"),
        (io.BytesIO(b"abc"), 5, "Body has 3 bytes"),
        (io.StringIO("text"), None, "text mode"),
        ({"a": 1}, None, "dict"),
        (5, None, "not int"),
        ("\ud800", None, "Unicode"),
        (object(), None, "not object"),
    ],
)
def test_what_is_no_body(source, declared, message):
    with pytest.raises(ParameterError, match=message):
        as_body(source, declared)


def test_nothing_declared_and_something_given():
    assert as_body(iter([]), 0).read(10) == b""
    with pytest.raises(CosClientError, match="more than the 0 bytes"):
        as_body(iter([b"x"]), 0)


def test_a_path_is_no_body(path):
    with pytest.raises(ParameterError, match="open"):
        as_body(path)


def test_a_text_file_and_a_closed_file_are_no_bodies(path):
    with path.open(encoding="utf-8") as file, pytest.raises(ParameterError, match="'rb'"):
        as_body(file)
    with path.open("rb") as file:
        pass
    with pytest.raises(ParameterError, match="closed"):
        as_body(file)


@pytest.mark.parametrize("chunk", ["text", 5])
def test_pieces_that_are_no_bytes(chunk):
    with pytest.raises(CosClientError, match="instead of bytes"):
        as_body(iter([chunk])).read(10)


def test_a_non_blocking_reader_without_bytes():
    class Empty:
        def read(self, size):
            return None

    with pytest.raises(CosClientError, match="non-blocking"):
        as_body(Empty()).read(10)


def test_a_body_that_is_too_long_for_one_request(path):
    with path.open("r+b") as file:
        file.truncate(bodies.MAX_BODY + 1)
        with pytest.raises(ParameterError, match="upload_file"):
            as_body(file)


def test_content_md5_takes_a_pass_of_its_own(path):
    expected = b64encode(md5(DATA[10:]).digest()).decode()
    with path.open("rb") as file:
        file.seek(10)
        body = as_body(file)
        assert content_md5(body) == expected
        assert drain(body) == DATA[10:]
    with pytest.raises(ParameterError, match="EnableMD5"):
        content_md5(as_body(iter([DATA])))


# --------------------------------------------------------------------------------------------
# In a call


def stored(data, more=0):
    return ok([("ETag", '"e"'), ("x-cos-hash-crc64ecma", str(crc64(data) + more))])


@pytest.mark.parametrize("source", [b"hello", io.BytesIO(b"hello"), [b"hel", b"lo"]])
def test_what_the_store_has_is_compared_with_what_was_sent(source):
    client, script = client_of(stored(b"hello"))
    client.put_object(BUCKET, source, "a")
    assert script.sent[0].body == b"hello"


def test_other_bytes_than_were_sent_are_an_error():
    client, _ = client_of(stored(b"hello", 1), stored(b"hello", 1))
    with pytest.raises(IntegrityError, match="put_object"):
        client.put_object(BUCKET, b"hello", "a")
    with pytest.raises(IntegrityError, match="upload_part"):
        client.upload_part(BUCKET, "a", b"hello", 1, "id")


def test_content_length_declares_the_length_and_is_not_a_header():
    client, script = client_of()
    client.put_object(BUCKET, iter([b"hello"]), "a", ContentLength="5")
    [sent] = script.sent
    assert sent.request.body is not None
    assert sent.request.body.length == 5
    assert "content-length" not in sent.request.headers
    assert "content-length" in sent.signature["q-header-list"]


def test_a_stream_without_a_length_signs_none():
    client, script = client_of()
    client.put_object(BUCKET, iter([b"hello"]), "a")
    assert "content-length" not in script.sent[0].signature["q-header-list"]


def test_a_content_md5_that_is_given_is_sent_as_it_is():
    client, script = client_of()
    client.put_object(BUCKET, b"hello", "a", EnableMD5=True, ContentMD5="given")
    assert script.sent[0].request.headers["content-md5"] == "given"

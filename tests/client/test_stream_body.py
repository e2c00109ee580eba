import gc
import gzip
import io
import os
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosbox.checksums import crc64
from cosbox.client.stream import StreamBody
from cosbox.client.transports.base import HttpResponse
from cosbox.protocol.errors import (
    CosClientError,
    IntegrityError,
    NotModifiedError,
    TransportError,
)
from support.scripted import BUCKET, Bytes, client_of, refused

DATA = bytes(range(256)) * 400


def body_of(*pieces, length=None, crc=None, encoding=""):
    source = Bytes(*pieces)
    whole = b"".join(piece for piece in pieces if isinstance(piece, bytes))
    body = StreamBody(
        source,
        length=len(whole) if length is None else length,
        crc64=crc64(whole) if crc is None else crc,
        encoding=encoding,
    )
    return body, source


@given(
    st.lists(st.binary(min_size=1, max_size=9)),
    st.lists(st.one_of(st.integers(-1, 12), st.none()), max_size=30),
)
def test_read_is_a_files_read(pieces, sizes):
    body, source = body_of(*pieces)
    model = io.BytesIO(b"".join(pieces))
    for size in sizes:
        data = body.read(size)
        assert isinstance(data, bytes)
        assert data == model.read(size)
    assert body.read() == model.read()
    assert body.read() == b""
    assert source.closed == 1


def test_the_length_is_known_and_a_body_is_true_even_if_empty():
    body, _ = body_of(b"abc")
    assert len(body) == 3
    assert body.remaining == 3
    empty, source = body_of()
    assert bool(empty)
    assert len(empty) == 0
    assert empty.read() == b""
    assert source.closed == 1
    unknown = StreamBody(Bytes(b"abc"))
    assert len(unknown) == 0
    assert unknown.remaining is None
    assert unknown.read() == b"abc"


def test_iteration_and_chunks():
    body, _ = body_of(DATA[:1000], DATA[1000:])
    assert b"".join(iter(body)) == DATA
    body, _ = body_of(DATA)
    chunks = list(body.get_stream(1000))
    assert {len(chunk) for chunk in chunks[:-1]} == {1000}
    assert b"".join(chunks) == DATA


def test_the_connection_is_let_go_at_the_end_on_close_and_when_forgotten():
    body, source = body_of(DATA)
    for _ in body:
        pass
    assert source.closed == 1
    with body_of(DATA)[0] as body:
        source = body._source
        body.read(10)
    assert source.closed == 1
    assert body.read() == b""
    body.close()
    assert source.closed == 1
    body, source = body_of(DATA)
    del body
    gc.collect()
    assert source.closed == 1


def test_the_raw_stream_is_a_file():
    body, source = body_of(b"line one\nli", b"ne two\n", DATA)
    raw = body.get_raw_stream()
    assert raw.readline() == b"line one\n"
    assert raw.readline() == b"line two\n"
    buffer = bytearray(10)
    assert raw.readinto(buffer) == 10
    assert buffer == DATA[:10]
    assert raw.read() == DATA[10:]
    raw.close()
    assert source.closed == 1
    body, source = body_of(DATA)
    with body.get_raw_stream() as raw:
        raw.read(1)
    assert source.closed == 1


@pytest.mark.parametrize("how", ["read", "exact", "iterate", "raw", "file"])
@pytest.mark.parametrize(
    ("kwargs", "pieces", "error"),
    [
        ({}, (DATA[:10], TransportError("broke")), TransportError),
        ({"length": len(DATA)}, (DATA[:-1],), TransportError),
        ({"length": len(DATA)}, (DATA, b"more"), TransportError),
        ({"crc": 1}, (DATA,), IntegrityError),
        ({"crc": 1}, (), IntegrityError),
    ],
)
def test_a_body_that_is_not_whole_is_never_passed_off_as_whole(
    how, kwargs, pieces, error, tmp_path
):
    body, source = body_of(*pieces, **kwargs)

    def use():
        match how:
            case "read":
                body.read()
            case "exact":
                body.read(len(DATA))
                body.read(1)
            case "iterate":
                list(body.get_stream())
            case "raw":
                body.get_raw_stream().read()
            case "file":
                body.get_stream_to_file(tmp_path / "target")

    with pytest.raises(error):
        use()
    assert source.closed == 1
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_checksum_is_told_with_the_last_bytes_and_not_after():
    body, _ = body_of(b"abc", crc=1)
    with pytest.raises(IntegrityError):
        body.read(3)


# --------------------------------------------------------------------------------------------
# Into files


def test_a_file_takes_its_name_when_it_is_complete(tmp_path):
    target = tmp_path / "target"
    target.write_bytes(b"old")
    seen = []

    class Watching(Bytes):
        def read(self, size=-1):
            seen.append((target.read_bytes(), len(list(tmp_path.iterdir()))))
            return super().read(size)

    StreamBody(Watching(DATA), length=len(DATA)).get_stream_to_file(str(target))
    assert seen[0] == (b"old", 2)
    assert target.read_bytes() == DATA
    assert list(tmp_path.iterdir()) == [target]


def test_the_name_is_synced_after_the_bytes(tmp_path, monkeypatch):
    synced = []
    sync = os.fsync

    def watched(descriptor):
        found = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append((found, sorted(path.name for path in tmp_path.iterdir())))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    body_of(DATA)[0].get_stream_to_file(tmp_path / "target")
    (part, before), (folder, after) = synced
    assert part.parent == tmp_path
    assert before == [part.name]
    assert (folder, after) == (tmp_path, ["target"])


def test_a_file_that_breaks_off_leaves_the_old_one(tmp_path):
    target = tmp_path / "target"
    target.write_bytes(b"old")
    body, _ = body_of(DATA, TransportError("broke"), length=2 * len(DATA))
    with pytest.raises(TransportError):
        body.get_stream_to_file(target)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_without_a_temporary_file_a_broken_one_is_removed(tmp_path):
    target = tmp_path / "target"
    body_of(DATA)[0].get_stream_to_file(target, disable_tmp_file=True)
    assert target.read_bytes() == DATA
    body, _ = body_of(DATA, TransportError("broke"), length=2 * len(DATA))
    with pytest.raises(TransportError):
        body.get_stream_to_file(target, disable_tmp_file=True)
    assert list(tmp_path.iterdir()) == []


def test_the_new_file_has_the_permissions_of_new_files(tmp_path):
    (tmp_path / "usual").touch()
    body_of(DATA)[0].get_stream_to_file(tmp_path / "target")
    assert (tmp_path / "target").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_what_a_link_points_at_is_replaced(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    body_of(DATA)[0].get_stream_to_file(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == DATA


def test_devices_are_written_to_and_not_replaced():
    body_of(DATA)[0].get_stream_to_file(os.devnull)
    assert not Path(os.devnull).is_file()


def test_a_folder_that_does_not_exist_closes_the_body(tmp_path):
    body, source = body_of(DATA)
    with pytest.raises(FileNotFoundError):
        body.get_stream_to_file(tmp_path / "nothing" / "target")
    assert source.closed == 1


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (gzip.compress(DATA), "gzip"),
        (gzip.compress(DATA[:100]) + gzip.compress(DATA[100:]), "gzip"),
        (zlib.compress(DATA), "deflate"),
        (gzip.compress(bytes(5 << 20)), " GZIP"),
    ],
)
def test_decompression_is_done_when_asked_for(packed, encoding, tmp_path):
    target = tmp_path / "target"
    body_of(packed, encoding=encoding)[0].get_stream_to_file(target)
    assert target.read_bytes() == packed
    pieces = [packed[at : at + 100] for at in range(0, len(packed), 100)]
    body_of(*pieces, encoding=encoding)[0].get_stream_to_file(target, auto_decompress=True)
    expected = gzip.decompress(packed) if "g" in encoding.lower() else zlib.decompress(packed)
    assert target.read_bytes() == expected


@pytest.mark.parametrize("packed", [DATA, gzip.compress(DATA)[:-10]])
def test_what_is_not_packed_as_it_says(packed, tmp_path):
    body, _ = body_of(packed, encoding="gzip")
    with pytest.raises(CosClientError, match="packed"):
        body.get_stream_to_file(tmp_path / "target", auto_decompress=True)
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------------------------------
# From get_object


def answer(status, body, *headers):
    return HttpResponse(status, [("Content-Length", str(len(body))), *headers], stream=Bytes(body))


def test_whole_bodies_are_checked_and_ranges_are_not():
    wrong = ("x-cos-hash-crc64ecma", "1")
    client, script = client_of(answer(200, b"abc", wrong), answer(206, b"b", wrong))
    with pytest.raises(IntegrityError):
        client.get_object(BUCKET, "a")["Body"].read()
    assert client.get_object(BUCKET, "a", Range="bytes=1-1")["Body"].read() == b"b"
    assert all(sent.request.stream for sent in script.sent)


def test_an_answer_that_is_none_closes_its_stream():
    moved = answer(304, b"")
    client, _ = client_of(moved)
    with pytest.raises(NotModifiedError):
        client.get_object(BUCKET, "a", IfNoneMatch='"e"')
    assert moved.stream is not None
    assert moved.stream.closed == 1


def test_an_error_to_a_streamed_request_is_read():
    client, _ = client_of(refused(404, "NoSuchKey"))
    with pytest.raises(Exception, match="NoSuchKey"):
        client.get_object(BUCKET, "a")


def test_a_download_goes_straight_into_an_upload():
    client, script = client_of(answer(200, b"abc"))
    client.put_object(BUCKET, client.get_object(BUCKET, "a")["Body"], "b")
    assert script.sent[1].body == b"abc"
    assert script.sent[1].request.body is not None
    assert script.sent[1].request.body.length == 3

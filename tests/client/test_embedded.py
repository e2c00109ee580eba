"""The client on a folder: what only shows with a store behind it."""

import io
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import cosbox
from cosbox.checksums import crc64

BUCKET = "examplebucket-1250000000"
DATA = os.urandom(300_000)


@pytest.fixture
def client(tmp_path):
    with cosbox.open(tmp_path / "store") as client:
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source"
    path.write_bytes(DATA)
    return path


def read(client, key, **options):
    return client.get_object(BUCKET, key, **options)["Body"].read()


def test_every_kind_of_body_arrives(client, source):
    out, into = os.pipe()

    def feed():
        with os.fdopen(into, "wb") as writer:
            writer.write(DATA)

    thread = threading.Thread(target=feed)
    thread.start()
    with source.open("rb") as file, os.fdopen(out, "rb") as pipe:
        bodies = {
            "bytes": DATA,
            "bytearray": bytearray(DATA),
            "memoryview": memoryview(DATA),
            "file": file,
            "memory file": io.BytesIO(DATA),
            "pipe": pipe,
            "pieces": (DATA[at : at + 1000] for at in range(0, len(DATA), 1000)),
        }
        for key, body in bodies.items():
            result = client.put_object(BUCKET, body, key)
            assert result["x-cos-hash-crc64ecma"] == str(crc64(DATA))
            assert read(client, key) == DATA
    thread.join()
    client.put_object(BUCKET, client.get_object(BUCKET, "file")["Body"], "another answer")
    assert read(client, "another answer") == DATA
    client.put_object(BUCKET, "中文", "text")
    assert read(client, "text") == "中文".encode()
    client.put_object(BUCKET, None, "nothing")
    assert read(client, "nothing") == b""


def broken():
    yield b"some"
    raise LookupError("of the caller")


@pytest.mark.parametrize(
    ("make", "options", "error"),
    [
        (broken, {}, LookupError),
        (lambda: iter([b"some"]), {"ContentLength": 10}, cosbox.CosClientError),
        (lambda: iter([b"some", b"more"]), {"ContentLength": 5}, cosbox.CosClientError),
        (lambda: b"some", {"ContentMD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, cosbox.CosServiceError),
    ],
    ids=["raises", "shorter", "longer", "other digest"],
)
def test_a_body_that_is_not_whole_is_not_stored(client, make, options, error):
    with pytest.raises(error):
        client.put_object(BUCKET, make(), "a", **options)
    assert not client.object_exists(BUCKET, "a")


def test_a_body_goes_into_a_file(client, tmp_path):
    client.put_object(BUCKET, DATA, "a")
    target = tmp_path / "target"
    client.get_object(BUCKET, "a")["Body"].get_stream_to_file(target)
    assert target.read_bytes() == DATA
    client.get_object(BUCKET, "a", Range="bytes=10-19")["Body"].get_stream_to_file(target)
    assert target.read_bytes() == DATA[10:20]


def test_files_above_20_mb_go_in_parts(client, tmp_path):
    path = tmp_path / "large"
    content = DATA * 75
    path.write_bytes(content)
    result = client.upload_file(BUCKET, "large", path, PartSize=8, StorageClass="STANDARD_IA")
    assert result["ETag"].endswith('-3"')
    assert client.head_object(BUCKET, "large")["x-cos-storage-class"] == "STANDARD_IA"
    body = client.get_object(BUCKET, "large")["Body"]
    with body.get_raw_stream() as stream:
        assert stream.read(100) == content[:100]
        assert stream.read() == content[100:]


def test_keys_of_every_kind_are_listed_as_they_are(client):
    keys = ["a b", "a+b", "a%20b", "x//y", "dir/./y", "中文", "line\nbreak", "\x01", "ü&<>'\""]
    for key in keys:
        # One slash in front is dropped, as all COS clients do.
        client.put_object(BUCKET, b"", "/" + key)
    page = client.list_objects(BUCKET)
    assert [entry["Key"] for entry in page["Contents"]] == sorted(keys, key=str.encode)


def test_one_client_serves_many_threads(client):
    def work(number):
        client.put_object(BUCKET, str(number), f"key-{number}")
        return read(client, f"key-{number}")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(64))) == [str(number).encode() for number in range(64)]


def test_errors_are_those_of_a_server(client):
    with pytest.raises(cosbox.NotFoundError) as missing:
        client.get_object(BUCKET, "nothing")
    assert missing.value.get_error_code() == "NoSuchKey"
    assert missing.value.get_request_id()
    client.put_object(BUCKET, b"", "a")
    with pytest.raises(cosbox.ConflictError, match="BucketNotEmpty"):
        client.delete_bucket(BUCKET)
    etag = client.head_object(BUCKET, "a")["ETag"]
    with pytest.raises(cosbox.NotModifiedError):
        client.get_object(BUCKET, "a", IfNoneMatch=etag)
    with pytest.raises(cosbox.PreconditionError):
        client.get_object(BUCKET, "a", IfMatch='"other"')


def test_a_store_is_kept(tmp_path):
    with cosbox.open(tmp_path) as client:
        client.create_bucket(Bucket=BUCKET)
        client.put_object(BUCKET, DATA, "a")
    with cosbox.open(tmp_path) as client:
        assert read(client, "a") == DATA


def test_a_folder_that_is_no_store_is_said_to_be_none(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    for opener in (cosbox.open, cosbox.open_async):
        with pytest.raises(cosbox.StoreFormatError, match=r"letter\.txt") as caught:
            opener(tmp_path)
        assert isinstance(caught.value, cosbox.StorageError)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]

"""put_object."""

import gzip
import io
import os

import pytest

from cosbox.checksums import crc64
from cosbox.protocol.errors import CosClientError, CosServiceError, ParameterError
from support.checks import VERSION_ID, etag, keys, md5, read, refused

BODIES = [b"", b"x", bytes(65536), bytes(65537), os.urandom(300_001)]
HEADERS = {
    "CacheControl": "max-age=1000000",
    "ContentType": "text/plain; charset=utf-8",
    "ContentDisposition": 'attachment; filename="filename.jpg"',
    "ContentEncoding": "gzip",
    "ContentLanguage": "zh-cn",
    "Expires": "Wed, 28 Oct 2019 20:30:00 GMT",
}
WIRE = {
    "CacheControl": "Cache-Control",
    "ContentType": "Content-Type",
    "ContentDisposition": "Content-Disposition",
    "ContentEncoding": "Content-Encoding",
    "ContentLanguage": "Content-Language",
    "Expires": "Expires",
}


@pytest.mark.parametrize("body", BODIES, ids=len)
def test_the_result(client, bucket, body):
    result = client.put_object(bucket, body, "a")
    assert result["ETag"] == etag(body)
    assert result["x-cos-hash-crc64ecma"] == str(crc64(body))
    assert result["x-cos-request-id"]
    assert "x-cos-version-id" not in result
    assert read(client, bucket, "a") == body


def test_an_object_is_replaced(client, bucket):
    client.put_object(bucket, b"one", "a", ContentType="text/plain", StorageClass="STANDARD_IA")
    client.put_object(bucket, b"three", "a")
    head = client.head_object(bucket, "a")
    assert head["Content-Length"] == "5"
    assert head["Content-Type"] == "application/octet-stream"
    assert "x-cos-storage-class" not in head
    assert keys(client.list_objects(bucket)) == ["a"]


def test_headers_are_kept(client, bucket):
    client.put_object(bucket, gzip.compress(b"text"), "a", **HEADERS)
    for result in (client.head_object(bucket, "a"), client.get_object(bucket, "a")):
        for name, text in HEADERS.items():
            assert result[WIRE[name]] == text
    result["Body"].close()


@pytest.mark.parametrize("name", HEADERS)
def test_each_header_alone(client, bucket, name):
    client.put_object(bucket, b"", "a", **{name: HEADERS[name]})
    head = client.head_object(bucket, "a")
    assert head[WIRE[name]] == HEADERS[name]
    for other in set(HEADERS) - {name, "ContentType"}:
        assert WIRE[other] not in head


def test_metadata_is_kept(client, bucket):
    metadata = {
        "x-cos-meta-key1": "value1",
        "x-cos-meta-Key-2": "两 ü 😀",
        "X-COS-META-THREE": 'a, b;c="d"',
        "x-cos-meta-empty": "",
        "ignored": "since it is none",
    }
    client.put_object(bucket, b"", "a", Metadata=metadata)
    for result in (client.head_object(bucket, "a"), client.get_object(bucket, "a")):
        found = {name: text for name, text in result.items() if name.startswith("x-cos-meta-")}
        found.pop("x-cos-meta-empty", None)
        assert found == {
            "x-cos-meta-key1": "value1",
            "x-cos-meta-key-2": "两 ü 😀",
            "x-cos-meta-three": 'a, b;c="d"',
        }
    result["Body"].close()


def test_metadata_of_2_kib_and_no_more(client, bucket):
    name = "x-cos-meta-a"
    client.put_object(bucket, b"", "a", Metadata={name: "v" * 2047})
    assert client.head_object(bucket, "a")[name] == "v" * 2047
    for metadata in (
        {name: "v" * 2048},
        {name: "é" * 1024},
        {f"{name}{number}": "v" * 1024 for number in range(2)},
    ):
        with refused(400, "InvalidArgument", "user metadata"):
            client.put_object(bucket, b"other", "a", Metadata=metadata)
    assert read(client, bucket, "a") == b""


@pytest.mark.parametrize(
    "metadata",
    [
        {"x-cos-meta-a": "a\r\nx: y"},
        {"x-cos-meta-a": "\x00"},
        {"x-cos-meta-a b": "c"},
        {"x-cos-meta-": "c"},
        {"x-cos-meta-a": "c "},
        {"x-cos-meta-a:": "c"},
        ["x"],
        {1: "a"},
    ],
    ids=repr,
)
def test_metadata_that_no_header_can_carry(client, bucket, metadata):
    with pytest.raises(ParameterError):
        client.put_object(bucket, b"", "a", Metadata=metadata)


@pytest.mark.parametrize(
    "storage_class",
    ["STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "ARCHIVE", "DEEP_ARCHIVE"],
)
def test_storage_classes(client, bucket, storage_class):
    client.put_object(bucket, b"x", "a", StorageClass=storage_class)
    shown = None if storage_class == "STANDARD" else storage_class
    assert client.head_object(bucket, "a").get("x-cos-storage-class") == shown
    [entry] = client.list_objects(bucket)["Contents"]
    assert entry["StorageClass"] == storage_class


@pytest.mark.parametrize("storage_class", ["standard", "COLD", "MAZ_STANDARD", "x" * 200])
def test_storage_classes_that_are_not_offered(client, bucket, storage_class):
    with refused(400, "NotSupportedStorageClass"):
        client.put_object(bucket, b"x", "a", StorageClass=storage_class)
    assert not client.object_exists(bucket, "a")


def test_the_body_is_checked(client, bucket):
    client.put_object(bucket, b"text", "a", EnableMD5=True)
    client.put_object(bucket, b"text", "b", ContentMD5=md5(b"text"))
    with refused(400, "BadDigest"):
        client.put_object(bucket, b"other", "a", ContentMD5=md5(b"text"))
    for digest in ("x", "AAAA", "not base64!", md5(b"")[:-2], "ä" * 8):
        with refused(400, "InvalidDigest"):
            client.put_object(bucket, b"other", "a", ContentMD5=digest)
    assert read(client, bucket, "a") == b"text"


def test_a_large_body_is_checked(client, bucket):
    body = os.urandom(200_000)
    client.put_object(bucket, body, "a", EnableMD5=True)
    with refused(400, "BadDigest"):
        client.put_object(bucket, bytes(200_000), "a", ContentMD5=md5(body))
    assert read(client, bucket, "a") == body


def test_a_declared_length(client, bucket):
    client.put_object(bucket, iter([b"ab", b"cd"]), "a", ContentLength="4")
    assert read(client, bucket, "a") == b"abcd"
    for length in ("3", "5"):
        with pytest.raises((CosClientError, CosServiceError)):
            client.put_object(bucket, iter([b"AB", b"CD"]), "a", ContentLength=length)
        with pytest.raises(ParameterError):
            client.put_object(bucket, b"ABCD", "a", ContentLength=length)
    assert read(client, bucket, "a") == b"abcd"


def test_kinds_of_bodies(client, bucket, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        file.seek(3)
        client.put_object(bucket, file, "from where it stands")
    assert read(client, bucket, "from where it stands") == b"3456789"
    bodies = {
        "text": ("中文", "中文".encode()),
        "bytearray": (bytearray(b"ab"), b"ab"),
        "memoryview": (memoryview(b"abcd")[1:3], b"bc"),
        "memory": (io.BytesIO(b"ab"), b"ab"),
        "pieces": (iter([b"a", b"", b"b"]), b"ab"),
        "nothing": (None, b""),
    }
    for key, (body, expected) in bodies.items():
        assert client.put_object(bucket, body, key)["ETag"] == etag(expected)
        assert read(client, bucket, key) == expected
    client.put_object(bucket, client.get_object(bucket, "text")["Body"], "another answer")
    assert read(client, bucket, "another answer") == "中文".encode()


def test_from_a_local_file(client, bucket, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"local")
    result = client.put_object_from_local_file(bucket, path, "a", ContentType="text/plain")
    assert result["ETag"] == etag(b"local")
    assert client.head_object(bucket, "a")["Content-Type"] == "text/plain"


def test_versions(client, bucket):
    client.put_object(bucket, b"never", "a")
    client.put_bucket_versioning(bucket, "Enabled")
    first = client.put_object(bucket, b"first", "a")["x-cos-version-id"]
    second = client.put_object(bucket, b"second", "a")["x-cos-version-id"]
    assert VERSION_ID.fullmatch(first)
    assert first != second
    client.put_bucket_versioning(bucket, "Suspended")
    assert "x-cos-version-id" not in client.put_object(bucket, b"suspended", "a")
    assert read(client, bucket, "a") == b"suspended"
    assert read(client, bucket, "a", VersionId="null") == b"suspended"
    assert read(client, bucket, "a", VersionId=first) == b"first"
    assert read(client, bucket, "a", VersionId=second) == b"second"


def test_nothing_is_overwritten(client, bucket):
    client.put_object(bucket, b"one", "a", ForbidOverwrite="true")
    for body in (b"two", bytes(100_000)):
        with refused(409, "FileAlreadyExists"):
            client.put_object(bucket, body, "a", ForbidOverwrite="true")
    client.put_object(bucket, b"two", "a", ForbidOverwrite="false")
    assert read(client, bucket, "a") == b"two"
    with refused(400, "InvalidArgument"):
        client.put_object(bucket, b"three", "a", ForbidOverwrite="maybe")
    client.put_bucket_versioning(bucket, "Enabled")
    client.put_object(bucket, b"three", "a", ForbidOverwrite="true")
    client.put_bucket_versioning(bucket, "Suspended")
    client.put_object(bucket, b"four", "a", ForbidOverwrite="true")
    assert read(client, bucket, "a") == b"four"


def test_a_length_is_needed(way, bucket):
    """In the process there is always one; over HTTP chunks may say it as they go."""
    reply = way.ask("PUT", f"/{bucket}/a")
    assert reply.status == 200
    assert reply.headers["content-length"] == "0"
    assert reply.headers["etag"] == etag(b"")


@pytest.mark.parametrize("limit", [819_200, "838860800"])
def test_traffic_limits(client, bucket, limit):
    client.put_object(bucket, b"x", "a", TrafficLimit=limit)
    assert read(client, bucket, "a", TrafficLimit=limit) == b"x"


@pytest.mark.parametrize("limit", ["819199", "838860801", "fast", "-1"])
def test_traffic_limits_out_of_range(way, client, bucket, limit):
    with pytest.raises(ParameterError):
        client.put_object(bucket, b"x", "a", TrafficLimit=limit)
    reply = way.ask("PUT", f"/{bucket}/a", headers={"x-cos-traffic-limit": limit}, body=b"x")
    assert reply.told == (400, "InvalidArgument")
    assert not client.object_exists(bucket, "a")


def test_unknown_parameters(client, bucket):
    with pytest.raises(ParameterError, match="did you mean 'ContentType'"):
        client.put_object(bucket, b"", "a", ContentTyp="text/plain")

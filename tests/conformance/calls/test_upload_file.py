"""upload_file: the simple path, and parts above 20 MB."""

import pytest

from cosbox.checksums import crc64
from cosbox.protocol.errors import ParameterError
from support.checks import etag, read, refused
from support.ways import OTHER

OPTIONS = {
    "StorageClass": "STANDARD_IA",
    "Expires": "Wed, 28 Oct 2054 20:30:00 GMT",
    "CacheControl": "no-cache",
    "ContentType": "text/plain",
    "ContentDisposition": "inline",
    "ContentEncoding": "identity",
    "ContentLanguage": "en",
    "Metadata": {"x-cos-meta-a": "1"},
    "GrantFullControl": f'id="{OTHER.uin}"',
    "GrantRead": f'id="{OTHER.uin}"',
}
WIRE = {
    "StorageClass": "x-cos-storage-class",
    "Expires": "Expires",
    "CacheControl": "Cache-Control",
    "ContentType": "Content-Type",
    "ContentDisposition": "Content-Disposition",
    "ContentEncoding": "Content-Encoding",
    "ContentLanguage": "Content-Language",
}


@pytest.fixture
def make_file(tmp_path):
    def make(body):
        path = tmp_path / "file"
        path.write_bytes(body)
        return path

    return make


@pytest.mark.parametrize("size", [0, 5, 100_000])
def test_small_files(client, bucket, make_file, size):
    path = make_file(bytes(size))
    result = client.upload_file(bucket, "a", path, PartSize=1, MAXThread=5, EnableMD5=True)
    assert result["ETag"] == etag(bytes(size))
    assert read(client, bucket, "a") == bytes(size)


def check_options(client, bucket):
    head = client.head_object(bucket, "a")
    for name, wire in WIRE.items():
        assert head[wire] == OPTIONS[name]
    assert head["x-cos-meta-a"] == "1"
    assert len(client.get_object_acl(bucket, "a")["AccessControlList"]["Grant"]) == 3


def test_options(client, bucket, make_file):
    client.upload_file(bucket, "a", str(make_file(b"text")), **OPTIONS)
    check_options(client, bucket)


def test_above_20_mb_in_parts(client, bucket, make_file):
    body = bytes(range(256)) * 4096 * 20 + b"end"
    told = []
    result = client.upload_file(
        bucket,
        "a",
        make_file(body),
        PartSize=8,
        progress_callback=lambda done, whole: told.append((done, whole)),
        **OPTIONS,
    )
    assert result["ETag"].endswith('-3"')
    assert result["x-cos-hash-crc64ecma"] == str(crc64(body))
    assert told[-1] == (len(body), len(body))
    check_options(client, bucket)
    assert read(client, bucket, "a", Range="bytes=-10") == body[-10:]
    assert "Upload" not in client.list_multipart_uploads(bucket)


def test_what_is_refused(client, bucket, make_file, tmp_path):
    path = make_file(b"x")
    with refused(404, "NoSuchBucket"):
        client.upload_file("missing-1250000000", "a", path)
    with pytest.raises(FileNotFoundError):
        client.upload_file(bucket, "a", tmp_path / "nothing")
    for options in ({"PartSize": 0}, {"MAXThread": 0}, {"Other": 1}):
        with pytest.raises(ParameterError):
            client.upload_file(bucket, "a", path, **options)
    assert not client.object_exists(bucket, "a")

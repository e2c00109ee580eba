"""upload_part."""

import pytest

from cosbox.checksums import crc64
from cosbox.protocol.errors import ParameterError
from support.checks import (
    ISO,
    etag,
    md5,
    read,
    refused,
)


@pytest.fixture
def begun(client, bucket):
    """The id of an upload of "a"."""
    return client.create_multipart_upload(bucket, "a")["UploadId"]


def numbers(page):
    return [part["PartNumber"] for part in page.get("Part", [])]


@pytest.mark.parametrize("body", [b"", b"part", bytes(100_000)], ids=len)
def test_the_result(client, bucket, begun, body):
    result = client.upload_part(bucket, "a", body, 1, begun)
    assert result["ETag"] == etag(body)
    assert result["x-cos-hash-crc64ecma"] == str(crc64(body))
    [part] = client.list_parts(bucket, "a", begun)["Part"]
    assert ISO.fullmatch(part.pop("LastModified"))
    assert part == {"PartNumber": "1", "ETag": etag(body), "Size": str(len(body))}


def test_a_part_is_replaced(client, bucket, begun):
    for body in (b"one", bytes(100_000), b"three"):
        tag = client.upload_part(bucket, "a", body, 7, begun)["ETag"]
    [part] = client.list_parts(bucket, "a", begun)["Part"]
    assert (part["ETag"], part["Size"]) == (tag, "5")
    parts = {"Part": [{"PartNumber": 7, "ETag": tag}]}
    client.complete_multipart_upload(bucket, "a", begun, parts)
    assert read(client, bucket, "a") == b"three"


def test_the_body_is_checked(client, bucket, begun):
    client.upload_part(bucket, "a", b"text", 1, begun, EnableMD5=True)
    client.upload_part(bucket, "a", b"text", 1, begun, ContentMD5=md5(b"text"), ContentLength="4")
    with refused(400, "BadDigest"):
        client.upload_part(bucket, "a", b"other", 1, begun, ContentMD5=md5(b"text"))
    with refused(400, "InvalidDigest"):
        client.upload_part(bucket, "a", b"other", 1, begun, ContentMD5="x")
    [part] = client.list_parts(bucket, "a", begun)["Part"]
    assert part["ETag"] == etag(b"text")


def test_numbers(way, client, bucket, begun):
    for number in (1, "2", 10_000):
        client.upload_part(bucket, "a", b"x", number, begun)
    for number in (0, 10_001, -1, "one"):
        with pytest.raises(ParameterError):
            client.upload_part(bucket, "a", b"x", number, begun)
        query = {"partNumber": str(number), "uploadId": begun}
        reply = way.ask("PUT", f"/{bucket}/a", query=query, body=b"x")
        assert reply.told == (400, "InvalidArgument")
    assert numbers(client.list_parts(bucket, "a", begun)) == ["1", "2", "10000"]


def test_half_a_part(way, client, bucket, begun):
    """A part without an upload, or the other way round, is no object either."""
    for query in ({"partNumber": "1"}, {"uploadId": begun}):
        reply = way.ask("PUT", f"/{bucket}/a", query=query, body=b"x")
        assert reply.told == (405, "MethodNotAllowed")
    assert not client.object_exists(bucket, "a")


def test_what_is_not_there(client, make_bucket, bucket, begun):
    for other_bucket, key, upload_id in (
        (bucket, "b", begun),
        (make_bucket(), "a", begun),
        (bucket, "a", "1" * 74),
    ):
        with refused(404, "NoSuchUpload"):
            client.upload_part(other_bucket, key, b"x", 1, upload_id)
        with refused(404, "NoSuchUpload"):
            client.list_parts(other_bucket, key, upload_id)
    with refused(404, "NoSuchBucket"):
        client.upload_part("missing-1250000000", "a", b"x", 1, begun)
    with refused(404, "NoSuchBucket"):
        client.list_parts("missing-1250000000", "a", begun)

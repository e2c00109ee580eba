"""upload_part_copy."""

import pytest

from cosbox.checksums import crc64
from support.checks import (
    ISO_SECONDS,
    PART,
    completed,
    etag,
    read,
    refused,
    source,
    upload,
)
from support.ways import OTHER

OLD = "Wed, 28 Oct 2014 20:30:00 GMT"
LATE = "Wed, 28 Oct 2054 20:30:00 GMT"


@pytest.fixture
def begun(client, bucket):
    """The id of an upload of "a"."""
    return client.create_multipart_upload(bucket, "a")["UploadId"]


def numbers(page):
    return [part["PartNumber"] for part in page.get("Part", [])]


def test_a_copied_part(client, bucket, begun):
    client.put_object(bucket, b"0123456789", "source")
    result = client.upload_part_copy(bucket, "a", 1, begun, source(bucket, "source"))
    assert result["ETag"] == etag(b"0123456789")
    assert ISO_SECONDS.fullmatch(result["LastModified"])
    assert "x-cos-copy-source-version-id" not in result
    parts = {"Part": [{"PartNumber": 1, "ETag": result["ETag"]}]}
    client.complete_multipart_upload(bucket, "a", begun, parts)
    client.delete_object(bucket, "source")
    assert read(client, bucket, "a") == b"0123456789"


@pytest.mark.parametrize("size", [10, 300_000])
def test_copied_ranges(client, bucket, begun, size):
    body = bytes(range(256)) * (size // 256 + 1)
    body = body[:size]
    client.put_object(bucket, body, "source")
    for first, last in ((0, size - 1), (3, 5), (size - 1, size - 1)):
        span = f"bytes={first}-{last}"
        result = client.upload_part_copy(bucket, "a", 1, begun, source(bucket, "source"), span)
        assert result["ETag"] == etag(body[first : last + 1])
        [part] = client.list_parts(bucket, "a", begun)["Part"]
        assert part["Size"] == str(last + 1 - first)


def test_ranges_across_parts(client, bucket, begun):
    bodies = [b"a" * PART, b"b" * PART, b"end"]
    completed(client, bucket, "source", bodies)
    whole = b"".join(bodies)
    span = f"bytes={PART - 5}-{2 * PART + 1}"
    result = client.upload_part_copy(bucket, "a", 1, begun, source(bucket, "source"), span)
    assert result["ETag"] == etag(whole[PART - 5 : 2 * PART + 2])
    done = client.complete_multipart_upload(
        bucket, "a", begun, {"Part": [{"PartNumber": 1, "ETag": result["ETag"]}]}
    )
    assert done["x-cos-hash-crc64ecma"] == str(crc64(whole[PART - 5 : 2 * PART + 2]))
    assert read(client, bucket, "a") == whole[PART - 5 : 2 * PART + 2]


def test_ranges_that_are_refused(client, bucket, begun):
    client.put_object(bucket, b"0123456789", "source")
    for span in ("bytes=0-10", "bytes=10-10", "bytes=5-4"):
        with refused(416, "InvalidRange"):
            client.upload_part_copy(bucket, "a", 1, begun, source(bucket, "source"), span)
    for span in ("bytes=0-", "bytes=-1", "bytes=0-1,3-4", "x", "0-1"):
        with refused(400, "InvalidArgument"):
            client.upload_part_copy(bucket, "a", 1, begun, source(bucket, "source"), span)
    assert numbers(client.list_parts(bucket, "a", begun)) == []


TAG, OTHER_TAG = etag(b"text"), '"00000000000000000000000000000000"'


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ({"IfMatch": TAG}, True),
        ({"IfMatch": OTHER_TAG}, False),
        ({"IfNoneMatch": OTHER_TAG}, True),
        ({"IfNoneMatch": TAG}, False),
        ({"IfModifiedSince": OLD}, True),
        ({"IfModifiedSince": LATE}, False),
        ({"IfUnmodifiedSince": LATE}, True),
        ({"IfUnmodifiedSince": OLD}, False),
        ({"IfMatch": TAG, "IfUnmodifiedSince": LATE}, True),
        ({"IfNoneMatch": OTHER_TAG, "IfModifiedSince": OLD}, True),
    ],
)
def test_conditions_of_copies(client, bucket, begun, conditions, holds):
    client.put_object(bucket, b"text", "source")
    options = {f"CopySource{name}": text for name, text in conditions.items()}
    if holds:
        client.upload_part_copy(bucket, "a", 1, begun, source(bucket, "source"), **options)
    else:
        with refused(412, "PreconditionFailed"):
            client.upload_part_copy(bucket, "a", 1, begun, source(bucket, "source"), **options)
    assert numbers(client.list_parts(bucket, "a", begun)) == (["1"] if holds else [])


def test_copied_versions(client, versioned):
    ids = [client.put_object(versioned, b, "s")["x-cos-version-id"] for b in (b"1", b"22")]
    upload_id, _ = upload(client, versioned, "a", [])
    result = client.upload_part_copy(versioned, "a", 1, upload_id, source(versioned, "s"))
    assert (result["ETag"], result["x-cos-copy-source-version-id"]) == (etag(b"22"), ids[1])
    old = source(versioned, "s", VersionId=ids[0])
    result = client.upload_part_copy(versioned, "a", 1, upload_id, old)
    assert (result["ETag"], result["x-cos-copy-source-version-id"]) == (etag(b"1"), ids[0])
    marker = client.delete_object(versioned, "s")["x-cos-version-id"]
    with refused(404, "NoSuchKey"):
        client.upload_part_copy(versioned, "a", 2, upload_id, source(versioned, "s"))
    gone = source(versioned, "s", VersionId=marker)
    with refused(400, "InvalidCopySource"):
        client.upload_part_copy(versioned, "a", 2, upload_id, gone)
    with refused(404, "NoSuchVersion"):
        client.upload_part_copy(
            versioned, "a", 2, upload_id, source(versioned, "x", VersionId=ids[0])
        )


def test_sources_that_cannot_be_read(way, client, bucket, begun, foreign):
    client.put_object(bucket, b"cold", "cold", StorageClass="ARCHIVE")
    with refused(403, "InvalidObjectState"):
        client.upload_part_copy(bucket, "a", 1, begun, source(bucket, "cold"))
    way.client(OTHER).put_object(foreign, b"secret", "a")
    with refused(403, "AccessDenied"):
        client.upload_part_copy(bucket, "a", 1, begun, source(foreign, "a"))
    with refused(404, "NoSuchBucket"):
        client.upload_part_copy(bucket, "a", 1, begun, source("missing-1250000000", "a"))
    client.put_object(bucket, b"x", "s")
    with refused(404, "NoSuchUpload"):
        client.upload_part_copy(bucket, "b", 1, begun, source(bucket, "s"))

"""get_object: ranges, conditions, overrides."""

import pytest

from cosbox.checksums import crc64
from cosbox.protocol.errors import NotModifiedError, PreconditionError
from support.checks import HTTP_DATE, completed, etag, read, refused
from support.ways import NOBODY

BODY = bytes(range(256)) * 1000
SIZE = len(BODY)
OLD = "Wed, 28 Oct 2014 20:30:00 GMT"
LATE = "Wed, 28 Oct 2054 20:30:00 GMT"


def test_the_result(client, bucket, tmp_path):
    client.put_object(bucket, b"text", "a")
    answer = client.get_object(bucket, "a")
    assert answer["Body"].read() == b"text"
    assert answer["ETag"] == etag(b"text")
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Content-Length"] == "4"
    assert answer["Content-Type"] == "application/octet-stream"
    assert HTTP_DATE.fullmatch(answer["Last-Modified"])
    assert answer["x-cos-hash-crc64ecma"] == str(crc64(b"text"))
    assert not {"Content-Range", "x-cos-version-id", "x-cos-storage-class"} & set(answer)
    client.get_object(bucket, "a")["Body"].get_stream_to_file(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"text"
    with client.get_object(bucket, "a")["Body"].get_raw_stream() as stream:
        assert stream.read() == b"text"


def test_what_is_not_there(client, bucket):
    with refused(404, "NoSuchKey"):
        client.get_object(bucket, "a")
    with refused(404, "NoSuchBucket"):
        client.get_object("missing-1250000000", "a")
    client.put_object(bucket, b"", "a")
    with refused(404, "NoSuchVersion"):
        client.get_object(bucket, "a", VersionId="MTg0NDUxNTc1NjIzMTQ1MDAwODg")
    for version in (
        "x",
        "MTIz",
        "%%%",
        "MTg0NDUxNTc1NjIzMTQ1MDAwODg=",
        "IDE4NDQ1MTU3NTYyMzE0NTAwMDg4",
    ):
        with refused(400, "InvalidArgument"):
            client.get_object(bucket, "a", VersionId=version)


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 20)),
        ("bytes=0-", (0, SIZE)),
        (f"bytes={SIZE - 1}-", (SIZE - 1, SIZE)),
        (f"bytes={SIZE - 1}-{SIZE}", (SIZE - 1, SIZE)),
        ("bytes=-1", (SIZE - 1, SIZE)),
        ("bytes=-100", (SIZE - 100, SIZE)),
        (f"bytes=-{SIZE * 2}", (0, SIZE)),
        ("bytes=100000-99999999999999", (100000, SIZE)),
        ("BYTES=0-9", (0, 10)),
    ],
)
def test_ranges(client, bucket, header, span):
    client.put_object(bucket, BODY, "a")
    answer = client.get_object(bucket, "a", Range=header)
    start, stop = span
    assert answer["Body"].read() == BODY[start:stop]
    assert answer["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert answer["Content-Length"] == str(stop - start)
    assert answer["ETag"] == etag(BODY)
    assert answer["x-cos-hash-crc64ecma"] == str(crc64(BODY))


def test_a_range_is_a_206(way, client, bucket):
    client.put_object(bucket, b"0123456789", "a")
    reply = way.ask("GET", f"/{bucket}/a", headers={"Range": "bytes=2-4"})
    assert (reply.status, reply.body) == (206, b"234")
    assert way.ask("GET", f"/{bucket}/a").status == 200


@pytest.mark.parametrize(
    "header",
    ["bytes=0-1,5-6", "bytes=5-2", "bytes=-", "bytes=a-b", "lines=0-1", "0-1", "bytes=0x1-2"],
)
def test_ranges_that_are_ignored(way, client, bucket, header):
    client.put_object(bucket, b"0123456789", "a")
    reply = way.ask("GET", f"/{bucket}/a", headers={"Range": header})
    assert (reply.status, reply.body) == (200, b"0123456789")
    assert "content-range" not in reply.headers


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=99999999999-", "bytes=-0"])
def test_ranges_past_the_end(way, client, bucket, header):
    client.put_object(bucket, b"0123456789", "a")
    with refused(416, "InvalidRange"):
        client.get_object(bucket, "a", Range=header)
    reply = way.ask("GET", f"/{bucket}/a", headers={"Range": header})
    assert reply.headers["content-range"] == "bytes */10"


def test_ranges_of_nothing(client, bucket):
    client.put_object(bucket, b"", "a")
    assert read(client, bucket, "a") == b""
    for header in ("bytes=0-", "bytes=0-0", "bytes=-1"):
        with refused(416, "InvalidRange"):
            client.get_object(bucket, "a", Range=header)


def test_ranges_across_parts(client, bucket):
    bodies = [bytes([number]) * 1024 * 1024 for number in range(3)]
    completed(client, bucket, "a", [*bodies, b"end"])
    whole = b"".join([*bodies, b"end"])
    for start, stop in ((0, 10), (1024 * 1024 - 1, 1024 * 1024 + 1), (10, 3 * 1024 * 1024 + 2)):
        assert read(client, bucket, "a", Range=f"bytes={start}-{stop - 1}") == whole[start:stop]
    assert read(client, bucket, "a", Range="bytes=-4") == b"\x02end"


TAG, OTHER_TAG = etag(b"text"), '"00000000000000000000000000000000"'
HOLDS, NOT_MODIFIED, FAILS = 200, 304, 412


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ({"IfMatch": TAG}, HOLDS),
        ({"IfMatch": TAG.strip('"')}, HOLDS),
        ({"IfMatch": f"{OTHER_TAG}, {TAG}"}, HOLDS),
        ({"IfMatch": "*"}, HOLDS),
        ({"IfMatch": OTHER_TAG}, FAILS),
        ({"IfNoneMatch": OTHER_TAG}, HOLDS),
        ({"IfNoneMatch": TAG}, NOT_MODIFIED),
        ({"IfNoneMatch": f"W/{TAG}"}, NOT_MODIFIED),
        ({"IfNoneMatch": "*"}, NOT_MODIFIED),
        ({"IfModifiedSince": OLD}, HOLDS),
        ({"IfModifiedSince": LATE}, NOT_MODIFIED),
        ({"IfUnmodifiedSince": LATE}, HOLDS),
        ({"IfUnmodifiedSince": OLD}, FAILS),
        # A tag beats a date of the same kind.
        ({"IfMatch": TAG, "IfUnmodifiedSince": OLD}, HOLDS),
        ({"IfMatch": OTHER_TAG, "IfUnmodifiedSince": LATE}, FAILS),
        ({"IfNoneMatch": OTHER_TAG, "IfModifiedSince": LATE}, HOLDS),
        ({"IfNoneMatch": TAG, "IfModifiedSince": OLD}, NOT_MODIFIED),
        # What must hold is looked at before what may spare the answer.
        ({"IfMatch": OTHER_TAG, "IfNoneMatch": TAG}, FAILS),
        ({"IfMatch": TAG, "IfNoneMatch": TAG}, NOT_MODIFIED),
        ({"IfUnmodifiedSince": OLD, "IfModifiedSince": LATE}, FAILS),
        ({"IfUnmodifiedSince": LATE, "IfModifiedSince": LATE}, NOT_MODIFIED),
        # What is no date does not exist.
        ({"IfModifiedSince": "yesterday"}, HOLDS),
        ({"IfUnmodifiedSince": "yesterday"}, HOLDS),
    ],
)
def test_conditions(client, bucket, conditions, status):
    client.put_object(bucket, b"text", "a")
    if status == HOLDS:
        assert read(client, bucket, "a", **conditions) == b"text"
    elif status == NOT_MODIFIED:
        with pytest.raises(NotModifiedError):
            client.get_object(bucket, "a", **conditions)
    else:
        with refused(412, "PreconditionFailed") as caught:
            client.get_object(bucket, "a", **conditions)
        assert isinstance(caught.value, PreconditionError)


def test_the_second_of_the_last_change(client, bucket):
    client.put_object(bucket, b"text", "a")
    modified = client.head_object(bucket, "a")["Last-Modified"]
    assert read(client, bucket, "a", IfUnmodifiedSince=modified) == b"text"
    with pytest.raises(NotModifiedError):
        client.get_object(bucket, "a", IfModifiedSince=modified)


def test_a_304_has_no_body(way, client, bucket):
    client.put_object(bucket, b"text", "a", ContentType="text/plain", CacheControl="no-cache")
    reply = way.ask("GET", f"/{bucket}/a", headers={"If-None-Match": TAG})
    assert (reply.status, reply.body) == (304, b"")
    assert reply.headers["etag"] == TAG
    assert reply.headers["content-type"] == "text/plain"
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.headers["x-cos-hash-crc64ecma"] == str(crc64(b"text"))
    assert reply.headers["x-cos-request-id"]
    assert "last-modified" not in reply.headers


def test_conditions_come_before_ranges(client, bucket):
    client.put_object(bucket, b"text", "a")
    with refused(412, "PreconditionFailed"):
        client.get_object(bucket, "a", IfMatch=OTHER_TAG, Range="bytes=9-")
    with pytest.raises(NotModifiedError):
        client.get_object(bucket, "a", IfNoneMatch=TAG, Range="bytes=9-")
    assert read(client, bucket, "a", IfMatch=TAG, Range="bytes=1-2") == b"ex"


OVERRIDES = {
    "ResponseCacheControl": ("Cache-Control", "max-age=1 2"),
    "ResponseContentDisposition": ("Content-Disposition", 'attachment; filename="中.txt"'),
    "ResponseContentEncoding": ("Content-Encoding", "identity"),
    "ResponseContentLanguage": ("Content-Language", "en"),
    "ResponseContentType": ("Content-Type", "text/html; charset=utf-8"),
    "ResponseExpires": ("Expires", "Wed, 28 Oct 2054 20:30:00 GMT"),
}


@pytest.mark.parametrize("name", OVERRIDES)
def test_each_override(client, bucket, name):
    client.put_object(bucket, b"text", "a", ContentType="text/plain", CacheControl="no-cache")
    header, text = OVERRIDES[name]
    answer = client.get_object(bucket, "a", **{name: text})
    assert answer["Body"].read() == b"text"
    assert answer[header] == text
    assert client.head_object(bucket, "a")["Content-Type"] == "text/plain"


def test_all_overrides_and_a_range(client, bucket):
    client.put_object(bucket, b"text", "a")
    options = {name: text for name, (_, text) in OVERRIDES.items()}
    answer = client.get_object(bucket, "a", Range="bytes=1-", **options)
    assert answer["Body"].read() == b"ext"
    for header, text in OVERRIDES.values():
        assert answer[header] == text


def test_overrides_must_be_signed(way, client, make_bucket):
    name = make_bucket(ACL="public-read")
    client.put_object(name, b"text", "a")
    anonymous = way.client(NOBODY)
    assert read(anonymous, name, "a") == b"text"
    for option, (_, text) in OVERRIDES.items():
        with refused(403, "AccessDenied", "must be signed"):
            anonymous.get_object(name, "a", **{option: text})


@pytest.mark.parametrize(
    "text", ["a\r\nx-cos-evil: 1", "a\nb", "a\0b", "\x1b[31m", "\x7f"], ids=repr
)
def test_overrides_that_no_header_can_carry(client, bucket, text):
    client.put_object(bucket, b"text", "a")
    for option in OVERRIDES:
        with refused(400, "InvalidArgument", "control character"):
            client.get_object(bucket, "a", **{option: text})


def test_versions(client, versioned):
    ids = [client.put_object(versioned, body, "a")["x-cos-version-id"] for body in (b"one", b"two")]
    assert read(client, versioned, "a") == b"two"
    for version, body in zip(ids, (b"one", b"two"), strict=True):
        answer = client.get_object(versioned, "a", VersionId=version)
        assert answer["Body"].read() == body
        assert answer["x-cos-version-id"] == version
    assert read(client, versioned, "a", VersionId=ids[0], Range="bytes=1-1") == b"n"
    with refused(412, "PreconditionFailed"):
        client.get_object(versioned, "a", VersionId=ids[0], IfMatch=etag(b"two"))


def test_delete_markers(way, client, versioned):
    first = client.put_object(versioned, b"one", "a")["x-cos-version-id"]
    marker = client.delete_object(versioned, "a")["x-cos-version-id"]
    with refused(404, "NoSuchKey"):
        client.get_object(versioned, "a")
    with refused(404, "NoSuchKey"):
        client.get_object(versioned, "a", VersionId=marker)
    reply = way.ask("GET", f"/{versioned}/a")
    assert reply.headers["x-cos-delete-marker"] == "true"
    assert reply.headers["x-cos-version-id"] == marker
    assert read(client, versioned, "a", VersionId=first) == b"one"


def test_archived_objects(way, client, bucket):
    for storage_class in ("ARCHIVE", "DEEP_ARCHIVE"):
        client.put_object(bucket, b"cold", "a", StorageClass=storage_class)
        with refused(403, "InvalidObjectState"):
            client.get_object(bucket, "a")
        reply = way.ask("GET", f"/{bucket}/a")
        assert reply.headers["x-cos-storage-class"] == storage_class
    client.put_object(bucket, b"cool", "a", StorageClass="STANDARD_IA")
    answer = client.get_object(bucket, "a")
    assert answer["Body"].read() == b"cool"
    assert answer["x-cos-storage-class"] == "STANDARD_IA"

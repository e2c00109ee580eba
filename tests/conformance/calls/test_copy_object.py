"""copy_object."""

import pytest

from cosbox.checksums import crc64
from support.checks import (
    ISO_SECONDS,
    VERSION_ID,
    completed,
    etag,
    read,
    refused,
    source,
)
from support.ways import OTHER, OWNER

OLD = "Wed, 28 Oct 2014 20:30:00 GMT"
LATE = "Wed, 28 Oct 2054 20:30:00 GMT"
HEADERS = {
    "ContentType": "text/plain",
    "CacheControl": "no-cache",
    "ContentDisposition": "inline",
    "ContentEncoding": "identity",
    "ContentLanguage": "en",
    "Expires": LATE,
    "Metadata": {"x-cos-meta-a": "1", "x-cos-meta-b": "2"},
}


@pytest.mark.parametrize("body", [b"", b"text", bytes(200_000)], ids=len)
def test_the_result(client, bucket, body):
    client.put_object(bucket, body, "a")
    result = client.copy_object(bucket, "b", source(bucket, "a"))
    assert result["ETag"] == etag(body)
    assert result["CRC64"] == str(crc64(body))
    assert ISO_SECONDS.fullmatch(result["LastModified"])
    assert not {"VersionId", "x-cos-copy-source-version-id"} & set(result)
    assert read(client, bucket, "b") == body
    client.delete_object(bucket, "a")
    assert read(client, bucket, "b") == body


def test_between_buckets(client, make_bucket):
    one, two = make_bucket(), make_bucket()
    client.put_object(one, b"text", "a")
    client.copy_object(two, "a", source(one, "a"))
    assert read(client, two, "a") == b"text"


def test_headers_are_kept(client, bucket):
    client.put_object(bucket, b"text", "a", **HEADERS)
    client.copy_object(
        bucket, "b", source(bucket, "a"), ContentType="image/png", Metadata={"x-cos-meta-c": "3"}
    )
    old, new = client.head_object(bucket, "a"), client.head_object(bucket, "b")
    for name in (
        *("Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding"),
        *("Content-Language", "Expires", "x-cos-meta-a", "x-cos-meta-b"),
    ):
        assert new[name] == old[name]
    assert "x-cos-meta-c" not in new


def test_headers_are_replaced(client, bucket):
    client.put_object(bucket, b"text", "a", **HEADERS)
    client.copy_object(
        bucket,
        "b",
        source(bucket, "a"),
        "Replaced",
        CacheControl="max-age=1",
        Metadata={"x-cos-meta-c": "3"},
    )
    head = client.head_object(bucket, "b")
    assert head["Cache-Control"] == "max-age=1"
    assert head["x-cos-meta-c"] == "3"
    assert head["Content-Type"] == "application/octet-stream"
    assert not {"x-cos-meta-a", "Content-Disposition", "Expires", "Content-Language"} & set(head)


def test_class_and_acl_are_never_kept(client, bucket):
    client.put_object(bucket, b"text", "a", StorageClass="STANDARD_IA", ACL="public-read")
    client.copy_object(bucket, "b", source(bucket, "a"))
    assert "x-cos-storage-class" not in client.head_object(bucket, "b")
    grants = client.get_object_acl(bucket, "b")["AccessControlList"]["Grant"]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL"]
    client.copy_object(
        bucket, "c", source(bucket, "a"), StorageClass="STANDARD_IA", ACL="public-read"
    )
    assert client.head_object(bucket, "c")["x-cos-storage-class"] == "STANDARD_IA"
    assert len(client.get_object_acl(bucket, "c")["AccessControlList"]["Grant"]) == 2
    client.copy_object(bucket, "d", source(bucket, "a"), GrantRead=f'id="{OTHER.uin}"')
    assert len(client.get_object_acl(bucket, "d")["AccessControlList"]["Grant"]) == 2


def test_onto_itself(client, bucket):
    client.put_object(bucket, b"text", "a", ContentType="text/plain")
    with refused(400, "InvalidRequest", "Replaced"):
        client.copy_object(bucket, "a", source(bucket, "a"))
    client.copy_object(
        bucket,
        "a",
        source(bucket, "a"),
        "Replaced",
        ContentType="image/png",
        StorageClass="ARCHIVE",
    )
    head = client.head_object(bucket, "a")
    assert (head["Content-Type"], head["x-cos-storage-class"]) == ("image/png", "ARCHIVE")


def test_a_directive_that_is_none(client, bucket):
    client.put_object(bucket, b"text", "a")
    for status in ("replaced", "REPLACE", "Other"):
        with refused(400, "InvalidArgument"):
            client.copy_object(bucket, "b", source(bucket, "a"), status)
    assert not client.object_exists(bucket, "b")


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
        ({"IfMatch": TAG, "IfUnmodifiedSince": OLD}, True),
        ({"IfNoneMatch": TAG, "IfModifiedSince": OLD}, False),
    ],
)
def test_conditions(client, bucket, conditions, holds):
    client.put_object(bucket, b"text", "a")
    options = {f"CopySource{name}": text for name, text in conditions.items()}
    if holds:
        client.copy_object(bucket, "b", source(bucket, "a"), **options)
    else:
        with refused(412, "PreconditionFailed"):
            client.copy_object(bucket, "b", source(bucket, "a"), **options)
    assert client.object_exists(bucket, "b") is holds


def test_versions(client, versioned):
    ids = [client.put_object(versioned, body, "a")["x-cos-version-id"] for body in (b"1", b"2")]
    result = client.copy_object(versioned, "b", source(versioned, "a"))
    assert VERSION_ID.fullmatch(result["VersionId"])
    assert result["x-cos-copy-source-version-id"] == ids[1]
    assert client.head_object(versioned, "b")["x-cos-version-id"] == result["VersionId"]
    result = client.copy_object(versioned, "b", source(versioned, "a", VersionId=ids[0]))
    assert result["x-cos-copy-source-version-id"] == ids[0]
    assert read(client, versioned, "b") == b"1"
    # An older version becomes the newest by a copy onto itself.
    client.copy_object(versioned, "a", source(versioned, "a", VersionId=ids[0]))
    assert read(client, versioned, "a") == b"1"
    client.put_bucket_versioning(versioned, "Suspended")
    assert "VersionId" not in client.copy_object(versioned, "b", source(versioned, "a"))
    assert client.head_object(versioned, "b")["x-cos-version-id"] == "null"


def test_sources_that_are_not_there(client, versioned):
    first = client.put_object(versioned, b"1", "a")["x-cos-version-id"]
    marker = client.delete_object(versioned, "a")["x-cos-version-id"]
    for wanted in (source(versioned, "a"), source(versioned, "missing")):
        with refused(404, "NoSuchKey"):
            client.copy_object(versioned, "b", wanted)
    with refused(404, "NoSuchBucket"):
        client.copy_object(versioned, "b", source("missing-1250000000", "a"))
    with refused(404, "NoSuchVersion"):
        client.copy_object(versioned, "b", source(versioned, "b", VersionId=first))
    with refused(400, "InvalidCopySource"):
        client.copy_object(versioned, "b", source(versioned, "a", VersionId=marker))
    client.copy_object(versioned, "b", source(versioned, "a", VersionId=first))
    assert read(client, versioned, "b") == b"1"
    with refused(404, "NoSuchBucket"):
        client.copy_object("missing-1250000000", "b", source(versioned, "b"))


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "no-bucket/a",
        "b-1",
        "b-1/",
        "b-1.cos.x.myqcloud.com/%ff",
        "b-1/a?acl",
        "B-1/a",
        "b-1/%5ca",
    ],
)
def test_sources_that_are_none(way, bucket, text):
    reply = way.ask("PUT", f"/{bucket}/b", headers={"x-cos-copy-source": text})
    assert reply.status == 400
    assert reply.code in {"InvalidCopySource", "InvalidObjectName"}


def test_archived_sources(way, client, bucket):
    client.put_object(bucket, b"cold", "a", StorageClass="ARCHIVE")
    with refused(403, "InvalidObjectState"):
        client.copy_object(bucket, "b", source(bucket, "a"))
    client.restore_object(bucket, "a", {"Days": 1, "CASJobParameters": {"Tier": "Expedited"}})
    with refused(403, "InvalidObjectState"):
        client.copy_object(bucket, "b", source(bucket, "a"))
    way.travel(minutes=6)
    client.copy_object(bucket, "b", source(bucket, "a"))
    assert read(client, bucket, "b") == b"cold"


def test_sources_of_others(way, client, bucket, foreign):
    other = way.client(OTHER)
    other.put_object(foreign, b"secret", "a")
    with refused(403, "AccessDenied"):
        client.copy_object(bucket, "b", source(foreign, "a"))
    with refused(403, "AccessDenied"):
        client.copy_object(bucket, "b", source(foreign, "missing"))
    other.put_object_acl(foreign, "a", GrantRead=f'id="{OWNER.uin}"')
    client.copy_object(bucket, "b", source(foreign, "a"))
    assert read(client, bucket, "b") == b"secret"
    [entry] = client.list_objects(bucket)["Contents"]
    assert entry["Owner"]["ID"] == OWNER.appid
    with refused(403, "AccessDenied"):
        client.copy_object(foreign, "b", source(bucket, "b"))


def test_an_object_made_of_parts(client, bucket):
    tag = completed(client, bucket, "a", [bytes(1024 * 1024), b"end"])["ETag"]
    assert client.copy_object(bucket, "b", source(bucket, "a"))["ETag"] == tag
    assert read(client, bucket, "b") == bytes(1024 * 1024) + b"end"
    client.delete_object(bucket, "a")
    assert read(client, bucket, "b", Range="bytes=-3") == b"end"


def test_nothing_is_overwritten(client, bucket):
    client.put_object(bucket, b"1", "a")
    client.put_object(bucket, b"2", "b")
    with refused(409, "FileAlreadyExists"):
        client.copy_object(bucket, "b", source(bucket, "a"), ForbidOverwrite="true")
    assert read(client, bucket, "b") == b"2"


def test_a_class_that_is_not_offered(client, bucket):
    client.put_object(bucket, b"1", "a")
    with refused(400, "NotSupportedStorageClass"):
        client.copy_object(bucket, "b", source(bucket, "a"), StorageClass="COLD")

"""head_object and object_exists."""

import pytest

from cosbox.checksums import crc64
from cosbox.protocol.errors import NotFoundError, NotModifiedError, PreconditionError
from support.checks import HTTP_DATE, VERSION_ID, etag, refused

OLD = "Wed, 28 Oct 2014 20:30:00 GMT"
LATE = "Wed, 28 Oct 2054 20:30:00 GMT"


def test_the_result(client, bucket):
    client.put_object(bucket, b"text", "a")
    head = client.head_object(bucket, "a")
    assert head["ETag"] == etag(b"text")
    assert head["Content-Length"] == "4"
    assert head["Content-Type"] == "application/octet-stream"
    assert HTTP_DATE.fullmatch(head["Last-Modified"])
    assert head["x-cos-hash-crc64ecma"] == str(crc64(b"text"))
    assert head["x-cos-request-id"]
    absent = {"Accept-Ranges", "Content-Range", "x-cos-storage-class", "x-cos-version-id"}
    assert not absent & set(head)


def test_what_is_not_there(client, bucket):
    with refused(404, "NoSuchResource") as caught:
        client.head_object(bucket, "a")
    assert isinstance(caught.value, NotFoundError)
    assert client.object_exists(bucket, "a") is False
    client.put_object(bucket, b"", "a")
    assert client.object_exists(bucket, "a") is True
    assert client.object_exists("missing-1250000000", "a") is False


def test_an_error_has_no_body(way, bucket):
    reply = way.ask("HEAD", f"/{bucket}/a")
    assert (reply.status, reply.body) == (404, b"")
    assert reply.headers["content-type"] == "application/xml"
    assert reply.headers["content-length"] == "0"
    assert reply.headers["x-cos-request-id"]
    assert reply.headers["x-cos-trace-id"]


def test_versions(client, versioned):
    first = client.put_object(versioned, b"first", "a")["x-cos-version-id"]
    second = client.put_object(versioned, b"second", "a")["x-cos-version-id"]
    head = client.head_object(versioned, "a")
    assert head["x-cos-version-id"] == second
    assert VERSION_ID.fullmatch(second)
    old = client.head_object(versioned, "a", VersionId=first)
    assert (old["Content-Length"], old["x-cos-version-id"]) == ("5", first)
    for version in ("null", "MTg0NDUxNTc1NjIzMTQ1MDAwODg"):
        with refused(404, "NoSuchResource"):
            client.head_object(versioned, "a", VersionId=version)


def test_the_null_version(client, bucket):
    client.put_object(bucket, b"never", "a")
    assert client.head_object(bucket, "a", VersionId="null")["Content-Length"] == "5"
    client.put_bucket_versioning(bucket, "Enabled")
    assert client.head_object(bucket, "a")["x-cos-version-id"] == "null"


def test_delete_markers(way, client, versioned):
    client.put_object(versioned, b"first", "a")
    marker = client.delete_object(versioned, "a")["x-cos-version-id"]
    for query in ({}, {"versionId": marker}):
        reply = way.ask("HEAD", f"/{versioned}/a", query=query)
        assert (reply.status, reply.body) == (404, b"")
        assert reply.headers["x-cos-delete-marker"] == "true"
        assert reply.headers["x-cos-version-id"] == marker
    assert client.object_exists(versioned, "a") is False


def test_conditions(way, client, bucket):
    tag = client.put_object(bucket, b"text", "a")["ETag"]
    client.head_object(bucket, "a", IfModifiedSince=OLD, IfMatch=tag)
    for options in ({"IfModifiedSince": LATE}, {"IfNoneMatch": tag}):
        with pytest.raises(NotModifiedError):
            client.head_object(bucket, "a", **options)
    for options in ({"IfMatch": '"x"'}, {"IfUnmodifiedSince": OLD}):
        with pytest.raises(PreconditionError):
            client.head_object(bucket, "a", **options)
    reply = way.ask("HEAD", f"/{bucket}/a", headers={"If-None-Match": tag})
    assert (reply.status, reply.body) == (304, b"")


def test_an_archived_object_is_described(client, bucket):
    client.put_object(bucket, b"cold", "a", StorageClass="ARCHIVE")
    head = client.head_object(bucket, "a")
    assert head["x-cos-storage-class"] == "ARCHIVE"
    assert head["Content-Length"] == "4"
    assert "x-cos-restore" not in head

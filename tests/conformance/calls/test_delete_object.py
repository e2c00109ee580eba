"""delete_object."""

from support.checks import VERSION_ID, keys, read, refused
from support.ways import NOBODY, OTHER


def test_an_object_is_gone(way, client, bucket):
    client.put_object(bucket, b"x", "a")
    result = client.delete_object(bucket, "a")
    assert not {"x-cos-version-id", "x-cos-delete-marker"} & set(result)
    assert result["x-cos-request-id"]
    assert not client.object_exists(bucket, "a")
    assert keys(client.list_objects(bucket)) == []
    client.put_object(bucket, b"x", "a")
    reply = way.ask("DELETE", f"/{bucket}/a")
    assert (reply.status, reply.body) == (204, b"")


def test_one_that_is_not_there_is_no_error(client, bucket):
    client.delete_object(bucket, "a")
    result = client.delete_object(bucket, "a", VersionId="null")
    assert result["x-cos-version-id"] == "null"
    assert "x-cos-delete-marker" not in result
    with refused(404, "NoSuchBucket"):
        client.delete_object("missing-1250000000", "a")


def test_a_delete_marker_where_versions_are_kept(client, versioned):
    first = client.put_object(versioned, b"one", "a")["x-cos-version-id"]
    result = client.delete_object(versioned, "a")
    assert result["x-cos-delete-marker"] == "true"
    marker = result["x-cos-version-id"]
    assert VERSION_ID.fullmatch(marker)
    assert marker != first
    assert not client.object_exists(versioned, "a")
    assert read(client, versioned, "a", VersionId=first) == b"one"
    again = client.delete_object(versioned, "a")
    assert again["x-cos-delete-marker"] == "true"
    assert again["x-cos-version-id"] not in {first, marker}
    page = client.list_objects_versions(versioned)
    assert [entry["VersionId"] for entry in page["DeleteMarker"]] == [
        again["x-cos-version-id"],
        marker,
    ]


def test_deleting_the_marker_brings_the_object_back(client, versioned):
    first = client.put_object(versioned, b"one", "a")["x-cos-version-id"]
    marker = client.delete_object(versioned, "a")["x-cos-version-id"]
    result = client.delete_object(versioned, "a", VersionId=marker)
    assert result["x-cos-delete-marker"] == "true"
    assert result["x-cos-version-id"] == marker
    assert read(client, versioned, "a") == b"one"
    assert client.head_object(versioned, "a")["x-cos-version-id"] == first


def test_deleting_a_version_brings_back_the_one_before(client, versioned):
    ids = [
        client.put_object(versioned, body, "a")["x-cos-version-id"] for body in (b"1", b"2", b"3")
    ]
    result = client.delete_object(versioned, "a", VersionId=ids[2])
    assert result["x-cos-version-id"] == ids[2]
    assert "x-cos-delete-marker" not in result
    assert read(client, versioned, "a") == b"2"
    client.delete_object(versioned, "a", VersionId=ids[0])
    assert read(client, versioned, "a") == b"2"
    client.delete_object(versioned, "a", VersionId=ids[1])
    assert not client.object_exists(versioned, "a")
    assert "Version" not in client.list_objects_versions(versioned)


def test_where_versioning_is_suspended(client, bucket):
    client.put_object(bucket, b"null", "a")
    client.put_bucket_versioning(bucket, "Enabled")
    kept = client.put_object(bucket, b"kept", "a")["x-cos-version-id"]
    client.put_bucket_versioning(bucket, "Suspended")
    for _ in range(2):
        result = client.delete_object(bucket, "a")
        assert result["x-cos-delete-marker"] == "true"
        assert result["x-cos-version-id"] == "null"
        page = client.list_objects_versions(bucket)
        assert [entry["VersionId"] for entry in page["Version"]] == [kept]
        assert [entry["VersionId"] for entry in page["DeleteMarker"]] == ["null"]
    assert not client.object_exists(bucket, "a")
    result = client.delete_object(bucket, "a", VersionId="null")
    assert result["x-cos-delete-marker"] == "true"
    assert read(client, bucket, "a") == b"kept"


def test_a_version_id_that_is_none(client, versioned):
    client.put_object(versioned, b"one", "a")
    for version in ("x", "MTIz", "NULL"):
        with refused(400, "InvalidArgument"):
            client.delete_object(versioned, "a", VersionId=version)
    assert read(client, versioned, "a") == b"one"


def test_a_version_of_another_key(client, versioned):
    first = client.put_object(versioned, b"one", "a")["x-cos-version-id"]
    client.put_object(versioned, b"two", "b")
    client.delete_object(versioned, "b", VersionId=first)
    assert read(client, versioned, "a") == b"one"
    assert read(client, versioned, "b") == b"two"


def test_who_may(way, client, make_bucket):
    private = make_bucket()
    client.put_object(private, b"x", "a")
    for who in (OTHER, NOBODY):
        with refused(403, "AccessDenied"):
            way.client(who).delete_object(private, "a")
    public = make_bucket(ACL="public-read-write")
    client.put_object(public, b"x", "a")
    way.client(NOBODY).delete_object(public, "a")
    assert not client.object_exists(public, "a")

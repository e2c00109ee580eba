"""put_bucket_versioning and get_bucket_versioning, and what the states mean for one key."""

import pytest

from support.checks import read, refused
from support.ways import NOBODY, OTHER


def test_the_three_states(client, bucket):
    assert client.get_bucket_versioning(bucket) == {}
    assert client.put_bucket_versioning(bucket, "Enabled") is None
    assert client.get_bucket_versioning(bucket) == {"Status": "Enabled"}
    client.put_bucket_versioning(bucket, "Suspended")
    assert client.get_bucket_versioning(bucket) == {"Status": "Suspended"}
    client.put_bucket_versioning(bucket, "Enabled")
    assert client.get_bucket_versioning(bucket) == {"Status": "Enabled"}


@pytest.mark.parametrize("status", ["enabled", "Disabled", "x"])
def test_states_that_are_none(client, bucket, status):
    with refused(400, "MalformedXML"):
        client.put_bucket_versioning(bucket, status)
    assert client.get_bucket_versioning(bucket) == {}


def test_documents_that_are_none(way, bucket):
    ask = {"method": "PUT", "path": f"/{bucket}/", "query": {"versioning": ""}}
    assert way.ask(**ask).told == (400, "MissingRequestBodyError")
    for body in (
        b"<VersioningConfiguration/>",
        b"<Versioning><Status>Enabled</Status></Versioning>",
        b"<VersioningConfiguration><Status>Enabled</Status><Other/></VersioningConfiguration>",
    ):
        assert way.ask(**ask, body=body).told == (400, "MalformedXML")


def test_only_the_owner_may(way, make_bucket):
    name = make_bucket(ACL="public-read-write")
    for who in (OTHER, NOBODY):
        with refused(403, "AccessDenied"):
            way.client(who).get_bucket_versioning(name)
        with refused(403, "AccessDenied"):
            way.client(who).put_bucket_versioning(name, "Enabled")


def test_the_life_of_a_key(client, bucket):
    """Through all states: the null version is replaced, all others are kept."""

    def listed():
        page = client.list_objects_versions(bucket)
        return [entry["VersionId"] for entry in page.get("Version", [])]

    client.put_object(bucket, b"0", "a")
    client.put_object(bucket, b"1", "a")
    assert listed() == [None]
    client.put_bucket_versioning(bucket, "Enabled")
    assert listed() == ["null"]
    two = client.put_object(bucket, b"2", "a")["x-cos-version-id"]
    assert listed() == [two, "null"]
    client.put_bucket_versioning(bucket, "Suspended")
    client.put_object(bucket, b"3", "a")
    assert listed() == ["null", two]
    client.put_object(bucket, b"4", "a")
    assert listed() == ["null", two]
    client.put_bucket_versioning(bucket, "Enabled")
    five = client.put_object(bucket, b"5", "a")["x-cos-version-id"]
    assert listed() == [five, "null", two]
    assert read(client, bucket, "a", VersionId="null") == b"4"
    client.put_bucket_versioning(bucket, "Suspended")
    client.delete_object(bucket, "a")
    assert listed() == [five, two]
    assert not client.object_exists(bucket, "a")
    client.put_object(bucket, b"6", "a")
    assert listed() == ["null", five, two]
    assert "DeleteMarker" not in client.list_objects_versions(bucket)


def test_versions_stay_in_order_when_the_clock_goes_back(way, client, versioned):
    made = []
    for hours in (0, 24, -48, 1):
        if hours:
            way.travel(hours=hours)
        made.append(client.put_object(versioned, str(hours), "a")["x-cos-version-id"])
    page = client.list_objects_versions(versioned)
    assert [entry["VersionId"] for entry in page["Version"]] == made[::-1]
    assert read(client, versioned, "a") == b"1"
    assert len(set(made)) == 4

"""delete_objects."""

import pytest

from cosbox.protocol.errors import ParameterError
from support.checks import keys, md5, read, refused
from support.ways import OTHER


def document(*items, quiet=False):
    """The XML of a request."""
    objects = "".join(f"<Object>{item}</Object>" for item in items)
    more = "<Quiet>true</Quiet>" if quiet else ""
    return f"<Delete>{more}{objects}</Delete>".encode()


def send(way, bucket, body, **headers):
    headers = {"Content-MD5": md5(body), "Content-Type": "application/xml"} | headers
    return way.ask("POST", f"/{bucket}/", query={"delete": ""}, headers=headers, body=body)


def test_the_result(client, bucket):
    for key in "abc":
        client.put_object(bucket, b"x", key)
    result = client.delete_objects(
        bucket, {"Object": [{"Key": "a"}, {"Key": "missing"}, {"Key": "b"}]}
    )
    assert result == {"Deleted": [{"Key": "a"}, {"Key": "missing"}, {"Key": "b"}]}
    assert keys(client.list_objects(bucket)) == ["c"]


@pytest.mark.parametrize("quiet", ["true", True])
def test_quietly(client, bucket, quiet):
    client.put_object(bucket, b"x", "a")
    result = client.delete_objects(bucket, {"Object": [{"Key": "a"}], "Quiet": quiet})
    assert result == {}
    assert not client.object_exists(bucket, "a")


def test_not_quietly(client, bucket):
    result = client.delete_objects(bucket, {"Object": [{"Key": "a"}], "Quiet": "false"})
    assert result == {"Deleted": [{"Key": "a"}]}


def test_versions_and_markers(client, versioned):
    ids = [client.put_object(versioned, body, "a")["x-cos-version-id"] for body in (b"1", b"2")]
    result = client.delete_objects(versioned, {"Object": [{"Key": "a", "VersionId": ids[1]}]})
    assert result == {"Deleted": [{"Key": "a", "VersionId": ids[1]}]}
    assert read(client, versioned, "a") == b"1"
    [made] = client.delete_objects(versioned, {"Object": [{"Key": "a"}]})["Deleted"]
    marker = made["DeleteMarkerVersionId"]
    assert made == {"Key": "a", "DeleteMarker": "true", "DeleteMarkerVersionId": marker}
    [gone] = client.delete_objects(versioned, {"Object": [{"Key": "a", "VersionId": marker}]})[
        "Deleted"
    ]
    assert gone == made | {"VersionId": marker}
    assert read(client, versioned, "a") == b"1"


def test_one_key_more_than_once(client, versioned):
    result = client.delete_objects(versioned, {"Object": [{"Key": "a"}, {"Key": "a"}]})
    assert len({entry["DeleteMarkerVersionId"] for entry in result["Deleted"]}) == 2


def test_entries_that_fail(client, versioned):
    client.put_object(versioned, b"x", "a")
    client.put_object(versioned, b"x", "b")
    items = [{"Key": "a", "VersionId": "no id"}, {"Key": "k" * 851}, {"Key": "/x"}, {"Key": "b"}]
    result = client.delete_objects(versioned, {"Object": items})
    assert [entry["Key"] for entry in result["Deleted"]] == ["b"]
    [version, long, slash] = result["Error"]
    assert (version["Key"], version["VersionId"]) == ("a", "no id")
    assert version["Code"] == "InvalidArgument"
    assert version["Message"]
    assert (long["Code"], "VersionId" in long) == ("KeyTooLong", False)
    assert slash["Code"] == "InvalidObjectName"
    quiet = client.delete_objects(versioned, {"Object": items, "Quiet": "true"})
    assert quiet == {"Error": result["Error"]}
    assert client.object_exists(versioned, "a")


def test_a_thousand_keys_and_no_more(client, bucket):
    items = [{"Key": f"{number:04}"} for number in range(1001)]
    for number in (0, 999, 1000):
        client.put_object(bucket, b"x", f"{number:04}")
    with refused(400, "MalformedXML", "1001"):
        client.delete_objects(bucket, {"Object": items})
    assert len(keys(client.list_objects(bucket))) == 3
    assert len(client.delete_objects(bucket, {"Object": items[:1000]})["Deleted"]) == 1000
    assert keys(client.list_objects(bucket)) == ["1000"]


def test_the_digest_is_needed_and_checked(way, client, bucket):
    client.put_object(bucket, b"x", "a")
    body = document("<Key>a</Key>")
    reply = way.ask("POST", f"/{bucket}/", query={"delete": ""}, body=body)
    assert reply.told == (400, "InvalidRequest")
    assert b"Missing required header for this request: Content-MD5" in reply.body
    assert send(way, bucket, body, **{"Content-MD5": md5(b"x")}).told == (400, "BadDigest")
    assert send(way, bucket, body, **{"Content-MD5": "x"}).told == (400, "InvalidDigest")
    assert client.object_exists(bucket, "a")
    assert send(way, bucket, body).status == 200
    assert not client.object_exists(bucket, "a")


@pytest.mark.parametrize(
    "body",
    [
        b"<Delete/>",
        b"<Delete><Quiet>true</Quiet></Delete>",
        b"<Delete><Quiet>perhaps</Quiet><Object><Key>a</Key></Object></Delete>",
        b"<Delete><Object/></Delete>",
        b"<Delete><Object><Key/></Object></Delete>",
        b"<Delete><Object><VersionId>a</VersionId></Object></Delete>",
        b"<Delete><Object><Key>a</Key><Other>b</Other></Object></Delete>",
        b"<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>",
        b"<Erase><Object><Key>a</Key></Object></Erase>",
        b"<Delete><Object><Key>a</Key></Object>",
        b'<!DOCTYPE d [<!ENTITY k "a">]><Delete><Object><Key>&k;</Key></Object></Delete>',
        b"a",
        b"\xff",
    ],
)
def test_documents_that_are_none(way, client, bucket, body):
    client.put_object(bucket, b"x", "a")
    assert send(way, bucket, body).told == (400, "MalformedXML")
    assert client.object_exists(bucket, "a")


def test_no_document(way, bucket):
    assert send(way, bucket, b"").told == (400, "MissingRequestBodyError")


def test_what_clients_refuse(client, bucket):
    for delete in (None, {}, {"Object": []}, {"Object": [{}]}, {"Objects": [{"Key": "a"}]}):
        with pytest.raises(ParameterError):
            client.delete_objects(bucket, delete)


def test_who_may(way, client, make_bucket):
    name = make_bucket()
    client.put_object(name, b"x", "a")
    with refused(403, "AccessDenied"):
        way.client(OTHER).delete_objects(name, {"Object": [{"Key": "a"}]})
    client.put_bucket_acl(name, GrantWrite=f'id="{OTHER.uin}"')
    result = way.client(OTHER).delete_objects(name, {"Object": [{"Key": "a"}]})
    assert result == {"Deleted": [{"Key": "a"}]}


def test_a_bucket_that_is_not_there(client):
    with refused(404, "NoSuchBucket"):
        client.delete_objects("missing-1250000000", {"Object": [{"Key": "a"}]})

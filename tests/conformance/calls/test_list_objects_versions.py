"""list_objects_versions."""

import pytest

from cosbox.protocol.errors import ParameterError
from support.checks import ISO, etag, prefixes, refused
from support.ways import NOBODY, OTHER, OWNER


def entries(page):
    """Versions and markers of a page in their joint order."""
    found = [*page.get("Version", []), *page.get("DeleteMarker", [])]
    return sorted(found, key=lambda entry: (entry["Key"].encode(), entry["VersionId"] or ""))


def ids(page, name="Version"):
    return [(entry["Key"], entry["VersionId"]) for entry in page.get(name, [])]


@pytest.fixture
def history(client, bucket):
    """Three keys with versions of every kind; the ids of each, newest first."""
    made = {"a": ["null"], "b/1": ["null"], "c": ["null"]}
    for key in made:
        client.put_object(bucket, b"null", key)
    client.put_bucket_versioning(bucket, "Enabled")
    for key, versions in made.items():
        for body in (b"1", b"2"):
            versions.insert(0, client.put_object(bucket, body, key)["x-cos-version-id"])
    made["c"].insert(0, client.delete_object(bucket, "c")["x-cos-version-id"])
    return made


def test_the_result(client, versioned):
    version = client.put_object(versioned, b"text", "a")["x-cos-version-id"]
    marker = client.delete_object(versioned, "b")["x-cos-version-id"]
    page = client.list_objects_versions(versioned)
    owner = {"ID": OWNER.appid, "DisplayName": OWNER.appid}
    [found] = page.pop("Version")
    [gone] = page.pop("DeleteMarker")
    assert ISO.fullmatch(found.pop("LastModified"))
    assert ISO.fullmatch(gone.pop("LastModified"))
    assert found == {
        "Key": "a",
        "VersionId": version,
        "IsLatest": "true",
        "ETag": etag(b"text"),
        "Size": "4",
        "StorageClass": "STANDARD",
        "Owner": owner,
    }
    assert gone == {"Key": "b", "VersionId": marker, "IsLatest": "true", "Owner": owner}
    page.pop("EncodingType", None)
    assert page == {
        "Name": versioned,
        "Prefix": None,
        "KeyMarker": None,
        "VersionIdMarker": None,
        "MaxKeys": "1000",
        "IsTruncated": "false",
    }


def test_a_bucket_that_never_kept_versions(client, bucket):
    client.put_object(bucket, b"text", "a")
    [entry] = client.list_objects_versions(bucket)["Version"]
    assert (entry["VersionId"], entry["IsLatest"]) == (None, "true")


def test_newest_first(client, bucket, history):
    page = client.list_objects_versions(bucket)
    expected = [(key, version) for key, versions in history.items() for version in versions]
    markers = [("c", history["c"][0])]
    assert ids(page) == [entry for entry in expected if entry not in markers]
    assert ids(page, "DeleteMarker") == markers
    latest = [e for e in entries(page) if e["IsLatest"] == "true"]
    assert {(e["Key"], e["VersionId"]) for e in latest} == {
        (key, versions[0]) for key, versions in history.items()
    }


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages(client, bucket, history, size, delimiter):
    everything = client.list_objects_versions(bucket, Delimiter=delimiter)
    found, gone, groups, latest = [], [], [], []
    marker = {}
    while True:
        page = client.list_objects_versions(bucket, MaxKeys=size, Delimiter=delimiter, **marker)
        found += ids(page)
        gone += ids(page, "DeleteMarker")
        groups += prefixes(page)
        latest += [e["VersionId"] for e in entries(page) if e["IsLatest"] == "true"]
        assert len(entries(page)) + len(prefixes(page)) <= size
        if page["IsTruncated"] == "false":
            break
        marker = {"KeyMarker": page["NextKeyMarker"]}
        marker["VersionIdMarker"] = page.get("NextVersionIdMarker") or ""
    assert found == ids(everything)
    assert gone == ids(everything, "DeleteMarker")
    assert groups == prefixes(everything)
    assert latest == [v[0] for key, v in history.items() if not delimiter or "/" not in key]


def test_markers(client, bucket, history):
    page = client.list_objects_versions(bucket, KeyMarker="a")
    assert {key for key, _ in ids(page)} == {"b/1", "c"}
    page = client.list_objects_versions(bucket, KeyMarker="a", VersionIdMarker=history["a"][0])
    assert ids(page)[:2] == [("a", version) for version in history["a"][1:]]
    assert page["VersionIdMarker"] == history["a"][0]
    assert all(e["IsLatest"] == "false" for e in page["Version"] if e["Key"] == "a")
    page = client.list_objects_versions(bucket, KeyMarker="a", VersionIdMarker="null")
    assert {key for key, _ in ids(page)} == {"b/1", "c"}
    page = client.list_objects_versions(bucket, VersionIdMarker=history["a"][0])
    assert len(ids(page)) == 9
    with refused(400, "InvalidArgument"):
        client.list_objects_versions(bucket, KeyMarker="a", VersionIdMarker="x")


def test_prefixes_and_groups(client, bucket, history):
    assert {key for key, _ in ids(client.list_objects_versions(bucket, Prefix="b"))} == {"b/1"}
    page = client.list_objects_versions(bucket, Delimiter="/")
    assert prefixes(page) == ["b/"]
    assert {key for key, _ in ids(page)} == {"a", "c"}
    page = client.list_objects_versions(bucket, Delimiter="/", KeyMarker="b/")
    assert prefixes(page) == []
    assert {key for key, _ in ids(page)} == {"c"}


def test_all_parameters(client, bucket, history):
    page = client.list_objects_versions(
        Bucket=bucket,
        Prefix="a",
        Delimiter="/",
        KeyMarker="a",
        VersionIdMarker=history["a"][0],
        MaxKeys=100,
        EncodingType="url",
    )
    assert page["EncodingType"] == "url"
    assert page["Delimiter"] == "/"
    assert page["Prefix"] == page["KeyMarker"] == "a"
    assert page["MaxKeys"] == "100"


def test_encoding(client, versioned):
    client.put_object(versioned, b"", "a b+中")
    client.delete_object(versioned, "a b+中")
    for name in ("Version", "DeleteMarker"):
        [encoded] = client.list_objects_versions(versioned, EncodingType="url")[name]
        assert encoded["Key"] == "a%20b%2B%E4%B8%AD"
        [plain] = client.list_objects_versions(versioned)[name]
        assert plain["Key"] == "a b+中"


@pytest.mark.parametrize("text", ["0", "-1", "ten"])
def test_sizes_out_of_range(way, client, bucket, text):
    with pytest.raises(ParameterError):
        client.list_objects_versions(bucket, MaxKeys=text)
    reply = way.ask("GET", f"/{bucket}/", query={"versions": "", "max-keys": text})
    assert reply.told == (400, "InvalidArgument")


def test_who_may(way, make_bucket):
    private, public = make_bucket(), make_bucket(ACL="public-read")
    for who in (OTHER, NOBODY):
        with refused(403, "AccessDenied"):
            way.client(who).list_objects_versions(private)
        assert way.client(who).list_objects_versions(public)["Name"] == public

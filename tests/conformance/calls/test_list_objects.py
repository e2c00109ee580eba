"""list_objects."""

from urllib.parse import quote

import pytest

from cosbox.protocol.errors import ParameterError
from support.checks import ISO, etag, keys, prefixes, refused
from support.ways import NOBODY, OTHER, OWNER

KEYS = ["a", "b/", "b/1", "b/2/x", "b/2/y", "b0", "c/1", "d", "é", "中/文"]


@pytest.fixture
def filled(client, bucket):
    for key in KEYS:
        client.put_object(bucket, key.encode(), key)
    return bucket


def whole(client, bucket, **options):
    """All pages: the keys, and the common prefixes."""
    found, groups, marker = [], [], ""
    while True:
        page = client.list_objects(bucket, Marker=marker, **options)
        assert len(keys(page)) + len(prefixes(page)) <= int(page["MaxKeys"])
        found += keys(page)
        groups += prefixes(page)
        if page["IsTruncated"] == "false":
            assert "NextMarker" not in page
            return found, groups
        assert page["NextMarker"] == max(keys(page) + prefixes(page), key=str.encode)
        marker = page["NextMarker"]


def test_the_result(client, bucket):
    client.put_object(bucket, b"text", "a", StorageClass="STANDARD_IA")
    page = client.list_objects(bucket)
    [entry] = page.pop("Contents")
    assert ISO.fullmatch(entry.pop("LastModified"))
    assert entry == {
        "Key": "a",
        "ETag": etag(b"text"),
        "Size": "4",
        "Owner": {"ID": OWNER.appid, "DisplayName": OWNER.appid},
        "StorageClass": "STANDARD_IA",
    }
    page.pop("EncodingType", None)
    assert page == {
        "Name": bucket,
        "Prefix": None,
        "Marker": None,
        "MaxKeys": "1000",
        "IsTruncated": "false",
    }


def test_all_parameters(client, filled):
    page = client.list_objects(
        Bucket=filled, Prefix="b", Delimiter="/", Marker="b/", MaxKeys=100, EncodingType="url"
    )
    assert page["Prefix"] == "b"
    assert page["Delimiter"] == quote("/", safe="/")
    assert page["Marker"] == "b/"
    assert page["MaxKeys"] == "100"
    assert page["EncodingType"] == "url"
    assert (keys(page), prefixes(page)) == (["b0"], [])


def test_positions(client, filled):
    page = client.list_objects(filled, "/", "a", 2, "", "url")
    assert (keys(page), prefixes(page)) == (["b0"], ["b/"])
    assert page["NextMarker"] == "b0"


def test_an_empty_bucket(client, bucket):
    page = client.list_objects(bucket)
    assert "Contents" not in page
    assert "CommonPrefixes" not in page


@pytest.mark.parametrize(
    ("options", "found", "groups"),
    [
        ({}, KEYS, []),
        ({"Prefix": "b"}, KEYS[1:6], []),
        ({"Prefix": "b/2/"}, ["b/2/x", "b/2/y"], []),
        ({"Prefix": "none"}, [], []),
        ({"Prefix": "中"}, ["中/文"], []),
        ({"Delimiter": "/"}, ["a", "b0", "d", "é"], ["b/", "c/", "中/"]),
        ({"Delimiter": "/", "Prefix": "b/"}, ["b/", "b/1"], ["b/2/"]),
        ({"Delimiter": "/", "Prefix": "b"}, ["b0"], ["b/"]),
        ({"Delimiter": "2"}, ["a", "b/", "b/1", "b0", "c/1", "d", "é", "中/文"], ["b/2"]),
        ({"Delimiter": "2/"}, ["a", "b/", "b/1", "b0", "c/1", "d", "é", "中/文"], ["b/2/"]),
        ({"Marker": "b/1"}, KEYS[3:], []),
        ({"Marker": "b/11"}, KEYS[3:], []),
        ({"Marker": "中/文"}, [], []),
        ({"Marker": "b/", "Delimiter": "/"}, ["b0", "d", "é"], ["c/", "中/"]),
        ({"Marker": "b/1", "Delimiter": "/"}, ["b0", "d", "é"], ["b/", "c/", "中/"]),
        ({"Marker": "z", "Prefix": "b"}, [], []),
    ],
)
def test_what_is_found(client, filled, options, found, groups):
    page = client.list_objects(filled, **options)
    assert (keys(page), prefixes(page)) == (found, groups)


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("options", [{}, {"Delimiter": "/"}, {"Delimiter": "/", "Prefix": "b/"}])
def test_pages(client, filled, size, options):
    page = client.list_objects(filled, **options)
    assert whole(client, filled, MaxKeys=size, **options) == (keys(page), prefixes(page))


def test_encoding(way, client, bucket):
    client.put_object(bucket, b"", "照片/2020 年+%.jpg")
    encoded = "%E7%85%A7%E7%89%87/2020%20%E5%B9%B4%2B%25.jpg"
    page = client.list_objects(bucket, EncodingType="url", Prefix="照片/")
    assert keys(page) == [encoded]
    assert page["Prefix"] == "%E7%85%A7%E7%89%87/"
    assert prefixes(client.list_objects(bucket, Delimiter="年", EncodingType="url")) == [
        "%E7%85%A7%E7%89%87/2020%20%E5%B9%B4"
    ]
    assert keys(client.list_objects(bucket)) == ["照片/2020 年+%.jpg"]
    plain = way.ask("GET", f"/{bucket}/")
    assert "<Key>照片/2020 年+%.jpg</Key>".encode() in plain.body
    assert b"EncodingType" not in plain.body
    asked = way.ask("GET", f"/{bucket}/", query={"encoding-type": "url"})
    assert f"<Key>{encoded}</Key>".encode() in asked.body
    with pytest.raises(ParameterError):
        client.list_objects(bucket, EncodingType="utf-8")


@pytest.mark.parametrize("text", ["0", "-1", "ten", "1.5", "1e3", "9" * 30, "٣"])
def test_sizes_out_of_range(way, client, bucket, text):
    with pytest.raises(ParameterError):
        client.list_objects(bucket, MaxKeys=text)
    assert way.ask("GET", f"/{bucket}/", query={"max-keys": text}).told == (400, "InvalidArgument")


def test_sizes_too_large_are_clamped(client, filled):
    page = client.list_objects(filled, MaxKeys=5000)
    assert page["MaxKeys"] == "1000"
    assert keys(page) == KEYS


def test_owners(way, client, make_bucket):
    public = make_bucket(ACL="public-read-write")
    way.client(OTHER).put_object(public, b"", "theirs")
    way.client(NOBODY).put_object(public, b"", "nobody's")
    client.put_object(public, b"", "mine")
    found = {e["Key"]: e["Owner"]["ID"] for e in client.list_objects(public)["Contents"]}
    assert found == {"theirs": OTHER.appid, "nobody's": OWNER.appid, "mine": OWNER.appid}


def test_who_may(way, make_bucket):
    private, public = make_bucket(), make_bucket(ACL="public-read")
    for who in (OTHER, NOBODY):
        with refused(403, "AccessDenied"):
            way.client(who).list_objects(private)
        assert way.client(who).list_objects(public)["Name"] == public


def test_versions_are_not_listed(client, versioned):
    client.put_object(versioned, b"1", "a")
    client.put_object(versioned, b"22", "a")
    client.put_object(versioned, b"1", "b")
    client.delete_object(versioned, "b")
    [entry] = client.list_objects(versioned)["Contents"]
    assert (entry["Key"], entry["Size"]) == ("a", "2")

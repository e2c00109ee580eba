"""Which keys there can be, and that each arrives as it was given, through every call."""

import pytest

from cosbox.protocol.errors import ParameterError
from support.checks import keys, prefixes, read, refused, source, upload

ODD = [
    "a b",
    " blank ",
    "a+b",
    "a%2Bb",
    "100%",
    "%",
    "a&b=c?d#e",
    "x//y",
    "x///",
    "./a",
    "../a",
    "a/./b",
    "a/../b",
    "a/.",
    "a/..",
    "..a",
    "a\\b",
    "中文/图片.jpg",
    "ü",
    "u\u0308",
    "\U0001f600",
    "\ufffd\uffff",
    "a\nb",
    "a\rb",
    "a\tb",
    "\x01\x17\x1c\x7f",
    "nul\0nul",
    "<&>'\"]]>",
    "q-sign;=&",
    "~.-_!*'()",
    "dir/",
    "null",
    "A",
    "a",
]


@pytest.mark.parametrize("key", [key for key in ODD if key != "a/.."], ids=ascii)
def test_an_odd_key_goes_through_every_call(client, bucket, key):
    body = key.encode()
    client.put_object(bucket, body, key)
    assert read(client, bucket, key) == body
    assert client.head_object(bucket, key)["Content-Length"] == str(len(body))
    assert keys(client.list_objects(bucket)) == [key]
    assert keys(client.list_objects(bucket, Prefix=key)) == [key]
    assert keys(client.list_objects(bucket, Marker=key)) == []
    assert client.list_objects(bucket, Prefix=key, Marker=key)["Marker"] == key
    [version] = client.list_objects_versions(bucket, Prefix=key)["Version"]
    assert version["Key"] == key
    assert client.get_object_acl(bucket, key)["Owner"]
    client.copy_object(bucket, "copy", source(bucket, key))
    assert read(client, bucket, "copy") == body
    client.copy_object(bucket, key, source(bucket, "copy"))
    upload_id, parts = upload(client, bucket, key, [body])
    assert [e["Key"] for e in client.list_multipart_uploads(bucket)["Upload"]] == [key]
    assert client.list_parts(bucket, key, upload_id)["Key"] == key
    client.complete_multipart_upload(bucket, key, upload_id, {"Part": parts})
    assert read(client, bucket, key) == body
    client.delete_object(bucket, key)
    assert not client.object_exists(bucket, key)


def test_odd_keys_are_different_objects(client, bucket):
    stored = [key for key in ODD if key != "a/.."]
    for key in stored:
        client.put_object(bucket, key.encode(), key)
    assert keys(client.list_objects(bucket)) == sorted(stored, key=str.encode)
    for key in stored:
        assert read(client, bucket, key) == key.encode()
    grouped = client.list_objects(bucket, Delimiter="/")
    assert prefixes(grouped) == ["../", "./", "a/", "dir/", "x/", "中文/"]
    speakable = [key for key in stored if key.isprintable()]
    result = client.delete_objects(bucket, {"Object": [{"Key": key} for key in speakable]})
    assert [entry["Key"] for entry in result["Deleted"]] == speakable


def test_a_key_that_folds_to_the_bucket(way, client, bucket):
    """Clients do not send such keys, since a proxy might make a call on the bucket of them; the
    store takes each as the key that it is."""
    for key in ("a/..", ".", "..", "./", "../..", "/", "//", ""):
        with pytest.raises(ParameterError):
            client.delete_object(bucket, key)
    assert way.ask("PUT", f"/{bucket}/a/..", body=b"dots").status == 200
    assert way.ask("GET", f"/{bucket}/a/..").body == b"dots"
    assert way.ask("DELETE", f"/{bucket}/a/..").status == 204
    assert way.ask("DELETE", f"/{bucket}/..").status == 204
    assert client.bucket_exists(bucket)


def test_the_longest_keys(client, bucket):
    for key in ("k" * 850, "é" * 425, "\U0001f600" * 212 + "ab", "/" + "k" * 850):
        client.put_object(bucket, b"long", key)
        assert read(client, bucket, key) == b"long"
        client.delete_object(bucket, key)
    for key in ("k" * 851, "é" * 425 + "x", "\U0001f600" * 213):
        with refused(400, "KeyTooLong"):
            client.put_object(bucket, b"", key)
        with refused(400, "KeyTooLong"):
            client.create_multipart_upload(bucket, key)
        with refused(400, "KeyTooLong"):
            client.delete_object(bucket, key)
        with refused(404, "NoSuchKey"):
            client.get_object(bucket, key)
    assert keys(client.list_objects(bucket)) == []


@pytest.mark.parametrize(
    "key", ["\\", "\\a", "/a", "//a", "\x18", "a\x19", "\x1a", "b\x1bc"], ids=ascii
)
def test_keys_that_are_refused(way, bucket, key):
    assert way.ask("PUT", f"/{bucket}/{key}", body=b"x").told == (400, "InvalidObjectName")
    assert way.ask("GET", f"/{bucket}/{key}").told == (404, "NoSuchKey")
    assert way.ask("GET", f"/{bucket}/").body.count(b"<Contents>") == 0


def test_a_plus_in_a_path_is_a_blank(way, client, bucket):
    client.put_object(bucket, b"blank", "a b")
    signed_as = f"/{bucket}/a b"
    reply = way.ask("GET", signed_as)
    assert reply.body == b"blank"


def test_one_leading_slash_is_dropped_by_clients(client, bucket):
    client.put_object(bucket, b"x", "/dir/a")
    assert keys(client.list_objects(bucket)) == ["dir/a"]
    with refused(400, "InvalidObjectName"):
        client.put_object(bucket, b"x", "//dir/a")


@pytest.mark.parametrize("key", [None, 5, "\ud800", b"\xff"], ids=ascii)
def test_what_is_no_key(client, bucket, key):
    with pytest.raises(ParameterError):
        client.put_object(bucket, b"", key)


def test_a_key_may_be_bytes(client, bucket):
    client.put_object(bucket, b"x", "中".encode())
    assert keys(client.list_objects(bucket)) == ["中"]

"""User metadata and copy sources."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosbox.protocol import metadata
from cosbox.protocol.errors import ParameterError, Refusal
from support import strategies as some


@given(given_metadata=some.metadata)
def test_metadata_arrives_as_it_was_given(given_metadata: dict[str, str]) -> None:
    bound = metadata.bind_metadata(given_metadata)
    assert bound == {name.lower(): text for name, text in given_metadata.items()}
    others = {"content-type": "x", "x-cos-acl": "private"}
    assert metadata.metadata_of({**others, **bound}) == bound


def test_what_does_not_begin_with_the_prefix_is_ignored() -> None:
    given_metadata = {
        "colour": "red",
        "x-cos-acl": "public-read",
        "X-COS-META-A": 1,
        "x-cos-meta-b": None,
    }
    assert metadata.bind_metadata(given_metadata) == {"x-cos-meta-a": "1"}


@pytest.mark.parametrize(
    "value",
    [
        "a",
        ["x-cos-meta-a"],
        {1: "a"},
        {"x-cos-meta-": "a"},
        {"x-cos-meta-a b": "a"},
        {"x-cos-meta-é": "a"},
        {"x-cos-meta-a:": "a"},
        {"x-cos-meta-a": "line\r\nx-cos-acl: public-read"},
        {"x-cos-meta-a": " a"},
        {"x-cos-meta-a": "\x00"},
        {"x-cos-meta-a": "\ud800"},
        {"x-cos-meta-a": ["b"]},
    ],
    ids=repr,
)
def test_metadata_that_cannot_be_sent(value: object) -> None:
    with pytest.raises(ParameterError):
        metadata.bind_metadata(value)


def test_two_kilobytes_are_kept_and_not_a_byte_more() -> None:
    fits = {"x-cos-meta-a": "é" * 1023 + "b"}
    assert metadata.metadata_of(fits) == fits
    with pytest.raises(Refusal) as caught:
        metadata.metadata_of({"x-cos-meta-a": "é" * 1024})
    assert caught.value.code == "InvalidArgument"


@given(source=some.copy_sources())
def test_a_copy_source_arrives_as_it_was_given(source: dict[str, str]) -> None:
    bound = metadata.bind_copy_source(source, "ap-x")
    text = metadata.write_copy_source(bound)
    assert text.isascii()
    assert metadata.read_copy_source(text) == bound
    assert bound["Key"] == source["Key"]
    assert bound.get("VersionId") == source.get("VersionId")


@pytest.mark.parametrize(
    ("source", "bound"),
    [
        ({"Region": "ap-x"}, {"Region": "ap-x"}),
        ({"Region": "cos.ap-x"}, {"Region": "ap-x"}),
        ({}, {"Region": "ap-own"}),
        ({"Endpoint": "cos.ap-x.tencentcos.cn"}, {"Region": "ap-x"}),
        ({"Endpoint": "127.0.0.1:80", "Region": "ap-x"}, {"Endpoint": "127.0.0.1:80"}),
    ],
)
def test_where_a_copy_source_lies(source: dict[str, str], bound: dict[str, str]) -> None:
    found = metadata.bind_copy_source(
        {"Bucket": "b", "Appid": 125, "Key": "/k", **source}, "ap-own"
    )
    assert found == {"Bucket": "b-125", "Key": "k", **bound}


@pytest.mark.parametrize(
    "source",
    [
        None,
        "b-1/k",
        {"Key": "k"},
        {"Bucket": "b-1"},
        {"Bucket": "b-1", "Key": "k"},
        {"Bucket": "b-1", "Key": "..", "Region": "r"},
        {"Bucket": "b", "Key": "k", "Region": "r"},
        {"Bucket": "b-1", "Key": "k", "Region": "a/b"},
        {"Bucket": "b-1", "Key": "k", "Region": "A.evil.test/"},
        {"Bucket": "b-1", "Key": "k", "Endpoint": "h/path"},
        {"Bucket": "b-1", "Key": "k", "Endpoint": ["h"]},
        {"Bucket": "b-1", "Key": "k", "Region": "r", "VersonId": "v"},
        {"Bucket": "b-1", "Key": "k", "Region": "r", "VersionId": "\ud800"},
    ],
    ids=repr,
)
def test_copy_sources_that_cannot_be_sent(source: object) -> None:
    with pytest.raises(ParameterError):
        metadata.bind_copy_source(source)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("/b-1/k", {"Bucket": "b-1", "Key": "k"}),
        ("b-1/dir/k", {"Bucket": "b-1", "Key": "dir/k"}),
        ("b-1.h/a%2Fb%3F", {"Bucket": "b-1", "Key": "a/b?", "Endpoint": "h"}),
        (
            "b-1.h/a?versionId=v%3D",
            {"Bucket": "b-1", "Key": "a", "Endpoint": "h", "VersionId": "v="},
        ),
        ("b-1.h/a?versionId=", {"Bucket": "b-1", "Key": "a", "Endpoint": "h"}),
    ],
)
def test_copy_sources_of_other_clients(text: str, source: dict[str, str]) -> None:
    assert metadata.read_copy_source(text) == source


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "InvalidCopySource"),
        ("b-1", "InvalidCopySource"),
        ("b-1/", "InvalidCopySource"),
        ("B/k", "InvalidCopySource"),
        ("b-1/%FF", "InvalidCopySource"),
        ("b-1/\udc80%41", "InvalidCopySource"),
        ("b-1/k?acl", "InvalidCopySource"),
        ("b-1//k", "InvalidObjectName"),
        ("b-1/" + "k" * 851, "KeyTooLong"),
    ],
    ids=[
        "empty",
        "no key",
        "empty key",
        "no bucket",
        "bytes",
        "surrogate",
        "query",
        "slash",
        "long",
    ],
)
def test_copy_sources_that_are_refused(text: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        metadata.read_copy_source(text)
    assert caught.value.code == code


@given(text=st.text(st.characters(), max_size=40) | some.texts.map("b-1.h/{}".format))
def test_whatever_is_received_only_a_refusal_escapes(text: str) -> None:
    try:
        source = metadata.read_copy_source(text)
    except Refusal:
        return
    assert {"Bucket", "Key"} <= set(source)


@given(value=some.texts)
def test_a_header_value_comes_out_as_it_went_in_or_is_refused(value: str) -> None:
    try:
        checked = metadata.check_header_value("Name", value)
    except ParameterError:
        return
    line = f"name: {checked}\r\n".encode()
    assert line.count(b"\r") == line.count(b"\n") == 1
    assert line.partition(b":")[2].strip(b" \t\r\n").decode() == value

"""What buckets and keys may be called."""

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosbox.protocol import names
from cosbox.protocol.errors import ParameterError, Refusal
from support import strategies as some


@given(bucket=some.buckets)
def test_good_buckets(bucket: str) -> None:
    assert names.is_bucket_name(bucket)
    names.check_bucket(bucket)
    appid = names.appid_of(bucket)
    name = bucket.removesuffix(f"-{appid}")
    assert names.normal_bucket(bucket) == bucket
    assert names.normal_bucket(bucket, appid) == bucket
    if not name.endswith(f"-{appid}"):
        assert names.normal_bucket(name, appid) == bucket


@pytest.mark.parametrize(
    "bucket",
    [
        "",
        "a",
        "-1",
        "a-",
        "A-1",
        "a_b-1",
        "a.b-1",
        "-a-1",
        "a-b",
        "a-1\n",
        "a-١",
        "a/b-1",
        "..-1",
        "a" * 49 + "-1",
    ],
)
def test_bad_buckets(bucket: str) -> None:
    assert not names.is_bucket_name(bucket)
    with pytest.raises(ParameterError):
        names.normal_bucket(bucket)
    with pytest.raises(Refusal) as caught:
        names.check_bucket(bucket)
    assert caught.value.code == "InvalidBucketName"


@given(key=some.keys)
def test_good_keys(key: str) -> None:
    names.check_key(key)
    assert names.normal_key(key) == key
    assert names.normal_key("/" + key) == key
    assert names.normal_key(key.encode()) == key


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "//",
        ".",
        "..",
        "../",
        "a/..",
        "/a/..",
        "a/./..",
        "../..",
        "a/../b/..",
        None,
        1,
        b"\xff",
        "\ud800",
        [],
    ],
    ids=repr,
)
def test_keys_that_could_become_a_bucket_on_the_way(key: object) -> None:
    with pytest.raises(ParameterError):
        names.normal_key(key)


@given(key=st.text("./ab", max_size=12))
def test_a_key_is_sent_if_a_proxy_that_folds_it_leaves_something(key: str) -> None:
    folded = posixpath.normpath("/" + key).strip("/")
    try:
        normal = names.normal_key(key)
    except ParameterError:
        assert not folded
    else:
        assert folded
        assert normal == key.removeprefix("/")


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("", "InvalidObjectName"),
        ("/a", "InvalidObjectName"),
        ("\\a", "InvalidObjectName"),
        ("a\x18", "InvalidObjectName"),
        ("a\x1bb", "InvalidObjectName"),
        ("a" * 851, "KeyTooLong"),
        ("é" * 426, "KeyTooLong"),
    ],
    ids=["empty", "slash", "backslash", "can", "esc", "long", "long in bytes"],
)
def test_keys_that_a_store_refuses(key: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        names.check_key(key)
    assert caught.value.code == code


def test_the_longest_keys() -> None:
    names.check_key("a" * 850)
    names.check_key("é" * 425)
    names.check_key("\x00\x17\x1c\x7f")

"""Buckets and keys in URLs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosbox.protocol.addressing import (
    Endpoint,
    Place,
    decode_path,
    is_plain_host,
    locate,
    split_port,
)
from cosbox.protocol.errors import ParameterError, Refusal
from cosbox.protocol.percent import encode_path
from support import strategies as some

SERVICE = Place(None, None, "/")

ENDPOINTS = {
    "path by address": Endpoint("http", "127.0.0.1:8000", "path"),
    "path by IPv6": Endpoint("http", "[::1]:8000", "path"),
    "path by name": Endpoint("http", "localhost:8000", "path"),
    "virtual": Endpoint(
        "https", "cos.ap-guangzhou.myqcloud.com", service="service.cos.myqcloud.com"
    ),
    "virtual with port": Endpoint("http", "cos.example.test:8000"),
}


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=list(ENDPOINTS))
@given(bucket=some.buckets, key=some.keys)
def test_both_ends_agree(endpoint: Endpoint, bucket: str, key: str) -> None:
    host, path = endpoint.target(bucket, key)
    raw = encode_path(path)
    assert raw.isascii()
    assert " " not in raw
    assert locate(host, raw) == Place(bucket, key, path)
    assert endpoint.url(bucket, key).endswith(raw)

    host, path = endpoint.target(bucket, None)
    assert locate(host, encode_path(path))[:2] == (bucket, None)

    assert locate(*endpoint.target(None, None)) == SERVICE


@pytest.mark.parametrize(
    ("host", "path", "bucket", "key"),
    [
        ("b-1.cos.ap-x.myqcloud.com", "/", "b-1", None),
        ("B-1.COS.ap-x.myqcloud.com", "/K", "b-1", "K"),
        ("b-1.localhost:80", "/k", "b-1", "k"),
        ("b-1", "/c-2/k", "c-2", "k"),  # a plain name is never a bucket
        ("b_1.example.test", "/c-2/k", "c-2", "k"),
        ("cos.ap-x.myqcloud.com", "/", None, None),
        ("cos.ap-x.myqcloud.com", "/c-2", "c-2", None),
        ("cos.ap-x.myqcloud.com", "/c-2/", "c-2", None),
        ("cos.ap-x.myqcloud.com", "/c-2//k", "c-2", "/k"),
        ("127.0.0.1", "/c-2/a/../b", "c-2", "a/../b"),
        ("127.0.0.1", "/c-2/a%2Fb", "c-2", "a/b"),
        ("127.0.0.1", "/c-2/a+b%2B", "c-2", "a b+"),
        ("b-1.example.test", "//k", "b-1", "/k"),
        ("127.0.0.1", "/Not_A_Bucket/k", "Not_A_Bucket", "k"),
    ],
)
def test_where_a_request_goes(host: str, path: str, bucket: str | None, key: str | None) -> None:
    assert locate(host, path)[:2] == (bucket, key)


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("", "/"),
        ("a b", "/"),
        ("h", ""),
        ("h", "b-1/k"),
        ("h", "*"),
        ("h", "/%FF"),
        ("h", "/%C0%AF"),
        ("h", "/%ED%A0%80"),
        ("h", "//k"),
        ("h", "/%2Fk"),
        ("h/..", "/"),
        ("h:port", "/"),
        ("user@h", "/"),
    ],
)
def test_requests_that_go_nowhere(host: str, path: str) -> None:
    with pytest.raises(Refusal) as caught:
        locate(host, path)
    assert caught.value.code == "InvalidURI"


@given(host=some.texts, path=some.texts | some.texts.map("/{}".format))
def test_whatever_is_received_only_a_refusal_escapes(host: str, path: str) -> None:
    try:
        place = locate(host, path)
    except Refusal:
        return
    assert place.path.startswith("/")
    assert place.key is None or place.bucket is not None


@given(raw=st.text(st.characters(), max_size=30).map("/%{}".format))
def test_paths_that_no_client_sends(raw: str) -> None:
    try:
        assert decode_path(raw)[0] == "/"
    except Refusal as refusal:
        assert refusal.code == "InvalidURI"  # noqa: PT017 - one of two good ends


@given(host=some.texts)
def test_an_endpoint_is_a_host(host: str) -> None:
    try:
        endpoint = Endpoint("http", host).checked()
    except ParameterError:
        return
    assert "/" not in endpoint.url("b-1", "")[len("http://") : -1]


@pytest.mark.parametrize(
    ("host", "plain"),
    [
        ("[::1]", True),
        ("::1", True),
        ("10.0.0.1", True),
        ("a", True),
        ("a.b", False),
        ("1.2.3", False),
    ],
)
def test_plain_hosts(host: str, plain: bool) -> None:
    assert is_plain_host(host) is plain


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("a", "a", ""), ("a:1", "a", "1"), ("[::1]", "[::1]", ""), ("[::1]:1", "[::1]", "1")],
)
def test_split_port(text: str, host: str, port: str) -> None:
    assert split_port(text) == (host, port)


def test_a_custom_domain_stands_for_its_bucket() -> None:
    endpoint = Endpoint("https", "files.example.test", custom=True)
    assert endpoint.url("b-1", "k") == "https://files.example.test/k"


def test_the_address_to_connect_to_is_not_the_host() -> None:
    endpoint = Endpoint("http", "cos.ap-x.myqcloud.com", connect="10.0.0.1:8000")
    assert endpoint.target("b-1", "k")[0] == "b-1.cos.ap-x.myqcloud.com"
    assert endpoint.url("b-1", "k") == "http://10.0.0.1:8000/k"

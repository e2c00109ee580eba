"""The q-sign signature, against Tencent's vectors and Tencent's own signer."""

import time
from hashlib import sha1
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl

import pytest
import requests as http
from hypothesis import assume, given
from hypothesis import strategies as st
from qcloud_cos import CosConfig, CosS3Auth

from cosbox.protocol import signing
from cosbox.protocol.errors import Refusal
from cosbox.protocol.signing import Credential, Signature, extract, sign, verify
from support import strategies as some

ID = "AKIDEXAMPLE0000000000000000000000000"
KEY = "SKEXAMPLE00000000000000000000000"
CREDENTIAL = Credential(ID, KEY)
HOST = "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com"
START, END = 1_699_999_940, 1_700_010_000
NOW = 1_700_000_000


def make(method: str, path: str, query=None, headers=None, *, start=START, end=END) -> Signature:
    return sign(
        CREDENTIAL, method, path, query=query or {}, headers=headers or {}, start=start, end=end
    )


def check(signature: Signature, method: str, path: str, query=None, headers=None, now=NOW) -> None:
    verify(signature, KEY, method, path, query=query or {}, headers=headers or {}, now=now)


# --------------------------------------------------------------------------------------------
# Vectors: made by the official SDK 1.9.44 (V), from COS's documents and its Go SDK (a, b)

VECTORS: dict[str, tuple[Any, ...]] = {
    "V1 put with headers": (
        "PUT",
        "/dir/中文 a+b~!*()'.txt",
        {},
        {
            "cache-control": "no-cache",
            "content-disposition": 'attachment; filename="a b.txt"',
            "content-length": "11",
            "content-md5": "XrY7u+Ae7tCTyyK7j1rNww==",
            "content-type": "text/plain; charset=utf-8",
            "host": HOST,
            "x-cos-acl": "private",
            "x-cos-meta-key1": "value 1/ü",
            "x-cos-storage-class": "STANDARD_IA",
        },
        END,
        "bef4f0784e58b82d6b8a3ff7b761790b10f437dd",
    ),
    "V2 get with parameters": (
        "GET",
        "/exampleobject",
        {
            "response-content-type": "text/plain; charset=utf-8",
            "response-cache-control": "max-age=1 2",
            "versionId": "MTg0+/=",
        },
        {"host": HOST, "if-match": '"abc"', "range": "bytes=0-9"},
        END,
        "e28982ee01c6c91f79f63cc81b654fc99d520754",
    ),
    "V3 list": (
        "GET",
        "/",
        {
            "prefix": "中 文/",
            "delimiter": "/",
            "marker": "",
            "max-keys": "1000",
            "encoding-type": "url",
        },
        {"host": HOST},
        END,
        "dd633f4b3dbe3ecfb7072b79f579db030276b267",
    ),
    "V4 presigned put": (
        "PUT",
        "/exampleobject",
        {},
        {"host": HOST, "content-type": "image/jpeg"},
        1_700_000_600,
        "122bd0821807215503ced586b44749b266bbda8c",
    ),
    "V5 presigned get": (
        "GET",
        "/dir/a b.txt",
        {
            "response-content-disposition": 'attachment; filename="a b.txt"',
            "versionId": "x/y=",
        },
        {"host": HOST},
        1_700_000_300,
        "73263d0734e35a99a218ee9e7b889d65d6bbf32b",
    ),
    "V6 get_auth": (
        "GET",
        "/exampleobject",
        {"acl": ""},
        {"host": HOST},
        1_700_000_300,
        "0e878d68d223a5e2aa926e2a4aaaee4317a5015f",
    ),
    "V7 without host": (
        "GET",
        "/exampleobject",
        {},
        {},
        1_700_000_300,
        "49518f942de773f8339ae83370e36ec6f95f161a",
    ),
}


@pytest.mark.parametrize("vector", VECTORS.values(), ids=list(VECTORS))
def test_vectors_of_the_official_sdk(vector: tuple[Any, ...]) -> None:
    method, path, query, headers, end, expected = vector
    signature = make(method, path, query, headers, end=end)
    assert signature.signature == expected
    assert signature.header_list == ";".join(sorted(headers))
    assert signature.param_list == ";".join(sorted(name.lower() for name in query))
    check(signature, method, path, query, headers)


def test_a_presigned_url_of_the_official_sdk() -> None:
    query = (
        f"q-sign-algorithm=sha1&q-ak={ID}&q-sign-time=1699999940%3B1700000600"
        "&q-key-time=1699999940%3B1700000600&q-header-list=content-type%3Bhost"
        "&q-url-param-list=&q-signature=122bd0821807215503ced586b44749b266bbda8c"
    )
    headers = {"content-type": "image/jpeg", "host": HOST}
    assert make("PUT", "/exampleobject", {}, headers, end=1_700_000_600).query() == query
    received = dict(parse_qsl(query, keep_blank_values=True))
    signature = extract({}, received)
    assert signature is not None
    check(signature, "PUT", "/exampleobject", received, headers)


def test_the_vector_of_the_go_sdk() -> None:
    signature = sign(
        Credential("id", "AKIDZfbOA78asKUYBcXFrJD0a1ICvR98JM"),
        "PUT",
        "/testfile2",
        query={},
        headers={
            "host": "testbucket-125000000.cos.ap-guangzhou.myqcloud.com",
            "x-cos-content-sha1": "db8ac1c259eb89d4a131b253bacfca5f319d54f2",
            "x-cos-stroage-class": "nearline",
        },
        start=1480932292,
        end=1481012292,
    )
    assert signature.signature == "ce4ac0ecbcdb30538b3fee0a97cc6389694ce53a"


def test_the_vectors_of_the_documentation() -> None:
    credential = Credential("id", "BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz")
    host = "examplebucket-1250000000.cos.ap-shanghai.myqcloud.com"
    get = sign(
        credential,
        "GET",
        "/exampleobject(腾讯云)",
        query={
            "response-content-type": "application/octet-stream",
            "response-cache-control": "max-age=600",
        },
        headers={"date": "Thu, 16 May 2019 06:55:53 GMT", "host": host},
        start=1557989753,
        end=1557996953,
    )
    assert get.signature == "0786cae37beb8fa62b1672be794acbba40487e6e"
    put = sign(
        credential,
        "PUT",
        "/exampleobject",
        query={"acl": ""},
        headers={"host": host},
        start=1557989753,
        end=1557996953,
    )
    assert put.signature == "213b32730e889388f38af2032a764cfb37281009"


def test_what_a_mismatch_shows() -> None:
    headers = VECTORS["V1 put with headers"][3]
    signature = make("PUT", "/dir/中文 a+b~!*()'.txt", {}, headers)
    with pytest.raises(Refusal) as caught:
        verify(
            signature,
            "another",
            "PUT",
            "/dir/中文 a+b~!*()'.txt",
            query={},
            headers=headers,
            now=NOW,
        )
    details = caught.value.details
    digest = sha1(details["FormatString"].encode()).hexdigest()
    assert digest == "aafcb212608a06b77f023452addda39496cceed6"
    assert details["StringToSign"] == f"sha1\n{START};{END}\n{digest}\n"
    assert KEY not in str(details)


# --------------------------------------------------------------------------------------------
# Properties

methods = st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"])
paths = some.texts.map("/{}".format)
tokens = st.text("abcxyz0189!#$%&'*+-.^_`|~", min_size=1, max_size=10)
signed_headers = st.dictionaries(tokens.map("x-cos-{}".format), some.header_values, max_size=4)
parameters = st.dictionaries(
    some.filled.filter(lambda name: name == name.lower()), some.texts, max_size=4
)


@given(method=methods, path=paths, query=parameters, headers=signed_headers)
def test_what_was_signed_is_accepted(method, path, query, headers) -> None:
    signature = make(method, path, query, headers)
    assert extract({"authorization": signature.header()}, {}) == signature
    in_url = dict(parse_qsl(signature.query(), keep_blank_values=True))
    assert extract({}, in_url) == signature
    assert extract({}, {"sign": signature.header()}) == signature
    check(signature, method, path, query, headers)
    more = {"date": "whatever", "user-agent": "x"}
    check(signature, method.lower(), path, {**query, **in_url}, {**more, **headers})


@given(data=st.data())
def test_every_change_is_refused(data: st.DataObject) -> None:
    path = data.draw(paths)
    query = data.draw(parameters)
    headers = data.draw(signed_headers)
    signature = make("GET", path, query, headers)
    asked = {"method": "GET", "path": path, "query": query, "headers": headers}
    what = data.draw(
        st.sampled_from(
            ["method", "path", "signature", "sign_time", "key_time", "header_list", "param_list"]
            + ["query"] * bool(query)
            + ["headers"] * bool(headers)
        )
    )
    if what in Signature._fields:
        changed = changed_text(data, getattr(signature, what))
        signature = signature._replace(**{what: changed})
    elif what == "method":
        asked["method"] = "PUT"
    elif what == "path":
        asked["path"] = "/" + changed_text(data, path[1:])
    else:
        values = dict(asked[what])  # type: ignore[call-overload]
        name = data.draw(st.sampled_from(sorted(values)))
        values[name] = changed_text(data, values[name])
        asked[what] = values
    if what in {"header_list", "param_list"}:
        assume(changed.lower() != getattr(make("GET", path, query, headers), what))
    with pytest.raises(Refusal) as caught:
        check(signature, **asked)
    assert caught.value.status in {400, 403}


def changed_text(data: st.DataObject, text: str) -> str:
    """The text with one character replaced, dropped or added."""
    at = data.draw(st.integers(0, len(text)))
    character = data.draw(st.characters(exclude_categories=["Cs"]) | st.sampled_from("a0;%&= "))
    rest = data.draw(st.sampled_from([text[at:], text[at + 1 :]]))
    changed = text[:at] + character + rest
    return changed if changed != text else text + "x"


@given(method=methods, path=paths, query=parameters, headers=signed_headers)
def test_the_official_signer_agrees(method, path, query, headers) -> None:
    theirs, now = official(method, path, query, headers)
    assert (
        make(method, path, query, {**headers, "host": HOST}, start=now - 60, end=now + 900)
        == theirs
    )
    check(theirs, method, path, query, {**headers, "host": HOST}, now=now)


def official(method: str, path: str, query, headers) -> tuple[Signature, int]:
    config = CosConfig(Region="ap-guangzhou", SecretId=ID, SecretKey=KEY)
    request = http.Request(method, f"https://{HOST}/k").prepare()
    request.headers.clear()
    request.headers.update(headers)
    now = int(time.time())
    with mock.patch("time.time", return_value=now):
        CosS3Auth(config, key=path, params=query, expire=900)(request)
    signature = extract({"authorization": request.headers["Authorization"]}, {})
    assert signature is not None
    return signature, now


@given(text=some.texts | st.text("q-signaketmhord=&;% 0", max_size=60))
def test_whatever_is_received_only_a_refusal_escapes(text: str) -> None:
    try:
        signature = extract({"authorization": text}, {})
    except Refusal:
        signature = Signature(ID, f"{START};{END}", f"{START};{END}", text, text, text)
    if signature is not None:
        for field in Signature._fields:
            if field != "algorithm":
                with pytest.raises(Refusal):
                    check(signature._replace(**{field: text}), "GET", "/", {"a": "b"}, {"c": "d"})


# --------------------------------------------------------------------------------------------
# Time


@pytest.mark.parametrize(
    ("now", "code", "message"),
    [
        (START - signing.MAX_SKEW - 1, "RequestTimeTooSkewed", "difference"),
        (START - signing.MAX_SKEW, None, None),
        (START, None, None),
        (END, None, None),
        (END + 1, "AccessDenied", "Request has expired"),
    ],
)
def test_a_signature_lives_from_its_start_to_its_end(now, code, message) -> None:
    signature = make("GET", "/k")
    if code is None:
        check(signature, "GET", "/k", now=now)
        return
    with pytest.raises(Refusal, match=message) as caught:
        check(signature, "GET", "/k", now=now)
    assert caught.value.code == code
    assert caught.value.details["ServerTime"].endswith("Z")


@pytest.mark.parametrize("period", ["", "1", "1;", ";1", "a;b", "-1;5", "1;2;3", "1;" + "9" * 5000])
def test_a_period_that_is_none(period: str) -> None:
    for field in ("sign_time", "key_time"):
        with pytest.raises(Refusal) as caught:
            check(make("GET", "/k")._replace(**{field: period}), "GET", "/k")
        assert caught.value.code == "InvalidArgument"


def test_the_period_of_the_key_counts_as_well() -> None:
    key_time = f"{START};{NOW - 1}"
    with pytest.raises(Refusal, match="expired"):
        check(make("GET", "/k")._replace(key_time=key_time), "GET", "/k")


# --------------------------------------------------------------------------------------------
# Attacks on what the lists name


def test_one_signed_name_cannot_stand_for_two() -> None:
    # "a=1&b" = "2" would sign to the same text as a=1 and b=2, and leave a and b free.
    signature = make("GET", "/k", {"a": "1", "b": "2"})
    forged = signature._replace(param_list="a=1&b")
    with pytest.raises(Refusal):
        check(forged, "GET", "/k", {"a=1&b": "2", "a": "evil"})


def test_two_spellings_of_a_parameter_cannot_share_a_signature() -> None:
    signature = make("GET", "/k", {"versionId": "good"})
    for query in (
        {"versionId": "evil", "VERSIONID": "good"},
        {"VERSIONID": "good", "versionId": "evil"},
    ):
        with pytest.raises(Refusal):
            check(signature, "GET", "/k", query)


def test_an_escaped_name_is_not_looked_up_as_it_stands() -> None:
    signature = make("PUT", "/k", {}, {"x-cos-meta-a!": "good"})
    assert signature.header_list == "x-cos-meta-a%21"
    with pytest.raises(Refusal):
        check(signature, "PUT", "/k", {}, {"x-cos-meta-a!": "evil", "x-cos-meta-a%21": "good"})


def test_a_line_break_in_a_key_cannot_move_the_lines() -> None:
    signature = make("GET", "/k", {"a": "1"}, {"host": "h"})
    with pytest.raises(Refusal):
        check(signature._replace(param_list=""), "GET", "/k\na=1", {}, {"host": "h"})


def test_a_host_signed_without_its_port() -> None:
    signature = make("GET", "/k", {}, {"host": "127.0.0.1"})
    check(signature, "GET", "/k", {}, {"host": "127.0.0.1:8000"})
    with pytest.raises(Refusal):
        check(signature, "GET", "/k", {}, {"host": "127.0.0.2:8000"})


# --------------------------------------------------------------------------------------------
# Finding it


def test_a_request_without_a_signature_is_anonymous() -> None:
    assert extract({}, {"versionId": "x"}) is None
    assert extract({"authorization": "  "}, {}) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("AWS4-HMAC-SHA256 Credential=x", "InvalidRequest"),
        (make("GET", "/").header().replace("q-ak=", "x="), "InvalidRequest"),
        (make("GET", "/").header().replace("=sha1", "=md5"), "InvalidArgument"),
    ],
    ids=["another scheme", "no id", "another algorithm"],
)
def test_an_authorization_that_cannot_be_read(text: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        extract({"authorization": text}, {})
    assert caught.value.code == code


def test_the_fields_may_come_in_any_order() -> None:
    signature = make("GET", "/k")
    shuffled = "&".join(reversed(signature.header().split("&")))
    assert extract({"authorization": shuffled}, {}) == signature


def test_secrets_do_not_show() -> None:
    assert KEY not in repr(CREDENTIAL)


@pytest.mark.parametrize(
    ("name", "signed"),
    [("host", True), ("x-cos-acl", True), ("x-ci-a", True), ("date", False), ("user-agent", False)],
)
def test_which_headers_are_signed(name: str, signed: bool) -> None:
    assert signing.is_signed_header(name) is signed

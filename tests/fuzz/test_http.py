"""Whatever is sent: no fault of the store, nothing stored in silence, and it serves on.

``HYPOTHESIS_PROFILE=long`` makes fifty times as many of each.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.fuzzing import BUCKET, PUBLIC, Target
from support.hostile import hostile, mutated, url_of
from support.ways import OWNER, authorization

MANY = settings.default.max_examples * 3


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    target = Target(tmp_path_factory.mktemp("fuzz") / "store")
    yield target
    target.close()


@pytest.fixture(autouse=True)
def serves(target):
    """It is as it was before, and serves, after each of the tests."""
    target.refresh()
    target.accept()
    yield
    target.assert_serves()


TOKENS = [
    *(b"GET ", b"PUT ", b"HEAD ", b"POST ", b"DELETE ", b"/", b"/" + BUCKET.encode() + b"/a"),
    *(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b"\r\n", b"\n", b"\r", b"Host: h\r\n", b"Host: "),
    *(b"/" + PUBLIC.encode() + b"/a", b"Content-Length: 3\r\n", b"Content-Length: ", b"abc"),
    *(b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n", b"0\r\n\r\n", b"ffffffffffffffff\r\n"),
    *(b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"Upgrade: h2c\r\n", b": ", b";"),
    *(b"?uploads", b"?acl", b"?delete", b" \t", b"\0", b"%00", b"\xff", b"X: y\r\n", b"1"),
]


@settings(max_examples=MANY)
@given(st.lists(st.sampled_from(TOKENS) | st.binary(max_size=8), max_size=25).map(b"".join))
def test_bytes_that_look_like_http(target, data):
    target.check_bytes(data)


WHOLE = [
    ("GET", f"/{BUCKET}/a", b"", b""),
    ("HEAD", f"/{BUCKET}/a", b"", b""),
    ("PUT", f"/{BUCKET}/a", b"Content-Length: 5\r\nx-cos-meta-a: b\r\n", b"hello"),
    ("PUT", f"/{BUCKET}/a", b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
    ("PUT", f"/{BUCKET}/large", b"Content-Length: 70000\r\n", bytes(70_000)),
    ("DELETE", f"/{BUCKET}/new", b"", b""),
    ("GET", f"/{BUCKET}/", b"Range: bytes=0-1\r\n", b""),
    ("PUT", f"/{BUCKET}/copy", b"x-cos-copy-source: h/" + BUCKET.encode() + b"/a\r\n", b""),
]


def wire(method, path, lines, body):
    head = f"{method} {path} HTTP/1.1\r\nHost: h\r\n".encode() + lines
    signature = authorization(OWNER, method, path, start=-(10**6), end=10**6)
    return head + f"Authorization: {signature}\r\n\r\n".encode() + body


@settings(max_examples=MANY)
@given(
    mutated(
        st.lists(st.sampled_from(WHOLE), min_size=1, max_size=3).map(
            lambda requests: b"".join(wire(*request) for request in requests)
        )
    )
)
def test_requests_after_an_accident(target, data):
    target.check_bytes(data)


@settings(max_examples=MANY * 2)
@given(hostile)
def test_requests_that_are_signed(target, request):
    url = url_of(request, target.names)
    headers = [(n, target.names(v)) for n, v in request.headers.items()]
    headers = [(n, v.encode()) for n, v in headers if not set(v) & _UNSENDABLE]
    named = {name for name, _ in headers}
    if "content-length" not in named:
        headers.append(("content-length", str(len(request.body)).encode()))
    if request.who.uin and "authorization" not in named:
        query = {n: target.names(v) for n, v in request.query.items()}
        header = authorization(request.who, request.method, request.path, query)
        headers.append(("authorization", header.encode()))
    target.check_request(request.method, url, headers, request.body)


_UNSENDABLE = {chr(code) for code in range(32) if code != 9} | {"\x7f"}

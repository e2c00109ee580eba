"""Bad requests over HTTP: each is refused with a COS error, and changes nothing in the store."""

import contextlib
import socket
from contextlib import closing

import pytest

from cosbox.protocol.operations import OPERATIONS, SUBRESOURCES
from support.checks import PART, md5
from support.dumping import dump
from support.rawhttp import Client
from support.ways import NOBODY, OTHER, OWNER, REGION, OverHttp, authorization

BUCKET = "errors-1250000000"
VERSIONED = "versions-1250000000"


@pytest.fixture(scope="module")
def way(tmp_path_factory):
    with closing(OverHttp(tmp_path_factory.mktemp("errors") / "store")) as way:
        client = way.client()
        client.create_bucket(BUCKET)
        client.create_bucket(VERSIONED)
        client.put_bucket_versioning(VERSIONED, "Enabled")
        client.put_object(BUCKET, b"0123456789", "a", ContentType="text/plain")
        client.put_object(BUCKET, bytes(100_000), "large")
        client.put_object(BUCKET, b"seen by all", "public", ACL="public-read")
        for body in (b"1", b"2"):
            client.put_object(VERSIONED, body, "a")
        client.delete_object(VERSIONED, "gone")
        upload_id = client.create_multipart_upload(BUCKET, "parts")["UploadId"]
        client.upload_part(BUCKET, "parts", bytes(PART), 1, upload_id)
        way.upload_id = upload_id
        way.client(OTHER).create_bucket("theirs-1250000001")
        yield way


@pytest.fixture
def unchanged(way):
    """What the store holds is the same after a test as before."""
    before = dump(way.folder)
    yield
    assert dump(way.folder) == before


pytestmark = pytest.mark.usefixtures("unchanged")


def raw(way, method, target, *lines, body=b"", path=None, end=False, sign=OWNER):
    """Send a request byte by byte; returns the answer. ``path``: as it is signed."""
    target = target.encode() if isinstance(target, str) else target
    head = [b"%s %s HTTP/1.1" % (method.encode(), target), b"Host: 127.0.0.1"]
    if path is not None and sign.uin:
        head.append(b"Authorization: " + authorization(sign, method, path).encode())
    head += [line.encode() if isinstance(line, str) else line for line in lines]
    with socket.create_connection(("127.0.0.1", way.port), timeout=20) as sock:
        talk = Client(sock)
        try:
            with contextlib.suppress(ConnectionError):
                talk.send(b"\r\n".join(head) + b"\r\n\r\n" + body)
            if end:
                sock.shutdown(socket.SHUT_WR)
            return talk.reply(head=method == "HEAD")
        finally:
            talk.file.close()


def told(reply):
    return reply.status, reply.code


# --------------------------------------------------------------------------------------------
# Who asks


def signed_by(way, header, method="PUT", path=f"/{BUCKET}/a"):
    return told(
        raw(way, method, path, f"Authorization: {header}", "Content-Length: 3", body=b"bad")
    )


def test_signatures_that_are_wrong(way):
    path = f"/{BUCKET}/a"
    liar = OWNER._replace(secret_key="another-secret")
    wrong = (403, "SignatureDoesNotMatch")
    assert signed_by(way, authorization(liar, "PUT", path)) == wrong
    assert signed_by(way, authorization(OWNER, "GET", path)) == wrong
    assert signed_by(way, authorization(OWNER, "PUT", f"/{BUCKET}/b")) == wrong
    assert signed_by(way, authorization(OWNER, "PUT", path, {"acl": ""})) == wrong
    assert signed_by(way, authorization(OWNER, "PUT", path, headers={"x-cos-acl": "a"})) == wrong
    fine = authorization(OWNER, "PUT", path)
    assert signed_by(way, fine[:-1] + ("0" if fine[-1] != "0" else "1")) == wrong
    assert signed_by(way, fine.replace(OWNER.secret_id, OTHER.secret_id)) == wrong


def test_the_document_of_a_wrong_signature(way):
    reply = raw(way, "PUT", f"/{BUCKET}/a", f"Authorization: {authorization(OWNER, 'GET', '/')}")
    assert b"<FormatString>put\n/errors-1250000000/a\n\n\n</FormatString>" in reply.body
    assert b"<StringToSign>sha1\n" in reply.body
    assert reply.headers["x-cos-request-id"]


def test_signatures_out_of_their_time(way):
    path = f"/{BUCKET}/a"
    late = authorization(OWNER, "PUT", path, start=-600, end=-10)
    reply = raw(way, "PUT", path, f"Authorization: {late}", "Content-Length: 3", body=b"bad")
    assert told(reply) == (403, "AccessDenied")
    assert b"<Message>Request has expired</Message>" in reply.body
    assert b"<ServerTime>" in reply.body
    early = authorization(OWNER, "PUT", path, start=3600, end=7200)
    assert signed_by(way, early) == (403, "RequestTimeTooSkewed")


def test_a_clock_that_is_a_little_off(way):
    path = f"/{BUCKET}/a"
    ahead = authorization(OWNER, "GET", path, start=600, end=1200)
    assert raw(way, "GET", path, f"Authorization: {ahead}").body == b"0123456789"


def test_keys_that_are_not_known(way):
    nobody = OWNER._replace(secret_id="AKIDnobody")
    path = f"/{BUCKET}/a"
    assert signed_by(way, authorization(nobody, "PUT", path)) == (403, "InvalidAccessKeyId")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Basic b3duZXI6b3duZXI=", "InvalidRequest"),
        ("AWS4-HMAC-SHA256 Credential=x/20260101/r/s3/aws4_request", "InvalidRequest"),
        ("q-sign-algorithm=sha1&q-ak=AKIDowner", "InvalidRequest"),
        (b"\xff\xfe", "InvalidArgument"),
    ],
)
def test_authorizations_that_are_none(way, header, code):
    line = header if isinstance(header, bytes) else header.encode()
    reply = raw(way, "DELETE", f"/{BUCKET}/a", b"Authorization: " + line)
    assert told(reply) == (400, code)


def test_fields_of_a_signature_that_are_none(way):
    path = f"/{BUCKET}/a"
    fine = authorization(OWNER, "PUT", path)
    for old, new in (
        ("q-sign-algorithm=sha1", "q-sign-algorithm=md5"),
        ("q-sign-time=", "q-sign-time=x"),
        ("q-key-time=", "q-key-time=1;"),
        ("q-header-list=", "q-header-list=a b"),
    ):
        assert signed_by(way, fine.replace(old, new)) == (400, "InvalidArgument"), new


def test_nobody_may_do_anything(way):
    for method, path, query in (
        ("GET", "/", {}),
        ("PUT", f"/{BUCKET}/a", {}),
        ("GET", f"/{BUCKET}/a", {}),
        ("GET", f"/{BUCKET}/missing", {}),
        ("DELETE", f"/{BUCKET}/a", {}),
        ("DELETE", f"/{BUCKET}/public", {}),
        ("GET", f"/{BUCKET}/", {}),
        ("GET", f"/{BUCKET}/", {"versions": ""}),
        ("GET", f"/{BUCKET}/", {"uploads": ""}),
        ("GET", f"/{BUCKET}/", {"acl": ""}),
        ("PUT", f"/{BUCKET}/", {"acl": ""}),
        ("DELETE", f"/{BUCKET}/", {}),
        ("PUT", "/new-1250000000/", {}),
        ("POST", f"/{BUCKET}/a", {"uploads": ""}),
        ("GET", f"/{BUCKET}/parts", {"uploadId": way.upload_id}),
        ("PUT", f"/{BUCKET}/parts", {"uploadId": way.upload_id, "partNumber": "1"}),
        ("DELETE", f"/{BUCKET}/parts", {"uploadId": way.upload_id}),
    ):
        headers = {"x-cos-acl": "public-read"} if "acl" in query and method == "PUT" else {}
        reply = way.ask(method, path, query=query, headers=headers, who=NOBODY)
        assert reply.told == (403, "AccessDenied"), (method, path, query)


def test_a_signature_does_not_help_on_others_things(way):
    for method, path in (
        ("GET", "/theirs-1250000001/"),
        ("DELETE", "/theirs-1250000001/"),
        ("PUT", "/theirs-1250000001/a"),
    ):
        assert way.ask(method, path).told == (403, "AccessDenied")


# --------------------------------------------------------------------------------------------
# What is asked for


def test_buckets_and_keys_that_cannot_be(way):
    for method in ("PUT", "GET", "DELETE"):
        assert way.ask(method, "/missing-1250000000/a", body=b"x").told == (404, "NoSuchBucket")
        assert way.ask(method, "/Bad_Name/a", body=b"x").told == (400, "InvalidBucketName")
    assert way.ask("PUT", f"/{BUCKET}/{'k' * 851}", body=b"x").told == (400, "KeyTooLong")
    assert way.ask("PUT", f"/{BUCKET}//x", body=b"x").told == (400, "InvalidObjectName")
    assert way.ask("PUT", "//x", body=b"x").told == (400, "InvalidURI")


@pytest.mark.parametrize(
    "target",
    [
        "/%ff",
        f"/{BUCKET}/%ff",
        f"/{BUCKET}/%c3",
        f"/{BUCKET}/%ed%a0%80",
        f"/{BUCKET}/%c0%af",
        f"/{BUCKET}/?prefix=%ff",
        f"/{BUCKET}/a?%ff=x",
        f"/{BUCKET}/a?versionId=%ff",
    ],
)
def test_urls_that_are_not_utf_8(way, target):
    for method in ("PUT", "GET", "DELETE"):
        reply = raw(way, method, target, "Content-Length: 0", path=f"/{BUCKET}/a")
        assert told(reply) == (400, "InvalidURI")


@pytest.mark.parametrize(
    "target",
    [b"/\xff", b"a", b"*", b"ftp://127.0.0.1/a", b"/a#b", b"//", b"http://me@127.0.0.1/a"],
)
def test_targets_that_are_none(way, target):
    reply = raw(way, "PUT", target, "Content-Length: 0")
    assert reply.status in {400, 403, 405}
    assert reply.code in {"InvalidURI", "InvalidRequest", "AccessDenied", "MethodNotAllowed"}
    assert reply.headers["x-cos-request-id"]


@pytest.mark.parametrize("name", ["x-cos-meta-a", "cache-control", "content-type", "x-cos-acl"])
@pytest.mark.parametrize("value", [b"\xff", b"a\xc3", b"\xed\xa0\x80"])
def test_headers_that_are_not_utf_8(way, name, value):
    line = name.encode() + b": " + value
    path = f"/{BUCKET}/a"
    reply = raw(way, "PUT", path, line, "Content-Length: 1", body=b"x", path=path)
    assert told(reply) == (400, "InvalidArgument")


@pytest.mark.parametrize("value", [b"a\rb", b"a\nb: c", b"a\0b", b"\x7f", b"\x01"])
def test_headers_with_control_characters(way, value):
    path = f"/{BUCKET}/a"
    line = b"x-cos-meta-a: " + value
    reply = raw(way, "PUT", path, line, "Content-Length: 1", body=b"x", path=path)
    assert reply.status == 400
    assert reply.headers["x-cos-request-id"]


@pytest.mark.parametrize("text", ["a\r\nSet-Cookie: x=1", "a\nb", "a\rb", "\0", "a\x0bb"])
def test_answers_are_not_split(way, text):
    for name in (
        *("response-cache-control", "response-content-disposition", "response-content-encoding"),
        *("response-content-language", "response-content-type", "response-expires"),
    ):
        reply = way.ask("GET", f"/{BUCKET}/a", query={name: text})
        assert reply.told == (400, "InvalidArgument")
        assert "set-cookie" not in reply.headers


def test_headers_that_are_too_many_or_too_large(way):
    path = f"/{BUCKET}/a"
    length = "Content-Length: 0"
    large = b"x-cos-meta-a: " + b"v" * 70_000
    assert told(raw(way, "PUT", path, length, large, path=path)) == (400, "InvalidRequest")
    many = [f"x-a-{number}: 1" for number in range(200)]
    assert told(raw(way, "PUT", path, length, *many, path=path)) == (400, "InvalidRequest")
    long = f"/{BUCKET}/{'k' * 17_000}"
    assert told(raw(way, "PUT", long, length, path=long)) == (400, "InvalidURI")
    metadata = "x-cos-meta-a: " + "v" * 3000
    assert told(raw(way, "PUT", path, length, metadata, path=path)) == (400, "InvalidArgument")


def test_of_repeated_parameters_the_first_is_signed_and_obeyed(way):
    """So nobody who holds a presigned URL changes what it is good for by adding to it."""
    query = {"max-keys": "1"}
    header = f"Authorization: {authorization(OWNER, 'GET', f'/{BUCKET}/', query)}"
    more = raw(way, "GET", f"/{BUCKET}/?max-keys=1&max-keys=2", header)
    assert b"<MaxKeys>1</MaxKeys>" in more.body
    before = raw(way, "GET", f"/{BUCKET}/?max-keys=2&max-keys=1", header)
    assert told(before) == (403, "SignatureDoesNotMatch")


def test_parameters_in_another_case(way):
    for method, path, name in (
        ("DELETE", f"/{BUCKET}/a", "VersionId"),
        ("DELETE", f"/{BUCKET}/a", "UploadID"),
        ("DELETE", "/theirs-1250000001/", "CORS"),
        ("PUT", f"/{BUCKET}/a", "Acl"),
        ("GET", f"/{BUCKET}/", "Versions"),
    ):
        who = OTHER if "theirs" in path else OWNER
        assert way.ask(method, path, query={name: "x"}, who=who).told == (400, "InvalidArgument")
    reply = way.ask("GET", f"/{BUCKET}/a", query={"x": "1", "X": "2"})
    assert reply.told == (400, "InvalidArgument")


def test_too_many_parameters(way):
    query = {f"a{number}": "" for number in range(101)}
    assert way.ask("GET", f"/{BUCKET}/a", query=query).told == (400, "InvalidURI")


OFFERED = {name for each in OPERATIONS.values() for name in (each.marker, *each.selectors)}


@pytest.mark.parametrize("name", sorted(SUBRESOURCES - OFFERED))
def test_sub_resources_are_never_the_thing_itself(way, name):
    for method in ("PUT", "POST", "DELETE", "GET", "HEAD"):
        for path in ("/theirs-1250000001/", "/theirs-1250000001/a"):
            reply = way.ask(method, path, query={name: ""}, who=OTHER)
            assert reply.status == 501
            assert method == "HEAD" or reply.code == "NotImplemented"


def test_methods_that_are_not_offered(way):
    for method in ("PATCH", "TRACE", "OPTIONS", "MKCOL", "PROPFIND"):
        for path in ("/", f"/{BUCKET}/", f"/{BUCKET}/a"):
            assert way.ask(method, path).status in {400, 405}
    for method, path, query in (
        ("POST", f"/{BUCKET}/", {}),
        ("POST", f"/{BUCKET}/a", {}),
        ("PUT", "/", {}),
        ("DELETE", "/", {}),
        ("POST", "/", {}),
        ("DELETE", f"/{BUCKET}/", {"acl": ""}),
        ("DELETE", f"/{BUCKET}/a", {"acl": ""}),
        ("DELETE", f"/{BUCKET}/", {"versioning": ""}),
        ("PUT", f"/{BUCKET}/a", {"uploads": ""}),
        ("PUT", f"/{BUCKET}/a", {"uploadId": "x"}),
        ("DELETE", f"/{BUCKET}/", {"uploadId": "x"}),
        ("PUT", f"/{BUCKET}/a", {"restore": ""}),
        ("DELETE", f"/{BUCKET}/", {"delete": ""}),
    ):
        assert way.ask(method, path, query=query).told == (405, "MethodNotAllowed")


# --------------------------------------------------------------------------------------------
# Bodies


@pytest.mark.parametrize("size", [10, 200_000])
def test_bodies_shorter_than_declared(way, size):
    for path, target in (
        (f"/{BUCKET}/a", f"/{BUCKET}/a"),
        (f"/{BUCKET}/parts", f"/{BUCKET}/parts?partNumber=1&uploadId={way.upload_id}"),
    ):
        length, body = f"Content-Length: {size}", bytes(size // 2)
        reply = raw(way, "PUT", target, length, body=body, path=path, end=True)
        assert told(reply) == (400, "IncompleteBody")


def test_chunks_that_break_off(way):
    path = f"/{BUCKET}/a"
    for body, code in (
        (b"5\r\nab", "IncompleteBody"),
        (b"5\r\nabcde\r\n", "IncompleteBody"),
        (b"x\r\n", "InvalidRequest"),
    ):
        line = "Transfer-Encoding: chunked"
        reply = raw(way, "PUT", path, line, body=body, path=path, end=True)
        assert told(reply) == (400, code)


def test_lengths_that_are_none(way):
    path = f"/{BUCKET}/a"
    assert told(raw(way, "PUT", path, path=path)) == (411, "MissingContentLength")
    for line in (
        *("Content-Length: x", "Content-Length: -1", "Content-Length: 1, 1"),
        *("Content-Length: 1\r\nContent-Length: 2", "Content-Length: " + "9" * 30),
        "Content-Length: 1\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
    ):
        assert raw(way, "PUT", path, line, body=b"x", path=path).status == 400
    huge = f"Content-Length: {5 * 1024**3 + 1}"
    assert told(raw(way, "PUT", path, huge, path=path)) == (400, "EntityTooLarge")


def test_digests_that_are_wrong(way):
    path = f"/{BUCKET}/a"
    for body in (b"text", bytes(100_000)):
        for digest, code in ((md5(b"other"), "BadDigest"), ("x", "InvalidDigest")):
            reply = way.ask("PUT", path, headers={"Content-MD5": digest}, body=body)
            assert reply.told == (400, code)
            query = {"partNumber": "1", "uploadId": way.upload_id}
            reply = way.ask(
                "PUT", f"/{BUCKET}/parts", query=query, headers={"Content-MD5": digest}, body=body
            )
            assert reply.told == (400, code)


BOMB = (
    b'<!DOCTYPE d [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
    b"<Delete><Object><Key>&c;</Key></Object></Delete>"
)
HOSTILE = {
    "bomb": BOMB,
    "file": b'<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><Delete>&a;</Delete>',
    "utf-16": "<Delete><Object><Key>a</Key></Object></Delete>".encode("utf-16"),
    "other encoding": b'<?xml version="1.0" encoding="utf-7"?><Delete>+ADw-</Delete>',
    "deep": b"<Delete>" + b"<a>" * 100_000,
    "deep and closed": b"<Delete>" + b"<a>" * 50_000 + b"</a>" * 50_000 + b"</Delete>",
    "cut short": b"<Delete><Object><Key>a",
    "twice": b"<Delete/><Delete/>",
    "nul": b"<Delete>\0</Delete>",
    "not UTF-8": b"<Delete><Object><Key>\xff</Key></Object></Delete>",
    "text": b"hello",
    "blanks": b"   ",
    "json": b'{"Object": [{"Key": "a"}]}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_documents_that_are_hostile(way, name):
    body = HOSTILE[name]
    headers = {"Content-MD5": md5(body)}
    for method, path, query in (
        ("POST", f"/{BUCKET}/", {"delete": ""}),
        ("PUT", f"/{BUCKET}/", {"acl": ""}),
        ("PUT", f"/{BUCKET}/a", {"acl": ""}),
        ("PUT", f"/{BUCKET}/", {"versioning": ""}),
        ("POST", f"/{BUCKET}/a", {"restore": ""}),
        ("POST", f"/{BUCKET}/parts", {"uploadId": way.upload_id}),
    ):
        reply = way.ask(method, path, query=query, headers=headers, body=body)
        assert reply.told == (400, "MalformedXML"), (method, path)


def test_documents_that_are_too_large(way):
    body = b"<Delete>" + b" " * (2 * 1024 * 1024) + b"</Delete>"
    reply = way.ask(
        "POST", f"/{BUCKET}/", query={"delete": ""}, headers={"Content-MD5": md5(body)}, body=body
    )
    assert reply.told == (400, "XMLSizeLimit")


def test_ranges_past_the_end(way):
    for header in ("bytes=10-", "bytes=99999999999999999-", "bytes=-0"):
        reply = way.ask("GET", f"/{BUCKET}/a", headers={"Range": header})
        assert reply.told == (416, "InvalidRange")
        assert reply.headers["content-range"] == "bytes */10"


# --------------------------------------------------------------------------------------------
# What an error looks like


def test_the_document_of_an_error(way):
    reply = way.ask("GET", f"/{BUCKET}/missing/%")
    assert reply.headers["content-type"] == "application/xml"
    text = reply.body.decode()
    assert text.startswith("<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n\t<Code>NoSuchKey")
    assert f"<Resource>/{BUCKET}/missing/%25</Resource>" in text
    assert f"<RequestId>{reply.headers['x-cos-request-id']}</RequestId>" in text
    assert f"<TraceId>{reply.headers['x-cos-trace-id']}</TraceId>" in text
    assert way.client().get_bucket_location(BUCKET) == {"LocationConstraint": REGION}


def test_a_body_longer_than_declared_is_cut(way, request):
    """The rest of it is no part of the object, and no request either that anybody obeys."""
    path = f"/{BUCKET}/cut"
    smuggled = f"DELETE /{BUCKET}/a HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    reply = raw(way, "PUT", path, "Content-Length: 3", body=b"abc" + smuggled, path=path)
    assert reply.status == 200
    client = way.client()
    with client.get_object(BUCKET, "cut")["Body"] as body:
        assert body.read() == b"abc"
    client.delete_object(BUCKET, "cut")


@pytest.mark.parametrize(
    "header",
    [
        "x-cos-server-side-encryption: AES256",
        "x-cos-server-side-encryption-customer-algorithm: AES256",
        "x-cos-tagging: a=b",
        "x-cos-callback: aHR0cA==",
        "If-None-Match: *",
        'If-Match: "abc"',
    ],
)
def test_a_wish_that_is_not_offered_is_not_passed_over(way, header):
    reply = raw(way, "PUT", f"/{BUCKET}/new", header, "Content-Length: 1", body=b"x",
                path=f"/{BUCKET}/new")  # fmt: skip

    assert (reply.status, reply.code) == (501, "NotImplemented")
    assert header.partition(":")[0].lower() in reply.body.decode()

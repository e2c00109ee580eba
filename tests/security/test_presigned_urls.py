"""A signed URL is good for what was signed, until it expires, and for nothing else."""

import http.client
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

import cosbox
from cosbox.storage.folder import open_folder
from support.dumping import dump
from support.ways import OTHER, OWNER, REGION, OverHttp, authorization

BUCKET = "signed-1250000000"
SECOND = "second-1250000000"


@pytest.fixture(scope="module")
def way(tmp_path_factory):
    way = OverHttp(tmp_path_factory.mktemp("signed") / "store")
    client = way.client()
    for name in (BUCKET, SECOND):
        client.create_bucket(name)
        client.put_object(name, f"a of {name}".encode(), "a")
        client.put_object(name, f"b of {name}".encode(), "b")
    way.upload = client.create_multipart_upload(BUCKET, "a")["UploadId"]
    yield way
    way.close()


@pytest.fixture
def unchanged(way):
    before = dump(way.folder)
    yield
    assert dump(way.folder) == before


def url_for(way, method, *, key="a", bucket=BUCKET, params=None, headers=None, expired=300):
    return way.client().get_presigned_url(
        bucket, key, method, Expired=expired, Params=params, Headers=headers
    )


def use(way, method, url, *, headers=None, body=None, more="", path=None):
    """Send what a holder of the URL sends; returns status, code and body."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", way.port, timeout=20)
    try:
        target = f"{path or parts.path}?{parts.query}{more}"
        connection.request(method, target, body=body, headers=headers or {})
        answer = connection.getresponse()
        body = answer.read()
        code = body.partition(b"<Code>")[2].partition(b"<")[0].decode()
        return answer.status, code, body
    finally:
        connection.close()


DENIED = (403, "AccessDenied")
WRONG = (403, "SignatureDoesNotMatch")


def test_it_does_what_was_signed_as_often_as_one_likes(way):
    url = url_for(way, "GET")
    for _ in range(3):
        assert use(way, "GET", url)[2] == b"a of signed-1250000000"
    url = url_for(way, "PUT", key="new")
    assert use(way, "PUT", url, body=b"new")[0] == 200
    assert way.client().get_object(BUCKET, "new")["Body"].read() == b"new"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "POST"])
def test_another_method(way, method):
    status, code, _ = use(way, method, url_for(way, "GET"), body=b"x" if method == "PUT" else None)
    assert status == 403
    assert method == "HEAD" or code == WRONG[1]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "path", [f"/{BUCKET}/b", f"/{SECOND}/a", f"/{BUCKET}/", f"/{BUCKET}/A", f"/{BUCKET}/./a"]
)
def test_another_path(way, path):
    for method in ("GET", "PUT", "DELETE"):
        url = url_for(way, method)
        body = b"x" if method == "PUT" else None
        assert use(way, method, url, path=path, body=body)[:2] == WRONG


def test_another_spelling_of_the_same_path_is_the_same(way):
    assert use(way, "GET", url_for(way, "GET"), path=f"/{BUCKET}/%61")[0] == 200


@pytest.mark.usefixtures("unchanged")
def test_another_host(way):
    url = url_for(way, "GET")
    other = {"Host": f"{SECOND}.cos.{REGION}.myqcloud.com"}
    assert use(way, "GET", url, headers=other, path="/a")[:2] == WRONG


@pytest.mark.usefixtures("unchanged")
def test_every_field_counts(way):
    url = url_for(way, "DELETE")
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    base = url.partition("?")[0]
    changes = {
        "q-ak": OTHER.secret_id,
        "q-sign-time": "0;9999999999",
        "q-key-time": "0;9999999999",
        "q-header-list": "",
        "q-url-param-list": "acl",
        "q-signature": "0" * 40,
        "q-sign-algorithm": "sha256",
    }
    for name, value in changes.items():
        changed = "&".join(f"{n}={quote(v, safe='')}" for n, v in {**query, name: value}.items())
        status, code, _ = use(way, "DELETE", f"{base}?{changed}")
        assert status in {400, 403}, name
        assert code in {"SignatureDoesNotMatch", "InvalidArgument"}, name
        fewer = "&".join(f"{n}={quote(v, safe='')}" for n, v in query.items() if n != name)
        assert use(way, "DELETE", f"{base}?{fewer}")[0] in {400, 403}, name


@pytest.mark.usefixtures("unchanged")
def test_it_expires(way):
    status, code, body = use(way, "GET", an_hour_old())
    assert (status, code) == DENIED
    assert b"Request has expired" in body


def an_hour_old():
    """A URL that was good an hour ago."""
    signed = authorization(OWNER, "GET", f"/{BUCKET}/a", start=-7200, end=-3600)
    fields = dict(item.split("=", 1) for item in signed.split("&"))
    pairs = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())
    return f"http://127.0.0.1/{BUCKET}/a?{pairs}"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("GET", "&acl"),
        ("GET", "&versionId=x"),
        ("GET", "&response-content-type=text%2Fhtml"),
        ("GET", "&uploadId=x"),
        ("GET", "&Response-Content-Type=a"),
        ("PUT", "&acl"),
        ("PUT", "&partNumber=1&uploadId={upload}"),
        ("PUT", "&tagging"),
        ("DELETE", "&versionId=null"),
        ("DELETE", "&uploadId={upload}"),
        ("POST", "&uploads"),
        ("POST", "&restore"),
    ],
)
def test_parameters_that_are_added(way, method, more):
    body = b"x" if method == "PUT" else None
    url = url_for(way, method)
    assert use(way, method, url, more=more.format(upload=way.upload), body=body)[:2] == DENIED


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-cos-copy-source", f"127.0.0.1/{BUCKET}/b"),
        ("x-cos-copy-source-range", "bytes=0-1"),
        ("x-cos-acl", "public-read"),
        ("x-cos-grant-read", 'id="100000000002"'),
        ("X-Cos-Grant-Full-Control", 'id="100000000002"'),
    ],
)
def test_headers_that_are_added(way, name, value):
    """Else who may upload one object could read every other, by copying it there."""
    assert use(way, "PUT", url_for(way, "PUT"), headers={name: value})[:2] == DENIED


@pytest.mark.usefixtures("unchanged")
def test_parameters_and_headers_that_were_signed_may_not_change(way):
    url = url_for(way, "GET", params={"response-content-type": "text/plain"})
    assert use(way, "GET", url)[0] == 200
    assert use(way, "GET", url.replace("text%2Fplain", "text%2Fhtml"))[:2] == WRONG
    assert use(way, "GET", url.replace("response-content-type=text%2Fplain", ""))[:2] == WRONG
    url = url_for(way, "PUT", headers={"x-cos-acl": "private"})
    for headers in ({}, {"x-cos-acl": "public-read"}):
        assert use(way, "PUT", url, headers=headers, body=b"x")[:2] == WRONG


def test_what_was_signed_to_be_added_is_taken(way):
    url = url_for(way, "PUT", key="seen", headers={"x-cos-acl": "public-read"})
    headers = {"x-cos-acl": "public-read", "x-cos-meta-a": "added by the uploader"}
    assert use(way, "PUT", url, headers=headers, body=b"seen")[0] == 200
    url = url_for(way, "GET", key="seen", params={"response-content-type": "text/x"})
    assert use(way, "GET", url, more="&utm_source=mail")[2] == b"seen"


def test_a_key_that_is_taken_away_ends_its_urls(way):
    way.client(OTHER).create_bucket("gone-1250000001")
    url = way.client(OTHER).get_presigned_url("gone-1250000001", "a", "PUT")
    assert use(way, "PUT", url, body=b"x")[0] == 200
    with open_folder(way.folder) as store:
        store.records.write(lambda t: t.delete_key_pair(OTHER.secret_id)).result()
    assert use(way, "PUT", url, body=b"y")[:2] == (403, "InvalidAccessKeyId")


def test_the_clients_own_requests_are_signed_whole(way):
    """Somebody who sees a request of this client's cannot make another one of its signature."""
    conf = cosbox.CosConfig(
        Endpoint=f"127.0.0.1:{way.port}", SecretId=OWNER.secret_id, SecretKey=OWNER.secret_key
    )
    with cosbox.CosS3Client(conf) as client:
        auth = client.get_auth("PUT", BUCKET, "a", Headers={"x-cos-acl": "private"})
    fields = dict(item.split("=", 1) for item in auth.split("&"))
    assert "x-cos-acl" in fields["q-header-list"]
    assert "host" in fields["q-header-list"]

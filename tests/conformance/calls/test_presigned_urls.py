"""get_presigned_url, get_presigned_download_url, get_auth and get_object_url, used by others."""

import http.client
import time
from urllib.parse import urlsplit

import pytest

from cosbox.client.sync import CosS3Client
from cosbox.protocol.errors import ParameterError
from cosbox.protocol.xmlio import read_error
from support.checks import read, sweep
from support.ways import NOBODY, OWNER


@pytest.fixture
def client(served):
    return served.client(OWNER)


@pytest.fixture
def bucket(served, client):
    name = served.fresh_name()
    client.create_bucket(name)
    yield name
    sweep(client, name)


def fetch(url, method="GET", body=None, **headers):
    """Use a URL as a browser would: status, headers, body."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    try:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        connection.request(method, f"{parts.path}?{parts.query}", body=body, headers=named)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def refused(found, code, status=403):
    assert (found[0], read_error(found[2]).get("code")) == (status, code)


def test_a_download(client, bucket):
    client.put_object(bucket, b"text", "dir/a b+中")
    url = client.get_presigned_download_url(bucket, "dir/a b+中", Expired=60)
    status, _, body = fetch(url)
    assert (status, body) == (200, b"text")
    assert fetch(url, Range="bytes=1-2")[2] == b"ex"
    refused(fetch(url, "PUT", b"x"), "SignatureDoesNotMatch")
    refused(fetch(url, "DELETE"), "SignatureDoesNotMatch")
    refused(fetch(url.replace("dir/", "dir2/")), "SignatureDoesNotMatch")
    refused(fetch(url.replace("q-signature=", "q-signature=0")), "SignatureDoesNotMatch")


def test_an_upload(client, bucket):
    url = client.get_presigned_url(bucket, "a", "PUT", Headers={"Content-Type": "text/plain"})
    refused(fetch(url, "PUT", b"x"), "SignatureDoesNotMatch")
    refused(fetch(url, "PUT", b"x", Content_Type="text/html"), "SignatureDoesNotMatch")
    assert fetch(url, "PUT", b"text", Content_Type="text/plain")[0] == 200
    assert read(client, bucket, "a") == b"text"
    assert client.head_object(bucket, "a")["Content-Type"] == "text/plain"


def test_parameters(client, bucket):
    client.put_bucket_versioning(bucket, "Enabled")
    first = client.put_object(bucket, b"1", "a")["x-cos-version-id"]
    client.put_object(bucket, b"2", "a")
    params = {
        "versionId": first,
        "response-content-disposition": 'attachment; filename="a b.txt"',
        "response-content-type": "text/html",
    }
    url = client.get_presigned_download_url(bucket, "a", Params=params)
    status, headers, body = fetch(url)
    assert (status, body) == (200, b"1")
    assert headers["Content-Disposition"] == 'attachment; filename="a b.txt"'
    assert headers["Content-Type"] == "text/html"
    refused(fetch(url.replace("text%2Fhtml", "text%2Fplain")), "SignatureDoesNotMatch")
    without = url.replace(f"&versionId={first}", "").replace(f"versionId={first}&", "")
    assert without != url
    refused(fetch(without), "SignatureDoesNotMatch")


def test_a_request_about_a_bucket(client, bucket):
    client.put_object(bucket, b"", "a")
    url = client.get_presigned_url(bucket, "", "GET", Params={"prefix": "a"})
    assert b"<Key>a</Key>" in fetch(url)[2]


def test_one_that_expires(client, bucket):
    client.put_object(bucket, b"text", "a")
    url = client.get_presigned_download_url(bucket, "a", Expired=3)
    assert fetch(url)[0] == 200
    deadline = time.monotonic() + 20
    while fetch(url)[0] == 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    found = fetch(url)
    refused(found, "AccessDenied")
    assert b"Request has expired" in found[2]


def test_a_security_token(served, client, bucket):
    client.put_object(bucket, b"text", "a")
    with CosS3Client(served.config(OWNER, Token="the-token"), retry=0) as temporary:
        url = temporary.get_presigned_download_url(bucket, "a")
        assert read(temporary, bucket, "a") == b"text"
    assert "x-cos-security-token=the-token" in url
    assert "q-url-param-list=x-cos-security-token" in url
    assert fetch(url)[2] == b"text"
    refused(fetch(url.replace("the-token", "other")), "SignatureDoesNotMatch")


def test_without_the_host(client, bucket):
    client.put_object(bucket, b"text", "a")
    url = client.get_presigned_download_url(bucket, "a", SignHost=False)
    assert "q-header-list=&" in url
    assert fetch(url)[2] == b"text"


def test_a_header_for_other_clients(served, client, bucket):
    client.put_object(bucket, b"text", "a")
    header = client.get_auth("GET", bucket, "a", Params={"acl": ""}, Headers={})
    url = client.get_object_url(bucket, "a")
    assert url == f"http://127.0.0.1:{served.port}/{bucket}/a"
    assert b"AccessControlPolicy" in fetch(f"{url}?acl", Authorization=header)[2]
    refused(fetch(url, Authorization=header), "SignatureDoesNotMatch")
    refused(fetch(url), "AccessDenied")


def test_who_cannot_sign(served, bucket):
    nobody = served.client(NOBODY)
    for call in (
        lambda: nobody.get_presigned_url(bucket, "a", "GET"),
        lambda: nobody.get_presigned_download_url(bucket, "a"),
        lambda: nobody.get_auth("GET", bucket, "a"),
        lambda: served.client().get_presigned_url(bucket, "a", "GET", Expired=0),
        lambda: served.client().get_presigned_url(bucket, "..", "GET"),
    ):
        with pytest.raises(ParameterError):
            call()

"""The vectors of the official SDK (frozen at 1700000000.25), through the client's own way."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from cosbox.client.transports.base import HttpResponse
from cosbox.protocol import signing
from cosbox.protocol.addressing import locate
from cosbox.protocol.errors import ParameterError
from support.scripted import BUCKET, ID, KEY, NOW, Bytes, Time, client_of, ok

HOST = f"{BUCKET}.cos.ap-guangzhou.myqcloud.com"
LISTING = b"<ListBucketResult><Name>b</Name></ListBucketResult>"


def test_v1_put_with_headers():
    client, script = client_of()
    client.put_object(
        BUCKET,
        b"hello world",
        "dir/中文 a+b~!*()'.txt",
        EnableMD5=True,
        ContentType="text/plain; charset=utf-8",
        CacheControl="no-cache",
        StorageClass="STANDARD_IA",
        ACL="private",
        ContentDisposition='attachment; filename="a b.txt"',
        Metadata={"x-cos-meta-Key1": "value 1/ü"},
    )
    [sent] = script.sent
    assert sent.request.scheme == "https"
    assert sent.request.host == HOST
    assert sent.request.target == "/dir/%E4%B8%AD%E6%96%87%20a%2Bb~%21%2A%28%29%27.txt"
    assert sent.signature == {
        "q-sign-algorithm": "sha1",
        "q-ak": ID,
        "q-sign-time": "1699999940;1700010000",
        "q-key-time": "1699999940;1700010000",
        "q-header-list": "cache-control;content-disposition;content-length;content-md5;"
        "content-type;host;x-cos-acl;x-cos-meta-key1;x-cos-storage-class",
        "q-url-param-list": "",
        "q-signature": "bef4f0784e58b82d6b8a3ff7b761790b10f437dd",
    }
    assert "content-length" not in sent.request.headers


def test_v2_get_with_parameters():
    client, script = client_of(HttpResponse(200, [], stream=Bytes()))
    client.get_object(
        BUCKET,
        "/exampleobject",
        Range="bytes=0-9",
        IfMatch='"abc"',
        ResponseContentType="text/plain; charset=utf-8",
        ResponseCacheControl="max-age=1 2",
        VersionId="MTg0+/=",
    )["Body"].close()
    [sent] = script.sent
    assert sent.signature["q-signature"] == "e28982ee01c6c91f79f63cc81b654fc99d520754"
    assert sent.signature["q-header-list"] == "host;if-match;range"
    path, _, query = sent.request.target.partition("?")
    assert path == "/exampleobject"
    assert dict(parse_qsl(query)) == {
        "response-content-type": "text/plain; charset=utf-8",
        "response-cache-control": "max-age=1 2",
        "versionId": "MTg0+/=",
    }


def test_v3_list_objects():
    """The official SDK sends the empty marker too; the signature is over what is sent."""
    client, script = client_of(ok(body=LISTING))
    params = {
        "prefix": "中 文/",
        "delimiter": "/",
        "marker": "",
        "max-keys": 1000,
        "encoding-type": "url",
    }
    auth = client.get_auth("GET", BUCKET, "", Expired=10_000, Params=params)
    assert auth.endswith("q-signature=dd633f4b3dbe3ecfb7072b79f579db030276b267")
    client.list_objects(BUCKET, Prefix="中 文/", Delimiter="/")
    [sent] = script.sent
    assert sent.signature["q-url-param-list"] == "delimiter;encoding-type;max-keys;prefix"
    assert sent.signature["q-header-list"] == "host"


def test_v4_presigned_put():
    client, _ = client_of()
    url = client.get_presigned_url(
        BUCKET, "exampleobject", "PUT", Expired=600, Headers={"Content-Type": "image/jpeg"}
    )
    assert url == (
        f"https://{HOST}/exampleobject?q-sign-algorithm=sha1&q-ak={ID}"
        "&q-sign-time=1699999940%3B1700000600&q-key-time=1699999940%3B1700000600"
        "&q-header-list=content-type%3Bhost&q-url-param-list="
        "&q-signature=122bd0821807215503ced586b44749b266bbda8c"
    )


def test_v5_presigned_get_with_parameters():
    client, _ = client_of()
    url = client.get_presigned_download_url(
        BUCKET,
        "dir/a b.txt",
        Params={
            "response-content-disposition": 'attachment; filename="a b.txt"',
            "versionId": "x/y=",
        },
    )
    parts = urlsplit(url)
    assert parts.path == "/dir/a%20b.txt"
    fields = dict(parse_qsl(parts.query, keep_blank_values=True))
    assert fields["q-signature"] == "73263d0734e35a99a218ee9e7b889d65d6bbf32b"
    assert fields["q-url-param-list"] == "response-content-disposition;versionid"
    assert fields["response-content-disposition"] == 'attachment; filename="a b.txt"'
    assert fields["versionId"] == "x/y="


def test_v6_get_auth():
    client, _ = client_of()
    auth = client.get_auth("GET", BUCKET, "exampleobject", Params={"acl": ""})
    assert auth.endswith("q-signature=0e878d68d223a5e2aa926e2a4aaaee4317a5015f")


def test_v7_presigned_without_the_host():
    client, _ = client_of()
    url = client.get_presigned_url(BUCKET, "exampleobject", "GET", SignHost=False)
    assert url.endswith("q-signature=49518f942de773f8339ae83370e36ec6f95f161a")
    client, _ = client_of(SignHost=False)
    assert client.get_presigned_url(BUCKET, "exampleobject", "GET") == url


def test_a_token_is_sent_and_signed_and_stands_in_presigned_urls():
    client, script = client_of(Token="token/+")
    client.head_object(BUCKET, "a")
    [sent] = script.sent
    assert sent.request.headers["x-cos-security-token"] == "token/+"
    assert "x-cos-security-token" in sent.signature["q-header-list"]
    fields = dict(parse_qsl(urlsplit(client.get_presigned_download_url(BUCKET, "a")).query))
    assert fields["x-cos-security-token"] == "token/+"
    assert fields["q-url-param-list"] == "x-cos-security-token"


def test_the_credential_instance_is_read_at_every_signature_and_its_token_is_sent():
    class Rotating:
        secret_id, secret_key, token = "one", "key", "first"

    source = Rotating()
    client, script = client_of(SecretId=None, SecretKey=None, CredentialInstance=source)
    client.head_object(BUCKET, "a")
    source.secret_id, source.token = "two", None
    client.head_object(BUCKET, "a")
    first, second = script.sent
    assert first.signature["q-ak"] == "one"
    assert first.request.headers["x-cos-security-token"] == "first"
    assert second.signature["q-ak"] == "two"
    assert "x-cos-security-token" not in second.request.headers


def test_set_credential_replaces_the_key_pair_without_a_token():
    client, script = client_of(Token="old")
    client.get_conf().set_credential("other", "key")
    client.head_object(BUCKET, "a")
    assert script.sent[0].signature["q-ak"] == "other"
    assert "x-cos-security-token" not in script.sent[0].request.headers


def test_the_period_of_signatures_is_kept_for_a_minute_and_follows_the_clock():
    time = Time()
    client, script = client_of(time=time)
    for seconds in (0, 59, 1, -3600):
        time.at += seconds
        client.head_object(BUCKET, "a")
    starts = [sent.signature["q-key-time"].partition(";")[0] for sent in script.sent]
    assert starts == ["1699999940", "1699999940", "1700000000", "1699996400"]


def test_in_path_style_the_bucket_is_part_of_the_signed_path():
    client, script = client_of(Region=None, Endpoint="127.0.0.1:8000")
    client.head_object(BUCKET, "a b")
    sent = script.sent[0]
    assert (sent.request.scheme, sent.request.host) == ("http", "127.0.0.1:8000")
    assert sent.request.target == f"/{BUCKET}/a%20b"
    assert (
        client.get_auth("HEAD", BUCKET, "a b", Expired=10_000).rpartition("=")[2]
        == (sent.signature["q-signature"])
    )


@pytest.mark.parametrize(("config", "signs"), [({"Anonymous": True}, True), ({}, False)])
def test_nothing_is_signed_where_nobody_asks(config, signs):
    client, script = client_of(signs=signs, **config)
    client.head_object(BUCKET, "a")
    assert "authorization" not in script.sent[0].request.headers


def test_sign_params_can_be_left_out():
    client, script = client_of(SignParams=False)
    client.head_object(BUCKET, "a", VersionId="v")
    assert script.sent[0].signature["q-url-param-list"] == ""


def test_an_anonymous_client_cannot_presign():
    client, _ = client_of(Anonymous=True)
    with pytest.raises(ParameterError, match="anonymous"):
        client.get_presigned_download_url(BUCKET, "a")


@pytest.mark.parametrize("expired", [0, -1, "300", None])
def test_an_expiry_is_a_number_of_seconds(expired):
    client, _ = client_of()
    with pytest.raises(ParameterError, match="Expired"):
        client.get_presigned_download_url(BUCKET, "a", Expired=expired)


@pytest.mark.parametrize("key", ["/", "..", "a/.."])
def test_a_presigned_url_cannot_turn_into_one_of_the_bucket(key):
    client, _ = client_of()
    with pytest.raises(ParameterError, match="names no object"):
        client.get_presigned_url(BUCKET, key, "DELETE")


def test_with_an_ip_the_url_and_its_signature_are_the_ips():
    client, script = client_of(IP="10.0.0.1", Port=8080)
    client.head_object(BUCKET, "a")
    assert script.sent[0].request.connect == "10.0.0.1:8080"
    assert script.sent[0].request.host == HOST
    assert client.get_object_url(BUCKET, "a") == "https://10.0.0.1:8080/a"
    url = client.get_presigned_download_url(BUCKET, "a")
    assert url.startswith("https://10.0.0.1:8080/a?")


@given(
    key=st.text(min_size=1, max_size=30),
    version=st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S")), max_size=20),
    note=st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=20),
    path_style=st.booleans(),
)
def test_a_store_verifies_what_is_signed(key, version, note, path_style):
    """As it arrives: the path and query decoded by the store's own rules."""
    place = {"Region": None, "Endpoint": "127.0.0.1:8000"} if path_style else {}
    client, script = client_of(**place, Token="token")
    try:
        client.put_object(BUCKET, b"hello", key, Metadata={"x-cos-meta-note": note})
        client.head_object(BUCKET, key, VersionId=version)
        url = client.get_presigned_download_url(BUCKET, key, Params={"versionId": version})
    except ParameterError:
        reject()
    for sent in script.sent:
        request = sent.request
        headers = {**request.headers, "host": request.host}
        if request.body is not None:
            headers["content-length"] = str(request.body.length)
        assert_verified(request.method, request.host, request.target, headers)
    parts = urlsplit(url)
    assert_verified("GET", parts.netloc, f"{parts.path}?{parts.query}", {"host": parts.netloc})


def assert_verified(method, host, target, headers):
    raw_path, _, raw_query = target.partition("?")
    query = dict(parse_qsl(raw_query, keep_blank_values=True))
    signature = signing.extract(headers, query)
    assert signature is not None
    path = locate(host, raw_path).path
    signing.verify(signature, KEY, method, path, query=query, headers=headers, now=int(NOW))

"""What holds for all calls, and the few that are more than one row of the table."""

import inspect
import re
import subprocess
import sys
from typing import get_type_hints

import pytest

import cosbox
from cosbox.client import types
from cosbox.client.sync import CosS3Client
from cosbox.protocol import errors
from cosbox.protocol.errors import AccessDeniedError, NotFoundError, ParameterError
from cosbox.protocol.operations import OPERATIONS
from cosbox.protocol.schema import Place, Returns
from support.scripted import BUCKET, client_of, ok, refused

PAGE = b"""<ListBucketResult><EncodingType>url</EncodingType><Prefix/><Marker>a%20b</Marker>
<Delimiter>%2F</Delimiter><Contents><Key>a%2Bb+c%0A%E4%B8%AD</Key><Size>5</Size></Contents>
<CommonPrefixes><Prefix>d%20/</Prefix></CommonPrefixes></ListBucketResult>"""


def class_name(name, suffix):
    return "".join(word.capitalize() for word in name.split("_")) + suffix


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_every_operation_is_a_typed_documented_method(operation):
    method = getattr(CosS3Client, operation.name)
    names = list(inspect.signature(method).parameters)
    for param in operation.params:
        if param.name in operation.positional or param.name == "Body":
            assert param.name in names
    hints = get_type_hints(method)
    options = getattr(types, class_name(operation.name, "Options"))
    assert hints["kwargs"].__args__ == (options,)
    by_name = {param.name for param in operation.params if param.place is not Place.DOCUMENT}
    assert set(options.__annotations__) == by_name - {"Body", *operation.positional}
    if operation.returns is Returns.NOTHING:
        assert hints["return"] is type(None)
    else:
        assert hints["return"] is getattr(types, class_name(operation.name, "Result"))
    document = inspect.getdoc(method)
    assert document is not None
    assert "Raises:" in document
    assert ">>> " in document or "for an example" in document


@pytest.mark.parametrize("name", [name for name in dir(CosS3Client) if name[0] != "_"])
def test_no_default_is_mutable(name):
    for parameter in inspect.signature(getattr(CosS3Client, name)).parameters.values():
        assert not isinstance(parameter.default, (dict, list, set))


def test_the_types_are_those_of_the_table(pytestconfig):
    script = pytestconfig.rootpath / "tools" / "generate_types.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.get_object(BUCKET, "a", VesionId="v"), "did you mean 'VersionId'"),
        (lambda c: c.put_object(BUCKET, b"", "a", ContentTyp="x"), "did you mean 'ContentType'"),
        (lambda c: c.list_objects(BUCKET, Prefx="a"), "did you mean 'Prefix'"),
        (lambda c: c.upload_file(BUCKET, "a", __file__, ACl="x"), "did you mean 'ACL'"),
        (lambda c: c.list_objects(BUCKET, EncodingType="base64"), "EncodingType"),
        (lambda c: c.list_objects(BUCKET, MaxKeys=0), "MaxKeys"),
        (lambda c: c.list_objects(None), "Bucket must be str"),
        (lambda c: c.list_objects("Bad_Bucket"), "Bucket"),
        (lambda c: c.delete_object(BUCKET, "/"), "names no object"),
        (lambda c: c.delete_object(BUCKET, None), "Key must be str"),
        (lambda c: c.delete_objects(BUCKET), "needs Delete"),
        (lambda c: c.upload_part(BUCKET, "a", b"", 0, "u"), "PartNumber"),
        (lambda c: c.upload_file(BUCKET, "a", __file__, PartSize=0), "PartSize"),
        (lambda c: c.upload_file(BUCKET, "a", __file__, MAXThread=0), "MAXThread"),
        (lambda c: c.get_object_url(BUCKET, ""), "Key '' names no object"),
    ],
)
def test_what_makes_no_sense_is_not_sent(call, message):
    client, script = client_of()
    with pytest.raises(ParameterError, match=re.escape(message)):
        call(client)
    assert script.sent == []


def test_listings_are_encoded_on_the_way_and_decoded_here():
    client, script = client_of(ok(body=PAGE), ok(body=PAGE))
    page = client.list_objects(BUCKET, Delimiter="/", Marker="a b")
    assert "encoding-type=url" in script.sent[0].request.target
    assert page == {
        "EncodingType": "url",
        "Prefix": None,
        "Marker": "a b",
        "Delimiter": "/",
        "Contents": [{"Key": "a+b+c\n中", "Size": "5"}],
        "CommonPrefixes": [{"Prefix": "d /"}],
    }
    raw = client.list_objects(BUCKET, EncodingType="url")
    assert raw["Contents"][0]["Key"] == "a%2Bb+c%0A%E4%B8%AD"


def test_headers_are_a_plain_dict_spelt_as_cos_spells_them():
    client, _ = client_of(
        ok([("etag", '"e"'), ("X-Cos-Meta-A", "b"), ("x-other", "c"), ("content-length", "5")])
    )
    result = client.head_object(BUCKET, "a")
    assert type(result) is dict
    assert result == {
        "x-cos-request-id": "id-1",
        "ETag": '"e"',
        "x-cos-meta-a": "b",
        "x-other": "c",
        "Content-Length": "5",
    }


def test_the_appid_is_appended_and_the_region_goes_into_copy_sources():
    client, script = client_of(ok(body=b"<CopyObjectResult/>"), Appid=1250000000)
    client.copy_object("examplebucket", "b", {"Bucket": BUCKET, "Key": "a"})
    sent = script.sent[0].request
    assert sent.host == f"{BUCKET}.cos.ap-guangzhou.myqcloud.com"
    assert sent.headers["x-cos-copy-source"] == f"{BUCKET}.cos.ap-guangzhou.myqcloud.com/a"


def test_existence():
    client, _ = client_of(refused(404, ""), ok(), refused(404, ""), ok(), refused(403, ""))
    assert not client.object_exists(BUCKET, "a")
    assert client.object_exists(BUCKET, "a")
    assert not client.bucket_exists(BUCKET)
    assert client.bucket_exists(BUCKET)
    with pytest.raises(AccessDeniedError):
        client.object_exists(BUCKET, "a")


def test_versioning_is_a_document():
    client, script = client_of()
    assert client.put_bucket_versioning(BUCKET, "Enabled") is None
    assert b"<Status>Enabled</Status>" in script.sent[0].body
    assert script.sent[0].request.target == "/?versioning"
    assert script.sent[0].request.headers["content-type"] == "application/xml"


def test_buckets_are_asked_for_at_the_service():
    client, script = client_of(
        ok(body=b"<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>")
    )
    assert client.list_buckets() == {"Buckets": None}
    assert script.sent[0].request.host == "service.cos.myqcloud.com"


def test_patience_is_longer_where_the_store_works_for_long():
    client, script = client_of(ok(body=b"<CompleteMultipartUploadResult/>"), ok())
    client.complete_multipart_upload(BUCKET, "a", "u", {"Part": [{"PartNumber": 1, "ETag": "e"}]})
    client.head_object(BUCKET, "a")
    assert [sent.timeouts.stall for sent in script.sent] == [1200, 30]


def test_the_user_agent_and_the_connection_are_configured():
    client, script = client_of(UA="mine", KeepAlive=False)
    client.head_object(BUCKET, "a")
    assert script.sent[0].request.headers["user-agent"] == "mine"
    assert script.sent[0].request.headers["connection"] == "close"
    client, script = client_of()
    client.head_object(BUCKET, "a")
    assert script.sent[0].request.headers["user-agent"] == f"cosbox/{cosbox.__version__}"
    assert "connection" not in script.sent[0].request.headers


def test_the_client_closes_its_transport():
    client, script = client_of()
    with client:
        assert not script.closed
    assert script.closed
    assert repr(client) == "CosS3Client(CosConfig('https://cos.ap-guangzhou.myqcloud.com'))"


def test_what_a_client_is_not_made_of():
    with pytest.raises(ParameterError, match="CosConfig"):
        CosS3Client({"Region": "ap-x"})  # type: ignore[arg-type]
    conf = cosbox.CosConfig(Region="ap-x", Anonymous=True)
    with pytest.raises(ParameterError, match="transport="):
        CosS3Client(conf, 3, object())  # type: ignore[arg-type]


# --------------------------------------------------------------------------------------------
# The package's front


def test_importing_is_light():
    code = (
        "import sys, cosbox, cosbox.protocol.operations\n"
        "assert cosbox.NotFoundError.__name__ == 'NotFoundError'\n"
        "heavy = {'apsw', 'pycurl', 'uvicorn', 'asyncio', 'ssl'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert 'cosbox.client' not in sys.modules\n"
        "cosbox.CosS3Client, cosbox.CosConfig, cosbox.StreamBody\n"
        "conf = cosbox.CosConfig(Region='ap-guangzhou', SecretId='id', SecretKey='key')\n"
        "cosbox.CosS3Client(conf).close()\n"
        "heavy = {'apsw', 'pycurl', 'uvicorn', 'asyncio', 'ssl', 'logging', 'dataclasses',\n"
        "         'inspect', 'json', 'xml.etree.ElementTree'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_front_names_what_it_has():
    for name in cosbox.__all__:
        assert getattr(cosbox, name) is not None
    assert set(cosbox.__all__) <= set(dir(cosbox))
    raisable = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.CosException)
    }
    assert raisable <= set(cosbox.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = cosbox.nothing


# --------------------------------------------------------------------------------------------
# Files


def test_a_missing_file_is_pythons_error():
    client, script = client_of()
    with pytest.raises(FileNotFoundError):
        client.upload_file(BUCKET, "a", "/nothing/here")
    assert script.sent == []


def test_a_call_to_a_missing_bucket():
    client, _ = client_of(refused(404, "NoSuchBucket"))
    with pytest.raises(NotFoundError, match="NoSuchBucket"):
        client.list_objects(BUCKET)

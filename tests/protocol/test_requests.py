"""Calls to requests and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosbox.client.signer import _query_text
from cosbox.protocol import requests
from cosbox.protocol.addressing import Endpoint, locate
from cosbox.protocol.errors import ParameterError, Refusal
from cosbox.protocol.messages import Call, Request
from cosbox.protocol.operations import OPERATIONS, SUBRESOURCES
from cosbox.protocol.percent import encode_path
from cosbox.protocol.schema import Operation, Place, Scope
from cosbox.server.gateway import parse_query
from support import strategies as some

DEFAULTS = requests.Defaults(region=some.REGION)
ENDPOINTS = [
    Endpoint("http", "127.0.0.1:8000", "path"),
    Endpoint("http", "[::1]:8000", "path"),
    Endpoint("https", "cos.ap-x.myqcloud.com", service="service.cos.myqcloud.com"),
]

every_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))


def bind(operation: Operation, args: dict[str, object], bucket="b-125", key="key") -> Call:
    return requests.bind(operation, bucket, key, args, DEFAULTS)


def receive(request: Request) -> Call:
    operation = requests.match(
        request.method, request.bucket, request.key, request.query, request.headers
    )
    return requests.decode(operation, request)


@every_operation
@given(data=st.data())
def test_a_store_decodes_what_a_client_encoded(operation: Operation, data: st.DataObject) -> None:
    args = data.draw(some.arguments(operation))
    call = bind(operation, args, data.draw(some.buckets), data.draw(some.keys))
    assert bind(operation, dict(call.args), call.bucket, call.key) == call

    sent = requests.encode(call)
    assert receive(sent) == call

    endpoint = data.draw(st.sampled_from(ENDPOINTS))
    assert receive(over_the_wire(sent, endpoint)) == call


def over_the_wire(sent: Request, endpoint: Endpoint) -> Request:
    """The request as a store gets it: out of a URL, and headers in UTF-8."""
    host, path = endpoint.target(sent.bucket, sent.key)
    place = locate(host, encode_path(path))
    assert place.path == path
    query = parse_query(_query_text(sent.query)[1:])
    headers = {name: text.encode().decode() for name, text in sent.headers.items()}
    return Request(sent.method, place.bucket, place.key, query, headers, sent.body)


@every_operation
@given(data=st.data())
def test_whatever_is_received_only_a_refusal_escapes(
    operation: Operation, data: st.DataObject
) -> None:
    wires = [param.wire for param in operation.params if param.wire]
    fields = st.dictionaries(st.sampled_from([*wires, "x-cos-meta-a", "q"]), some.texts, max_size=6)
    body = data.draw(st.binary(max_size=60) | some.texts.map(lambda text: text.encode()))
    request = Request(
        operation.method, "b-125", "k", data.draw(fields), data.draw(fields), body=body
    )
    try:
        call = requests.decode(operation, request)
    except Refusal:
        return
    assert call.operation == operation.name


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@every_operation
@given(data=st.data())
def test_whatever_a_caller_gives_only_a_parameter_error_escapes(
    operation: Operation, data: st.DataObject
) -> None:
    names = st.sampled_from([param.name for param in operation.params] + ["Nonsense"])
    args = data.draw(st.dictionaries(names, anything, max_size=4))
    bucket, key = data.draw(st.just("b-125") | anything), data.draw(st.just("k") | anything)
    try:
        call = requests.bind(operation, bucket, key, args, DEFAULTS)
    except ParameterError:
        return
    sent = requests.encode(call)
    for text in (*sent.query.values(), *sent.headers.values()):
        text.encode()


@pytest.mark.parametrize(
    "value",
    [10**18, pytest.param(-(10**5000), id="absurd"), "9" * 19, "--5", "-", "١", "1.0", b"x", 1.5],
)
def test_numbers_that_are_none(value: object) -> None:
    with pytest.raises(ParameterError):
        bind(OPERATIONS["list_objects"], {"MaxKeys": value})


@pytest.mark.parametrize("value", [5, "5", " 5 ", b"5"], ids=repr)
def test_numbers_may_be_text(value: object) -> None:
    assert bind(OPERATIONS["list_objects"], {"MaxKeys": value}).args["MaxKeys"] == 5


@pytest.mark.parametrize("absent", [None, "", b""], ids=repr)
def test_absent_values_are_not_sent(absent: object) -> None:
    call = bind(OPERATIONS["get_object"], {"VersionId": absent, "Range": absent})
    assert call.args == {}
    assert requests.encode(call) == Request("GET", "b-125", "key")


def test_a_mistyped_parameter_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ParameterError, match="did you mean 'VersionId'"):
        bind(OPERATIONS["get_object"], {"VesionId": "x"})
    with pytest.raises(ParameterError, match="did you mean 'Object'"):
        bind(OPERATIONS["delete_objects"], {"Delete": {"Objet": [{"Key": "a"}]}})


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("upload_part", {"PartNumber": 1}),
        ("copy_object", {}),
        ("restore_object", {}),
        ("delete_objects", {"Delete": {}}),
        ("delete_objects", {"Delete": {"Object": []}}),
        ("delete_objects", {"Delete": {"Object": [{"VersionId": "x"}]}}),
        ("delete_objects", {"Delete": "<Delete/>"}),
        ("complete_multipart_upload", {"UploadId": "x", "MultipartUpload": {"Part": []}}),
        ("upload_part", {"PartNumber": 0, "UploadId": "x"}),
        ("upload_part", {"PartNumber": 10_001, "UploadId": "x"}),
        ("put_object", {"ContentType": "a\r\nx-cos-acl: public-read"}),
        ("put_object", {"ContentType": "ends with a blank "}),
        ("put_object", {"ContentType": "\ud800"}),
        ("get_object", {"VersionId": "\ud800"}),
        ("delete_objects", {"Delete": {"Object": [{"Key": "\x00"}]}}),
        ("delete_objects", {"Delete": {"Object": [{"Key": "\ud800"}]}}),
        ("put_object", {"Body": b"travels beside the call"}),
    ],
)
def test_calls_that_cannot_be_sent(name: str, args: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        bind(OPERATIONS[name], args)


def test_a_listed_part_can_be_handed_back_as_it_is() -> None:
    listed = {"PartNumber": "1", "ETag": '"a"', "Size": "5", "LastModified": "2020"}
    call = bind(
        OPERATIONS["complete_multipart_upload"],
        {"UploadId": "u", "MultipartUpload": {"Part": listed}},
    )
    assert call.args["MultipartUpload"] == {"Part": [{"PartNumber": 1, "ETag": '"a"'}]}


def test_a_grantee_without_a_type_is_written_and_read() -> None:
    policy = {
        "AccessControlList": {"Grant": [{"Grantee": {"ID": "x"}, "Permission": "READ"}]},
    }
    call = bind(OPERATIONS["put_bucket_acl"], {"AccessControlPolicy": policy})
    assert receive(requests.encode(call)) == call


# --------------------------------------------------------------------------------------------
# match


@every_operation
def test_each_operation_is_matched_by_its_own_request(operation: Operation) -> None:
    query = {name: "1" for name in operation.selectors if not name.startswith("x-cos-")}
    if operation.marker:
        query[operation.marker] = ""
    headers = {name: "b/k" for name in operation.selectors if name.startswith("x-cos-")}
    bucket = None if operation.scope is Scope.SERVICE else "b-125"
    key = "k" if operation.scope is Scope.OBJECT else None
    assert requests.match(operation.method, bucket, key, query, headers) is operation


def matched(method, bucket, key, query, headers) -> Operation | None:
    """The operation, or None where it is refused as it should be."""
    try:
        return requests.match(method, bucket, key, query, headers)
    except Refusal as refusal:
        if refusal.code not in {"NotImplemented", "MethodNotAllowed"}:
            raise
        return None


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE"])
@pytest.mark.parametrize(
    ("bucket", "key"), [(None, None), ("b-125", None), ("b-125", "k")], ids=["service", "b", "k"]
)
def test_a_request_about_a_subresource_is_never_one_about_the_whole(method, bucket, key) -> None:
    for name in SUBRESOURCES:
        found = matched(method, bucket, key, {name: ""}, {})
        assert found is None or found.marker == name or name in found.selectors


@pytest.mark.parametrize("query", [{"cors": ""}, {"policy": "", "x": "1"}, {"lifecycle": "a"}])
def test_deleting_a_setting_of_a_bucket_does_not_delete_the_bucket(query: dict[str, str]) -> None:
    with pytest.raises(Refusal, match="NotImplemented"):
        requests.match("DELETE", "b-125", None, query, {})


@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "\x00"]),
    bucket=st.none() | some.buckets,
    key=st.none() | some.keys,
    query=st.dictionaries(
        st.sampled_from([*sorted(SUBRESOURCES), "prefix", "x"]), some.texts, max_size=3
    ),
    headers=st.dictionaries(st.sampled_from(["x-cos-copy-source", "range"]), some.texts),
)
def test_match_finds_an_operation_or_refuses(method, bucket, key, query, headers) -> None:
    found = matched(method, bucket, key, query, headers)
    if found is None:
        return
    assert found.method == method
    named = {found.marker, *found.selectors}
    assert SUBRESOURCES.intersection(query) <= named


def test_a_copy_is_told_from_a_put_by_its_header() -> None:
    assert requests.match("PUT", "b-1", "k", {}, {}).name == "put_object"
    headers = {"x-cos-copy-source": "b-1.cos.x.myqcloud.com/k"}
    assert requests.match("PUT", "b-1", "k", {}, headers).name == "copy_object"
    query = {"partNumber": "1", "uploadId": "u"}
    assert requests.match("PUT", "b-1", "k", query, headers).name == "upload_part_copy"
    assert requests.match("PUT", "b-1", "k", query, {}).name == "upload_part"


# --------------------------------------------------------------------------------------------
# decode


@pytest.mark.parametrize(
    ("name", "query", "headers", "body", "code"),
    [
        ("list_objects", {"max-keys": "0"}, {}, b"", "InvalidArgument"),
        ("list_objects", {"max-keys": "-1"}, {}, b"", "InvalidArgument"),
        ("list_objects", {"max-keys": "ten"}, {}, b"", "InvalidArgument"),
        ("list_objects", {"max-keys": "٣"}, {}, b"", "InvalidArgument"),
        ("list_objects", {"max-keys": "9" * 5000}, {}, b"", "InvalidArgument"),
        ("upload_part", {"partNumber": "10001", "uploadId": "u"}, {}, b"", "InvalidArgument"),
        ("upload_part", {"partNumber": "1"}, {}, b"", "InvalidArgument"),
        ("put_object", {}, {"x-cos-traffic-limit": "1"}, b"", "InvalidArgument"),
        ("put_object", {}, {"x-cos-meta-a": "x" * 2048}, b"", "InvalidArgument"),
        ("copy_object", {}, {"x-cos-copy-source": "nonsense"}, b"", "InvalidCopySource"),
        ("delete_objects", {}, {}, b"", "MissingRequestBodyError"),
        ("delete_objects", {}, {}, b"<Delete/>", "MalformedXML"),
        ("delete_objects", {}, {}, b"<Delete>", "MalformedXML"),
        ("delete_objects", {}, {}, b" " * (2 * 1024 * 1024 + 1), "XMLSizeLimit"),
    ],
)
def test_requests_that_are_refused(name, query, headers, body, code) -> None:
    operation = OPERATIONS[name]
    with pytest.raises(Refusal) as caught:
        requests.decode(operation, Request(operation.method, "b-1", "k", query, headers, body))
    assert caught.value.code == code


def test_a_page_of_more_than_a_thousand_may_be_asked_for() -> None:
    request = Request("GET", "b-1", None, {"max-keys": "5000"})
    assert requests.decode(OPERATIONS["list_objects"], request).args == {"MaxKeys": 5000}


def test_a_document_of_a_thousand_worst_keys_fits() -> None:
    objects = [{"Key": "&" * 850, "VersionId": "&" * 30} for _ in range(400)]
    call = bind(OPERATIONS["delete_objects"], {"Delete": {"Object": objects}})
    assert receive(requests.encode(call)) == call


def test_bodies_travel_beside_the_call() -> None:
    for operation in OPERATIONS.values():
        for param in operation.params:
            if param.place is Place.BODY:
                assert param.required
                assert param.name == "Body"

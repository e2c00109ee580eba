"""Results to answers and back, and refusals to errors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosbox.protocol import answers
from cosbox.protocol.codes import CODES
from cosbox.protocol.errors import (
    CosServiceError,
    NotFoundError,
    Refusal,
    TransportError,
    service_error,
)
from cosbox.protocol.operations import OPERATIONS
from cosbox.protocol.schema import Node, Operation, Returns
from support import strategies as some

WITH_DOCUMENT = [operation for operation in OPERATIONS.values() if operation.document]
XML = {"Content-Type": "application/xml"}


def result_headers(operation: Operation) -> st.SearchStrategy[dict[str, str]]:
    names = [header.name for header in operation.result_headers] or ["x-cos-request-id"]
    inside = {child.name for child in operation.document.children} if operation.document else set()
    free = [name for name in [*names, "x-cos-meta-a"] if name not in inside]
    return st.dictionaries(st.sampled_from(free), some.header_values.filter(bool))


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
@given(data=st.data())
def test_a_client_decodes_what_a_store_encoded(operation: Operation, data: st.DataObject) -> None:
    result: dict[str, object] = data.draw(result_headers(operation))
    document = operation.document
    if operation.returns is Returns.NOTHING:
        expected = None
    elif document is None:
        expected = dict(result)
    elif not document.children:
        result = {document.name: data.draw(some.xml_texts)}
        expected = dict(result)
    else:
        inside = data.draw(some.results(document))
        headers = {} if operation.returns is Returns.DOCUMENT else {**result, **XML}
        expected = {**headers, **inside}
        result = {**result, **inside}

    answer = answers.encode(operation, result)

    assert answer.status == operation.status
    assert decode(operation, answer) == expected


def decode(operation: Operation, answer: answers.Answer, *, keep_encoded: bool = False):
    headers = [(name.lower(), text) for name, text in answer.headers.items()]
    return answers.decode(operation, headers, answer.body, keep_encoded=keep_encoded)


def with_any_keys(node: Node) -> st.SearchStrategy:
    """Results in which everything that is encoded may be any text at all."""
    if not node.children:
        return some.filled if node.url else some.xml_texts
    fields = {}
    for child in node.children:
        strategy = with_any_keys(child)
        fields[child.name] = st.lists(strategy, min_size=1, max_size=3) if child.many else strategy
    return st.fixed_dictionaries(fields)


ENCODED = [
    operation
    for operation in WITH_DOCUMENT
    if any(child.name == "EncodingType" for child in operation.document.children)
]


@pytest.mark.parametrize("operation", ENCODED, ids=lambda operation: operation.name)
@given(data=st.data())
def test_url_encoding_carries_every_text(operation: Operation, data: st.DataObject) -> None:
    result = {**data.draw(with_any_keys(operation.document)), "EncodingType": "url"}
    result["Prefix" if "Prefix" in result else "Key"] = "\x00\ud7ff <\U0010ffff>%41+"

    answer = answers.encode(operation, result)

    assert decode(operation, answer) == result
    raw = decode(operation, answer, keep_encoded=True)
    assert raw.get("Prefix", raw.get("Key")) == "%00%ED%9F%BF%20%3C%F4%8F%BF%BF%3E%2541%2B"


@pytest.mark.parametrize("spelling", [b"EncodingType", b"Encoding-Type", b"Encoding-type"])
def test_every_spelling_of_the_encoding_is_understood(spelling: bytes) -> None:
    inside = b"<%b>url</%b><Prefix>a%%20b</Prefix>" % (spelling, spelling)
    body = b"<ListMultipartUploadsResult>%b</ListMultipartUploadsResult>" % inside
    operation = OPERATIONS["list_multipart_uploads"]
    found = answers.decode(operation, [], body, keep_encoded=False)
    assert found["Prefix"] == "a b"


def test_one_entry_is_a_list_and_none_is_absent() -> None:
    listing = OPERATIONS["list_objects"]
    one = answers.encode(listing, {"Name": "b-1", "Contents": [{"Key": "a"}]})
    assert decode(listing, one)["Contents"] == [{"Key": "a"}]
    assert "Contents" not in decode(listing, answers.encode(listing, {"Name": "b-1"}))


def test_elements_that_nobody_described_are_kept() -> None:
    body = (
        b"<ListBucketResult xmlns='http://www.qcloud.com/x'><Name>b</Name><New><A>1</A><A>2</A></New>"
        b"<Contents><Key>k</Key><StorageTier>FREQUENT</StorageTier></Contents></ListBucketResult>"
    )
    assert answers.decode(OPERATIONS["list_objects"], [], body, keep_encoded=False) == {
        "Name": "b",
        "New": {"A": ["1", "2"]},
        "Contents": [{"Key": "k", "StorageTier": "FREQUENT"}],
    }


def test_blanks_before_the_document_of_a_slow_answer() -> None:
    operation = OPERATIONS["complete_multipart_upload"]
    blanks = b" \n" * 3000
    root = b"CompleteMultipartUploadResult"
    body = blanks + b"<?xml version='1.0'?><%b><Key>k</Key></%b>" % (root, root)
    assert answers.decode(operation, [], body, keep_encoded=False) == {"Key": "k"}
    failed = blanks + b"<?xml version='1.0'?><Error><Code>InternalError</Code></Error>"
    assert answers.is_failure(operation, 200, failed)
    error = answers.error_of(operation, 200, [], failed, resource="/k")
    assert error.get_error_code() == "InternalError"


@given(body=st.binary(max_size=100))
def test_whatever_is_answered_only_documented_errors_escape(body: bytes) -> None:
    for operation in WITH_DOCUMENT:
        try:
            answers.decode(operation, [("ETag", "x")], body, keep_encoded=False)
        except TransportError as error:
            assert operation.name in str(error)  # noqa: PT017 - one of two good ends
        answers.is_failure(operation, 200, body)
        error = answers.error_of(operation, 500, [], body, resource="/k")
        assert error.get_origin_msg() == body.decode(errors="replace")


@pytest.mark.parametrize("head", [False, True])
@given(
    code=st.sampled_from(sorted(CODES)),
    message=some.xml_texts,
    resource=some.xml_texts,
)
def test_a_refusal_arrives_as_the_error_it_is(
    head: bool, code: str, message: str, resource: str
) -> None:
    operation = OPERATIONS["head_object" if head else "get_object"]
    refusal = Refusal(code, message, details={"Detail": "x"})
    answer = answers.refuse(refusal, resource=resource, request_id="r", trace_id="t", head=head)
    headers = [*answer.headers.items(), ("x-cos-request-id", "r")]

    error = answers.error_of(operation, answer.status, headers, answer.body, resource="/asked")

    assert error.get_status_code() == refusal.status == CODES[code].status
    assert error.get_request_id() == "r"
    assert error.get_trace_id() == "t"
    if head:
        assert answer.body == b""
        assert error.get_resource_location() == "/asked"
    else:
        assert error.get_error_code() == code
        assert error.get_error_msg() == message
        assert error.get_resource_location() == resource
        assert error.get_digest_msg()["detail"] == "x"
        assert str(error.get_origin_msg()).startswith("<?xml version='1.0' encoding='utf-8' ?>")
        for name in ("Code", "Message", "Resource", "RequestId", "TraceId"):
            assert f"<{name}>" in error.get_origin_msg()  # the official SDK wants them all


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (304, "NotModified"),
        (307, "Redirect"),
        (403, "AccessDenied"),
        (404, "NoSuchResource"),
        (412, "PreconditionFailed"),
        (418, "HTTP418"),
    ],
)
def test_a_status_without_a_document_has_a_code(status: int, code: str) -> None:
    error = answers.error_of(OPERATIONS["head_object"], status, [], b"", resource="/k")
    assert isinstance(error, CosServiceError)
    assert error.get_error_code() == code
    assert error.get_resource_location() == "/k"
    assert error.get_request_id() == ""


def test_an_error_says_what_who_and_what_to_do() -> None:
    error = service_error(
        "GET", "", 404, operation="get_object",
        digest={"code": "NoSuchBucket", "message": "Gone.", "resource": "/b/k", "requestid": "r1"},
    )  # fmt: skip
    assert isinstance(error, NotFoundError)
    assert str(error) == (
        "get_object /b/k: 404 NoSuchBucket: Gone. (check the bucket's name, its APPID and the"
        " region) [request id r1]"
    )


def test_a_repeated_header_keeps_every_value() -> None:
    headers = [("x-cos-meta-a", "1"), ("X-Cos-Meta-A", "2"), ("etag", '"x"')]
    found = answers.decode(OPERATIONS["head_object"], headers, b"", keep_encoded=False)
    assert found == {"x-cos-meta-a": "1, 2", "ETag": '"x"'}

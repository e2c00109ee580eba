"""The tree of errors and the table of codes."""

import re

import pytest

import cosbox.protocol.errors as tree
from cosbox.protocol.codes import CODES, status_of
from cosbox.protocol.operations import OPERATIONS, SHARED_ERRORS

# The documentation's statuses for the codes that are easily given another.
DOCUMENTED = {
    "AccessDenied": 403, "BadDigest": 400, "BucketAlreadyExists": 409, "BucketNotEmpty": 409,
    "EntityTooSmall": 400, "FileAlreadyExists": 409, "InvalidObjectState": 403, "InvalidRange": 416,
    "KeyTooLong": 400, "MethodNotAllowed": 405, "MissingContentLength": 411, "NoSuchUpload": 404,
    "NotImplemented": 501, "PreconditionFailed": 412, "RequestTimeTooSkewed": 403,
    "RequestTimeout": 400, "RestoreAlreadyInProgress": 409, "RestoreNonArchiveObject": 405,
    "ServiceUnavailable": 503, "SignatureDoesNotMatch": 403, "SlowDown": 503, "XMLSizeLimit": 400,
}  # fmt: skip


def test_every_code_has_a_status_and_says_something() -> None:
    for code, row in CODES.items():
        assert re.fullmatch(r"[A-Za-z0-9]+", code)
        assert 400 <= row.status < 600
        assert row.message.strip() == row.message != ""
        assert status_of(code) == row.status
    assert status_of("Invented") == 400
    assert list(CODES) == sorted(CODES)


@pytest.mark.parametrize(("code", "status"), DOCUMENTED.items())
def test_statuses_are_those_of_the_documentation(code: str, status: int) -> None:
    assert CODES[code].status == status


def test_operations_name_only_codes_of_the_table() -> None:
    named = {code for operation in OPERATIONS.values() for code in operation.errors}
    assert named | set(SHARED_ERRORS) <= set(CODES)


def test_a_refusal_takes_its_status_from_the_table() -> None:
    refusal = tree.Refusal("NoSuchKey", headers={"a": "b"})
    assert (refusal.code, refusal.status) == ("NoSuchKey", 404)
    assert str(refusal) == "404 NoSuchKey: The specified key does not exist."
    with pytest.raises(KeyError):
        tree.Refusal("Invented")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (304, tree.NotModifiedError),
        (400, tree.CosServiceError),
        (403, tree.AccessDeniedError),
        (404, tree.NotFoundError),
        (409, tree.ConflictError),
        (412, tree.PreconditionError),
        (500, tree.ServerFaultError),
        (503, tree.ServerFaultError),
    ],
)
def test_a_status_calls_for_its_class(status: int, kind: type) -> None:
    assert type(tree.service_error("GET", "", status, digest={})) is kind


def test_whose_fault_it_is_shows_in_the_tree() -> None:
    assert issubclass(tree.TransportTimeoutError, TimeoutError)
    assert issubclass(tree.TransportError, OSError)
    assert issubclass(tree.ParameterError, ValueError)
    for name in tree.__all__:
        kind = getattr(tree, name)
        if isinstance(kind, type) and kind is not tree.Refusal:
            assert issubclass(kind, tree.CosException)


def test_the_getters_of_the_official_sdk() -> None:
    error = tree.CosServiceError("GET", "<Error/>", 404)
    assert error.get_origin_msg() == "<Error/>"
    assert error.get_error_code() == "Unknown"
    assert (error.get_trace_id(), error.get_request_id()) == ("", "")
    assert error.get_digest_msg() == {}


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (304, "NotModified", tree.NotModifiedError),
        (403, "AccessDenied", tree.AccessDeniedError),
        (403, "InvalidObjectState", tree.ArchivedError),
        (404, "NoSuchKey", tree.NotFoundError),
        (409, "BucketNotEmpty", tree.ConflictError),
        (412, "PreconditionFailed", tree.PreconditionError),
        (500, "InternalError", tree.ServerFaultError),
        (400, "InvalidArgument", tree.CosServiceError),
    ],
)
def test_the_class_of_an_error(status: int, code: str, kind: type) -> None:
    error = tree.service_error("GET", "", status, digest={"code": code})

    assert type(error) is kind
    assert (error.get_status_code(), error.get_error_code()) == (status, code)

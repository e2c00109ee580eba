import io
import logging

import pytest

from cosbox.client.retry import Backoff, Budget
from cosbox.client.transports.base import HttpResponse
from cosbox.protocol.errors import (
    ConflictError,
    CosServiceError,
    ParameterError,
    ServerFaultError,
    TransportError,
    TransportTimeoutError,
)
from support.scripted import BUCKET, ID, KEY, Bytes, Time, client_of, ok, refused

COPIED_AND_FAILED = b"<Error><Code>InternalError</Code><Message>because</Message></Error>"


def lost(*, unsent=False):
    error = TransportError("lost")
    error.unsent = unsent
    return error


@pytest.mark.parametrize(
    "failure",
    [
        lost(),
        TransportTimeoutError("late"),
        refused(500, "InternalError"),
        refused(503, "SlowDown"),
        refused(429, "TooManyRequests"),
        HttpResponse(502, [], b"<html>"),
    ],
)
def test_what_passes_is_tried_again(failure):
    time = Time()
    client, script = client_of(failure, failure, ok([("ETag", '"e"')]), time=time)
    assert client.put_object(BUCKET, io.BytesIO(b"hello"), "a")["ETag"] == '"e"'
    assert [sent.body for sent in script.sent] == [b"hello"] * 3
    assert time.slept == [0.1, 0.2]
    assert client.get_retry_exe_times() == 2


def test_retries_say_so_and_are_signed_anew():
    class SlowTime(Time):
        def sleep(self, seconds):
            self.at += 100

    client, script = client_of(lost(), lost(), lost(), ok(), time=SlowTime())
    client.head_object(BUCKET, "a")
    assert ["x-cos-sdk-retry" in sent.request.headers for sent in script.sent] == [
        False, True, True, True,
    ]  # fmt: skip
    assert "x-cos-sdk-retry" in script.sent[1].signature["q-header-list"]
    assert len({sent.signature["q-key-time"] for sent in script.sent}) == 4


@pytest.mark.parametrize(
    "failure",
    [
        refused(400, "InvalidArgument"),
        refused(403, "AccessDenied"),
        refused(404, "NoSuchKey"),
        refused(409, "PathConflict"),
        refused(501, "NotImplemented"),
        HttpResponse(301, [("Location", "https://elsewhere")], b""),
    ],
)
def test_what_does_not_pass_is_raised_at_once(failure):
    client, script = client_of(failure)
    with pytest.raises(CosServiceError):
        client.head_object(BUCKET, "a")
    assert len(script.sent) == 1


def test_the_last_error_is_raised_with_its_cause():
    cause = ConnectionResetError("by peer")
    last = lost()
    last.__cause__ = cause
    client, script = client_of(lost(), lost(), lost(), last)
    with pytest.raises(TransportError) as raised:
        client.head_object(BUCKET, "a")
    assert raised.value is last
    assert raised.value.__cause__ is cause
    assert raised.value.__notes__ == ["cosbox: failed 4 times"]
    assert len(script.sent) == 4


@pytest.mark.parametrize(("retry", "requests"), [(0, 1), (1, 2)])
def test_how_often_is_the_callers_choice(retry, requests):
    client, script = client_of(*[lost() for _ in range(5)], retry=retry)
    with pytest.raises(TransportError):
        client.head_object(BUCKET, "a")
    assert len(script.sent) == requests


def test_a_body_that_comes_once_is_sent_once():
    client, script = client_of(lost(), ok())
    with pytest.raises(TransportError):
        client.put_object(BUCKET, iter([b"hello"]), "a")
    assert len(script.sent) == 1


def test_a_file_is_sent_again_from_where_it_stood():
    client, script = client_of(lost(), ok())
    file = io.BytesIO(b"0123456789")
    file.seek(4)
    client.put_object(BUCKET, file, "a")
    assert [sent.body for sent in script.sent] == [b"456789", b"456789"]


def test_what_must_not_happen_twice_is_tried_again_only_if_it_was_not_sent():
    upload = (
        b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
    )
    client, script = client_of(lost(unsent=True), ok(body=upload))
    assert client.create_multipart_upload(BUCKET, "a")["UploadId"] == "u"
    client, script = client_of(lost(), ok(body=upload))
    with pytest.raises(TransportError):
        client.create_multipart_upload(BUCKET, "a")
    assert len(script.sent) == 1
    client, script = client_of(refused(503, "SlowDown"), ok(body=upload))
    assert client.create_multipart_upload(BUCKET, "a")["UploadId"] == "u"


def test_an_upload_that_must_not_overwrite_is_not_refused_for_its_own_success():
    client, script = client_of(lost(), refused(409, "FileAlreadyExists"))
    with pytest.raises(TransportError):
        client.put_object(BUCKET, b"", "a", ForbidOverwrite="true")
    client, script = client_of(lost(unsent=True), ok())
    client.put_object(BUCKET, b"", "a", ForbidOverwrite=True)
    assert len(script.sent) == 2


def test_what_a_body_raises_comes_through_and_is_not_tried_again():
    def broken():
        yield b"some"
        raise LookupError("of the caller")

    client, script = client_of()
    with pytest.raises(LookupError, match="of the caller"):
        client.put_object(BUCKET, broken(), "a")
    assert script.sent == []


def test_an_interrupt_is_not_tried_again():
    client, script = client_of()

    def interrupt(_sent):
        raise KeyboardInterrupt

    script.answers = [interrupt, ok()]
    with pytest.raises(KeyboardInterrupt):
        client.head_object(BUCKET, "a")
    assert len(script.sent) == 1


def test_a_failure_inside_a_200_is_a_failure():
    source = {"Bucket": BUCKET, "Key": "a"}
    done = b"<CopyObjectResult><ETag>e</ETag></CopyObjectResult>"
    client, _ = client_of(ok(body=COPIED_AND_FAILED), ok(body=done))
    assert client.copy_object(BUCKET, "b", source)["ETag"] == "e"
    client, _ = client_of(ok(body=COPIED_AND_FAILED), retry=0)
    with pytest.raises(CosServiceError, match="InternalError") as raised:
        client.copy_object(BUCKET, "b", source)
    assert raised.value.get_status_code() == 200


def test_outages_do_not_multiply_the_load():
    client, script = client_of(*[refused(503, "SlowDown") for _ in range(1000)])
    for _ in range(200):
        with pytest.raises(ServerFaultError):
            client.head_object(BUCKET, "a")
    # 500 tokens buy 100 retries at 5 each; each call after that is one request.
    assert len(script.sent) == 300
    script.answers = []
    for _ in range(50):
        client.head_object(BUCKET, "a")
    script.answers = [lost()]
    client.head_object(BUCKET, "a")
    assert client.get_retry_exe_times() == 101


def test_the_budget_is_bounded():
    budget = Budget(10)
    budget.refill(100)
    assert [budget.take(5) for _ in range(3)] == [True, True, False]
    budget.refill(5)
    assert budget.take(5)


@pytest.mark.parametrize(("luck", "factor"), [(0.0, 0.0), (0.5, 0.5), (0.999, 0.999)])
def test_delays_are_spread_from_nothing_to_a_growing_bound(luck, factor):
    backoff = Backoff(lambda: luck, base=1.0, cap=8.0)
    assert [backoff.delay(n) for n in range(6)] == [factor * bound for bound in (1, 2, 4, 8, 8, 8)]


def test_the_last_attempt_goes_to_the_other_domain_when_the_answers_are_not_the_stores():
    foreign = refused(503, "Proxy", request_id="")
    hosts = [f"{BUCKET}.cos.ap-guangzhou.{tail}" for tail in ("myqcloud.com", "tencentcos.cn")]
    client, script = client_of(lost(), foreign, ok(), retry=2, AutoSwitchDomainOnRetry=True)
    client.head_object(BUCKET, "a")
    assert [sent.request.host for sent in script.sent] == [hosts[0], hosts[0], hosts[1]]
    own = refused(503, "SlowDown")
    client, script = client_of(own, own, ok(), retry=2, AutoSwitchDomainOnRetry=True)
    client.head_object(BUCKET, "a")
    assert {sent.request.host for sent in script.sent} == {hosts[0]}


@pytest.mark.parametrize("retry", [-1, "3", None])
def test_retry_is_a_number(retry):
    with pytest.raises(ParameterError, match="retry"):
        client_of(retry=retry)


def test_errors_say_whose_fault_it_is_and_what_the_store_said():
    client, _ = client_of(refused(409, "BucketNotEmpty"))
    with pytest.raises(ConflictError) as raised:
        client.delete_bucket(BUCKET)
    error = raised.value
    assert error.get_error_code() == "BucketNotEmpty"
    assert error.get_request_id() == "id-1"
    assert error.get_resource_location() == f"{BUCKET}.cos.ap-guangzhou.myqcloud.com/"
    assert str(error).startswith("delete_bucket ")


def test_the_log_has_one_line_a_request_and_no_secrets(caplog):
    caplog.set_level(logging.DEBUG, logger="cosbox")
    stream = HttpResponse(200, [("X-Cos-Request-Id", "id-2")], stream=Bytes())
    client, _ = client_of(lost(), stream, Token="the-token")
    client.get_object(BUCKET, "a", VersionId="v1")["Body"].close()
    assert [record.levelname for record in caplog.records] == ["DEBUG", "DEBUG"]
    failed, answered = caplog.messages
    start = f"GET {BUCKET}.cos.ap-guangzhou.myqcloud.com/a: "
    assert failed.startswith(f"{start}TransportError in ")
    assert answered.startswith(f"{start}200 id-2 in ")
    for text in ("the-token", ID, KEY, "q-signature", "v1"):
        assert text not in caplog.text

"""upload_file: one PUT up to 20 MB, parts above, and which options go with which request."""

import re
from base64 import b64encode
from hashlib import md5
from urllib.parse import parse_qs

import pytest

from cosbox.checksums import crc64
from cosbox.client.transports.base import HttpResponse
from cosbox.protocol.errors import (
    AccessDeniedError,
    IntegrityError,
    ParameterError,
    TransportError,
)
from support.scripted import BUCKET, client_of, ok, refused

MB = 1024**2
CRC = "x-cos-hash-crc64ecma"


class Uploads:
    """As much of a store as multipart uploads need."""

    def __init__(self):
        self.parts = {}
        self.requests = []
        self.aborted = []
        self.fail_part = 0
        self.failure = None
        self.damage = 0

    def __call__(self, sent):
        query = parse_qs(sent.request.target.partition("?")[2], keep_blank_values=True)
        self.requests.append((sent.request.method, sorted(query), dict(sent.request.headers)))
        match sent.request.method, sorted(query):
            case "GET", ["encoding-type", "max-uploads", "prefix", "uploads"]:
                return self.document(
                    "ListMultipartUploadsResult", "<IsTruncated>false</IsTruncated>"
                )
            case "POST", ["uploads"]:
                return self.document("InitiateMultipartUploadResult", "<UploadId>u1</UploadId>")
            case "PUT", ["partNumber", "uploadId"]:
                number = int(query["partNumber"][0])
                if number == self.fail_part:
                    return self.fail()
                self.parts[number] = sent.body
                return ok([("ETag", f'"{number}"'), (CRC, str(crc64(sent.body)))])
            case "POST", ["uploadId"]:
                named = re.findall(rb"<PartNumber>(\d+)</PartNumber>", sent.body)
                whole = b"".join(self.parts[int(number)] for number in named)
                done = self.document("CompleteMultipartUploadResult", "<ETag>done</ETag>")
                done.headers = [*done.headers, (CRC, str(crc64(whole) + self.damage))]
                return done
            case "DELETE", ["uploadId"]:
                self.aborted.append(query["uploadId"][0])
                return ok(status=204)
            case "PUT", []:
                return ok([("ETag", '"simple"'), (CRC, str(crc64(sent.body)))])
        raise AssertionError(self.requests)

    @staticmethod
    def document(root, inner):
        return ok(body=f"<{root}>{inner}</{root}>".encode())

    def fail(self) -> HttpResponse:
        if isinstance(self.failure, BaseException):
            raise self.failure
        assert self.failure is not None
        return self.failure


@pytest.fixture
def store():
    return Uploads()


@pytest.fixture
def client(store):
    client, _ = client_of(*[store] * 100)
    return client


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small"
    path.write_bytes(b"hello")
    return path


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.write(b"begin")
        file.truncate(20 * MB + 1)
        file.seek(20 * MB)
        file.write(b"end")
    return path


def test_up_to_20_mb_it_is_one_put(client, store, small, tmp_path):
    told = []
    result = client.upload_file(
        BUCKET, "a", small, progress_callback=lambda *at: told.append(at), ContentType="text/x"
    )
    assert result["ETag"] == '"simple"'
    assert told == [(5, 5)]
    assert [request[:2] for request in store.requests] == [("PUT", [])]
    assert store.requests[0][2]["content-type"] == "text/x"
    limit = tmp_path / "limit"
    with limit.open("wb") as file:
        file.truncate(20 * MB)
    client.upload_file(BUCKET, "a", limit)
    assert store.requests[1][:2] == ("PUT", [])


def test_above_it_is_parts_and_each_request_has_its_own_parameters(client, store, large):
    told = []
    data = large.read_bytes()
    result = client.upload_file(
        BUCKET,
        "a",
        large,
        PartSize=8,
        MAXThread=1,
        EnableMD5=True,
        progress_callback=lambda *at: told.append(at),
        ContentType="text/x",
        Metadata={"x-cos-meta-a": "b"},
        ContentLength=str(len(data)),
        ContentMD5=b64encode(md5(data).digest()).decode(),
        TrafficLimit=819200,
        ForbidOverwrite="true",
    )
    assert result["ETag"] == "done"
    assert b"".join(store.parts.values()) == data
    assert told[-1] == (len(data), len(data))
    assert told == sorted(set(told))
    assert [request[0] for request in store.requests] == ["GET", "POST", *["PUT"] * 3, "POST"]
    create, first, *_, complete = [request[2] for request in store.requests[1:]]
    assert create["content-type"] == "text/x"
    assert create["x-cos-meta-a"] == "b"
    assert "content-md5" not in create
    assert first["content-md5"] == b64encode(md5(data[: 8 * MB]).digest()).decode()
    assert first["x-cos-traffic-limit"] == "819200"
    assert complete["x-cos-forbid-overwrite"] == "true"
    assert store.aborted == []


@pytest.mark.parametrize(
    ("failure", "raised"),
    [
        (refused(403, "AccessDenied"), AccessDeniedError),
        (TransportError("lost"), TransportError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
    ids=["refused", "lost", "interrupted"],
)
def test_what_fails_is_raised_and_can_go_on(client, store, large, failure, raised):
    store.fail_part, store.failure = 2, failure
    with pytest.raises(raised) as error:
        client.upload_file(BUCKET, "a", large, PartSize=8, MAXThread=1)
    assert list(store.parts) == [1]
    assert store.aborted == []
    assert any("goes on with this upload (u1)" in note for note in error.value.__notes__)


def test_what_no_later_call_could_take_up_is_aborted(client, store, large, tmp_path):
    store.fail_part, store.failure = 2, refused(403, "AccessDenied")
    (tmp_path / "file").write_bytes(b"")
    nowhere = tmp_path / "file" / "folder"
    with pytest.raises(AccessDeniedError):
        client.upload_file(BUCKET, "a", large, CheckpointDir=nowhere, ContentType="text/x")
    assert store.aborted == ["u1"]


def test_a_callback_that_raises_ends_the_upload(client, store, large):
    def stop(done, total):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        client.upload_file(BUCKET, "a", large, progress_callback=stop)
    assert store.parts == {}


def test_a_failing_abort_does_not_hide_the_failure(store):
    client, _ = client_of(store, store, refused(403, "AccessDenied"), refused(403, "AccessDenied"))
    with pytest.raises(AccessDeniedError) as raised:
        client.upload_stream(BUCKET, "a", bytes(2 * MB), PartSize=1, MAXThread=1)
    assert any("u1 could not be aborted" in note for note in raised.value.__notes__)


def test_the_whole_is_compared_with_the_sum_of_the_parts(client, store, large):
    store.damage = 1
    with pytest.raises(IntegrityError):
        client.upload_file(BUCKET, "a", large, PartSize=8)


@pytest.mark.parametrize("wrong", [{"ContentLength": "5"}, {"ContentMD5": "wrong"}])
def test_what_is_declared_wrongly_is_not_sent(client, store, large, wrong):
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        client.upload_file(BUCKET, "a", large, **wrong)
    assert store.requests == []

"""An upload that was interrupted at its edges: at its beginning, and at its end."""

import os

import pytest

import cosbox
from cosbox.client.transports.inprocess import InProcessTransport
from cosbox.protocol.errors import TransportError

BUCKET = "examplebucket-1250000000"
MB = 1024**2


class Killed(BaseException):
    """The process ends here."""


class Interrupting:
    """A transport that does something at one request: before it, or when it was carried out."""

    signs = False

    def __init__(self, inner):
        self.inner = inner
        self.requests = []
        self.plan = None

    def send(self, request, timeouts):
        query = request.target.partition("?")[2]
        name = f"{request.method} {query.partition('=')[0] if request.method != 'PUT' else 'part'}"
        self.requests.append(name)
        when, kind, error = self.plan or (None, None, None)
        hit = kind is not None and name == kind
        if hit and when == "before":
            self.plan = None
            raise error
        answer = self.inner.send(request, timeouts)
        if hit:
            self.plan = None
            raise error
        return answer

    def close(self):
        self.inner.close()


@pytest.fixture
def wire(tmp_path):
    return Interrupting(InProcessTransport.open(tmp_path / "store"))


@pytest.fixture
def client(wire):
    conf = cosbox.CosConfig(Region="local", Endpoint="localhost", Anonymous=True)
    runtime = cosbox.client.runtime.Runtime(sleep=lambda _seconds: None)
    with cosbox.CosS3Client(conf, transport=wire, runtime=runtime) as client:
        client.create_bucket(BUCKET)
        yield client


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(os.urandom(22 * MB))
    return path


OPTIONS = {"ContentType": "text/x", "PartSize": 4}


def sent_parts(wire, begun):
    return wire.requests[begun:].count("PUT part")


def check(client, large):
    assert client.get_object(BUCKET, "a")["Body"].read() == large.read_bytes()
    assert client.head_object(BUCKET, "a")["Content-Type"] == "text/x"
    assert "Upload" not in client.list_multipart_uploads(BUCKET)


def test_killed_when_the_upload_had_begun_and_nobody_knew(client, wire, large):
    wire.plan = ("after", "POST uploads", Killed())
    with pytest.raises(Killed):
        client.upload_file(BUCKET, "a", large, **OPTIONS)
    assert len(client.list_multipart_uploads(BUCKET)["Upload"]) == 1
    begun = len(wire.requests)
    client.upload_file(BUCKET, "a", large, **OPTIONS)
    assert "POST uploads" not in wire.requests[begun:]
    check(client, large)


def test_the_answer_to_the_beginning_is_lost(client, wire, large):
    wire.plan = ("after", "POST uploads", TransportError("lost"))
    client.upload_file(BUCKET, "a", large, **OPTIONS)
    assert wire.requests.count("POST uploads") == 1
    check(client, large)


def test_killed_when_it_was_complete_and_nobody_knew(client, wire, large):
    wire.plan = ("after", "POST uploadId", Killed())
    with pytest.raises(Killed):
        client.upload_file(BUCKET, "a", large, **OPTIONS)
    begun = len(wire.requests)
    told = []
    result = client.upload_file(
        BUCKET, "a", large, progress_callback=lambda *at: told.append(at), **OPTIONS
    )
    assert result["ETag"].endswith('-6"')
    assert sent_parts(wire, begun) == 0
    assert told == [(22 * MB, 22 * MB)]
    check(client, large)


def test_the_answer_to_the_completion_is_lost(client, wire, large):
    wire.plan = ("after", "POST uploadId", TransportError("lost"))
    begun = len(wire.requests)
    client.upload_file(BUCKET, "a", large, **OPTIONS)
    assert sent_parts(wire, begun) == 6
    check(client, large)


def test_completed_by_another_and_then_overwritten(client, wire, large):
    wire.plan = ("after", "POST uploadId", Killed())
    with pytest.raises(Killed):
        client.upload_file(BUCKET, "a", large, **OPTIONS)
    client.put_object(BUCKET, b"other", "a")
    begun = len(wire.requests)
    client.upload_file(BUCKET, "a", large, **OPTIONS)
    assert sent_parts(wire, begun) == 6
    check(client, large)


@pytest.mark.parametrize("part", [1, 3, 6])
def test_killed_at_a_part_that_was_stored(client, wire, large, part):
    answered = 0
    send = wire.inner.send

    def kill_after(request, timeouts):
        nonlocal answered
        answer = send(request, timeouts)
        answered += "partNumber" in request.target
        if answered == part:
            wire.inner.send = send
            raise Killed
        return answer

    wire.inner.send = kill_after
    with pytest.raises(Killed):
        client.upload_file(BUCKET, "a", large, MAXThread=1, **OPTIONS)
    begun = len(wire.requests)
    client.upload_file(BUCKET, "a", large, MAXThread=1, **OPTIONS)
    assert sent_parts(wire, begun) == 6 - part
    check(client, large)


def test_other_options_begin_anew_and_the_old_upload_is_aborted(client, wire, large):
    wire.plan = ("before", "POST uploadId", Killed())
    with pytest.raises(Killed):
        client.upload_file(BUCKET, "a", large, PartSize=4, ContentType="text/old")
    begun = len(wire.requests)
    client.upload_file(BUCKET, "a", large, TrafficLimit=819200, **OPTIONS)
    assert sent_parts(wire, begun) == 6
    check(client, large)


def test_how_it_is_sent_is_no_other_upload(client, wire, large):
    wire.plan = ("before", "POST uploadId", Killed())
    with pytest.raises(Killed):
        client.upload_file(BUCKET, "a", large, **OPTIONS)
    begun = len(wire.requests)
    client.upload_file(BUCKET, "a", large, TrafficLimit=819200, ForbidOverwrite="true", **OPTIONS)
    assert sent_parts(wire, begun) == 0
    check(client, large)

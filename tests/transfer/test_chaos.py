"""The proxy of the other tests here does what it is told, and nothing else."""

import os

import pytest

from cosbox import CosServiceError, IntegrityError, TransportError
from cosbox.checksums import crc64
from support import faults
from support.checks import upload
from support.errands import client_of
from support.faults import Fault, Luck, Seen
from support.moving import BUCKET
from support.zygote import Zygote

DATA = os.urandom(3 * 1024**2)


@pytest.fixture
def client(chaos):
    with client_of(chaos.port, retry=0, Timeout=(5, 1)) as client:
        yield client


def held(port, key):
    """What the store has, asked without the proxy."""
    with client_of(port) as client:
        return client.get_object(BUCKET, key)["Body"].read()


def test_what_goes_by_is_as_it_was_and_is_counted(chaos, client):
    upload_id, parts = upload(client, BUCKET, "a", [DATA, DATA[:7]])
    assert len(client.list_parts(BUCKET, "a", upload_id)["Part"]) == 2
    client.complete_multipart_upload(BUCKET, "a", upload_id, {"Part": parts})
    assert client.get_object(BUCKET, "a", Range="bytes=5-104")["Body"].read() == DATA[5:105]
    assert client.get_object(BUCKET, "a")["Body"].read() == DATA + DATA[:7]
    client.head_object(BUCKET, "a")
    client.put_object(BUCKET, iter([DATA, b"end"]), "streamed")  # chunked
    client.delete_object(BUCKET, "streamed")
    client.list_multipart_uploads(BUCKET)
    assert chaos.wait_idle()  # the client may have an answer before the log has it
    assert [seen.call for seen in chaos.seen] == [
        "create_multipart_upload",
        "upload_part",
        "upload_part",
        "list_parts",
        "complete_multipart_upload",
        "get_object",
        "get_object",
        "head_object",
        "put_object",
        "delete_object",
        "list_multipart_uploads",
    ]
    assert [seen.part for seen in chaos.since(0, "upload_part")] == [1, 2]
    assert [seen.sent for seen in chaos.since(0, "upload_part")] == [len(DATA), 7]
    assert [seen.range for seen in chaos.since(0, "get_object")] == [(5, 104), None]
    assert [seen.answered for seen in chaos.since(0, "get_object")] == [100, len(DATA) + 7]
    assert all(seen.delivered for seen in chaos.seen)
    assert {seen.status for seen in chaos.seen} == {200, 204, 206}
    assert chaos.moved > 3 * len(DATA)


def test_connections_are_used_again_and_survive_a_server_that_closes_its_own(chaos, client, port):
    client.put_object(BUCKET, b"x", "kept")
    link = next(iter(chaos._links))
    link.store.close()
    client.head_object(BUCKET, "kept")
    assert chaos._links == {link}


@pytest.mark.parametrize("kind", [faults.DROP, faults.CUT])
@pytest.mark.parametrize("reset", [False, True])
def test_what_is_dropped_or_cut_is_not_stored(port, chaos, client, rules, kind, reset):
    with client_of(port) as direct:  # on a used connection libcurl would try again by itself
        direct.put_object(BUCKET, b"old", "cut")
    rules.add(Fault(kind, reset=reset), "put_object")
    with pytest.raises(TransportError):
        client.put_object(BUCKET, DATA, "cut")
    assert held(port, "cut") == b"old"
    assert chaos.wait_idle()
    seen = chaos.seen[-1]
    assert (seen.status, seen.delivered) == (0, False)
    assert seen.sent <= len(DATA) // 2


def test_an_answer_is_lost_when_the_deed_is_done(port, chaos, client, rules):
    rules.add(faults.LOSE, "put_object")
    with pytest.raises(TransportError):
        client.put_object(BUCKET, DATA, "lost")
    assert held(port, "lost") == DATA
    assert chaos.wait_idle()
    assert (chaos.seen[-1].status, chaos.seen[-1].delivered) == (200, False)


def test_an_answer_is_cut_off(chaos, client, rules):
    client.put_object(BUCKET, DATA, "truncated")
    rules.add(Fault(faults.TRUNCATE, share=0.25), "get_object")
    with pytest.raises(TransportError):
        client.get_object(BUCKET, "truncated")["Body"].read()
    assert chaos.wait_idle()
    assert not chaos.seen[-1].delivered


def test_a_request_comes_twice(port, chaos, client, rules):
    rules.add(faults.REPEAT, "create_multipart_upload")
    upload_id = client.create_multipart_upload(BUCKET, "twice")["UploadId"]
    uploads = client.list_multipart_uploads(BUCKET, Prefix="twice")["Upload"]
    assert len(uploads) == 2
    assert upload_id in {each["UploadId"] for each in uploads}


def test_a_bit_turns_over(port, client, rules):
    rules.add(faults.SPOIL, "put_object")
    with pytest.raises(IntegrityError):
        client.put_object(BUCKET, DATA, "spoilt")
    wrong = held(port, "spoilt")
    assert [ours ^ theirs for ours, theirs in zip(DATA, wrong, strict=True)].count(0x10) == 1
    rules.add(faults.SPOIL_ANSWER, "get_object")
    with pytest.raises(IntegrityError):
        client.get_object(BUCKET, "spoilt")["Body"].read()


@pytest.mark.parametrize(
    ("kind", "stored"),
    [(faults.REFUSE, False), (faults.REFUSE_EARLY, False), (faults.REFUSE_DONE, True)],
)
@pytest.mark.parametrize(("status", "code"), faults.ERRORS)
def test_errors_instead_of_an_answer(port, client, rules, kind, stored, status, code):
    key = f"{kind} {code}"
    rules.add(Fault(kind, status=status, code=code), "put_object")
    body = DATA[:100_000]
    with pytest.raises(CosServiceError) as raised:
        client.put_object(BUCKET, body, key)
    assert (raised.value.get_status_code(), raised.value.get_error_code()) == (status, code)
    listed = client.list_objects(BUCKET, Prefix=key).get("Contents", [])
    assert len(listed) == stored


def test_delays_and_stalls_change_nothing(port, client, rules):
    for kind in (faults.DELAY, faults.STALL, faults.STALL_ANSWER):
        rules.add(Fault(kind, seconds=0.1), "put_object")
        rules.add(Fault(kind, seconds=0.1), "get_object")
        client.put_object(BUCKET, DATA, "slow")
        assert client.get_object(BUCKET, "slow")["Body"].read() == DATA
    rules.add(Fault(faults.STALL, seconds=20), "put_object")
    with pytest.raises(TransportError):
        client.put_object(BUCKET, DATA, "stalled")


def test_luck_hangs_on_what_is_asked_and_not_on_who_is_first():
    requests = [
        Seen(0, "PUT", "/b/k", {"partNumber": str(n), "uploadId": "u"}, {}, 5) for n in range(50)
    ]
    kinds = (faults.DROP, faults.LOSE)
    first = [Luck(1, 0.5, kinds)(seen) for seen in requests]
    luck = Luck(1, 0.5, kinds)
    assert [luck(seen) for seen in reversed(requests)][::-1] == first
    assert first != [Luck(2, 0.5, kinds)(seen) for seen in requests]
    assert 10 < sum(fault is not None for fault in first) < 40
    assert luck.done.total() == sum(fault is not None for fault in first)
    assert not any(Luck(1, 1, kinds, spared=frozenset({"upload_part"}))(s) for s in requests)
    assert sum(map(bool, map(Luck(1, 1, kinds, limit=3), requests))) == 3


def test_bandwidth_and_marks(chaos, client):
    chaos.bandwidth = 1024**2
    mark = chaos.mark()
    client.put_object(BUCKET, DATA[: 1024**2 // 2], "narrow")
    assert chaos.wait_moved(1024**2 // 2, 0)
    assert chaos.since(mark) == chaos.seen[-1:]
    assert chaos.wait_seen(lambda seen: seen.call == "put_object", mark, 0)
    assert not chaos.wait_seen(lambda seen: seen.call == "get_object", mark, 0)


def test_children_can_be_killed_and_say_how_they_ended(port, chaos, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(DATA)
    order = {"bucket": BUCKET, "key": "child", "path": str(path), "options": {}}
    with Zygote() as zygote:
        done = zygote.run("upload", port=chaos.port, **order).wait()
        assert done["returned"]["x-cos-hash-crc64ecma"] == str(crc64(DATA))
        chaos.bandwidth = 1_000_000
        child = zygote.run("upload", port=chaos.port, **order)
        assert chaos.wait_moved(chaos.moved + 1)
        child.kill()
        assert child.wait()["killed"]
        chaos.widen()
        assert chaos.wait_idle()
        failed = zygote.run("upload", port=chaos.port, **{**order, "path": "/nowhere"}).wait()
        assert failed["raised"][0] == "FileNotFoundError"

"""The pure half of transfers: parts, ledger, tally, pace, crowding, journal, matching."""

import json
import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosbox.checksums import crc64
from cosbox.protocol.errors import ParameterError
from cosbox.transfer.crowding import Crowding
from cosbox.transfer.identity import Identity
from cosbox.transfer.journal import done_line, header_line, read_journal
from cosbox.transfer.ledger import Done, Ledger
from cosbox.transfer.matching import candidates, digest_of, fitting, visible
from cosbox.transfer.pace import Pace
from cosbox.transfer.parts import MEGABYTE, Part, megabytes, plan_parts
from cosbox.transfer.tally import Tally

# --------------------------------------------------------------------------------------------
# Parts


@given(st.integers(0, 10**13), st.integers(1, 10**10), st.integers(1, 10_000))
def test_parts_cover_a_file_and_no_byte_twice(size, part_size, most):
    try:
        parts = plan_parts(size, part_size, min(most, 50))
    except ParameterError:
        assert max(part_size, size / min(most, 50)) > 5 * 1024**3 - 1
        return
    assert len(parts) <= min(most, 50)
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert [part.offset for part in parts] == [0, *(part.end for part in parts[:-1])][: len(parts)]
    assert sum(part.length for part in parts) == size
    assert all(part.length >= part_size for part in parts[:-1])
    assert len({part.length for part in parts[:-1]}) <= 1


@pytest.mark.parametrize("size", [10_000 * 1024**2, 10_000 * 1024**2 + 1, 5 * 1024**4])
def test_parts_grow_when_there_would_be_too_many(size):
    parts = plan_parts(size, MEGABYTE)
    assert len(parts) <= 10_000
    assert parts[-1].end == size


def test_a_file_can_be_larger_than_all_parts():
    with pytest.raises(ParameterError, match="parts"):
        plan_parts(10_000 * 5 * 1024**3 + 1, MEGABYTE)


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "1", None, True])
def test_a_size_is_whole_megabytes(wrong):
    with pytest.raises(ParameterError, match="PartSize"):
        megabytes("PartSize", wrong)


# --------------------------------------------------------------------------------------------
# Ledger


@given(st.binary(max_size=200), st.integers(1, 60), st.randoms())
def test_the_crc_of_the_parts_is_that_of_the_whole(data, part_size, random):
    parts = plan_parts(len(data), part_size)
    ledger = Ledger(parts)
    order = list(parts)
    random.shuffle(order)
    for part in order:
        assert part in list(ledger.missing())
        piece = data[part.offset : part.end]
        ledger.settle(part.number, Done(f'"{part.number}"', crc64(piece)))
        assert part not in list(ledger.missing())
    assert ledger.crc64() == crc64(data)
    assert ledger.moved == ledger.size == len(data)
    assert [listed["PartNumber"] for listed in ledger.listed()] == [part.number for part in parts]


def test_a_part_whose_crc_nobody_knows_leaves_the_whole_unknown():
    ledger = Ledger(plan_parts(2, 1))
    ledger.settle(1, Done("a", 1))
    ledger.settle(2, Done("b", None))
    assert ledger.crc64() is None


# --------------------------------------------------------------------------------------------
# Tally


@given(st.lists(st.integers(-50, 50)), st.integers(0, 300))
def test_progress_never_goes_back_and_ends_at_the_end(steps, total):
    told = []
    tally = Tally(lambda *at: told.append(at), total)
    for step in steps:
        tally.add(step)
    tally.finish()
    assert told[-1] == (total, total)
    moved = [at for at, _ in told]
    assert moved == sorted(set(moved))
    assert all(at[0] < total for at in told[:-1])
    assert {at[1] for at in told} == {total}


def test_the_end_of_what_nobody_knows_the_size_of():
    told = []
    tally = Tally(lambda *at: told.append(at), None)
    tally.add(5)
    tally.add(3)
    tally.finish()
    assert told == [(5, 5), (8, 8)]


def test_progress_is_told_by_one_thread_at_a_time():
    inside, worst = 0, 0

    def progress(_moved, _total):
        nonlocal inside, worst
        inside += 1
        worst = max(worst, inside)
        threading.Event().wait(0.001)
        inside -= 1

    tally = Tally(progress, 1000)
    threads = [threading.Thread(target=lambda: [tally.add(1) for _ in range(20)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert worst == 1


# --------------------------------------------------------------------------------------------
# Pace and crowding


@given(st.lists(st.tuples(st.integers(1, 1000), st.floats(0, 2)), max_size=50))
def test_no_more_bytes_than_the_rate_and_a_quarter_of_a_second(moves):
    now = [0.0]
    pace = Pace(1000, lambda: now[0])
    passed = 0
    for count, nap in moves:
        now[0] += nap
        now[0] += pace.wait(count)
        passed += count
        assert passed <= 1000 * (now[0] + 0.25) + 1e-6


def test_without_a_rate_nothing_waits():
    pace = Pace(None, lambda: 0.0)
    assert pace.wait(10**12) == 0
    assert pace.piece(10**6) == 10**6


def test_fewer_at_once_after_slow_down_and_more_again_with_time():
    crowding = Crowding(8)
    assert [crowding.enter() for _ in range(9)] == [True] * 8 + [False]
    crowding.ease()
    assert crowding.allowed == 4
    for _ in range(8):
        crowding.leave(well=False)
    crowding.ease()
    crowding.ease()
    crowding.ease()
    assert crowding.allowed == 1
    for _ in range(200):
        assert crowding.enter()
        crowding.leave(well=True)
    assert crowding.allowed == 8


# --------------------------------------------------------------------------------------------
# Journal

DONE = st.builds(Done, st.text(max_size=20), st.none() | st.integers(0, 2**64 - 1))


@given(
    st.dictionaries(st.text(max_size=10), st.text(max_size=10) | st.integers()),
    st.dictionaries(st.integers(1, 10_000), DONE),
    st.data(),
)
def test_a_journal_is_read_up_to_where_it_broke_off(header, done, data):
    lines = [header_line(header), *(done_line(number, one) for number, one in done.items())]
    whole = b"".join(lines)
    journal = read_journal(whole)
    assert {name: journal.header[name] for name in header} == header
    assert journal.done == done
    cut = data.draw(st.integers(0, len(whole)))
    kept = whole[:cut].count(b"\n")
    torn = read_journal(whole[:cut])
    assert (torn is None) == (kept == 0)
    if torn is not None:
        assert list(torn.done.items()) == list(done.items())[: kept - 1]


@given(st.binary(max_size=300))
def test_garbage_is_no_journal(garbage):
    assert read_journal(garbage) is None
    journal = read_journal(header_line({"a": 1}) + garbage + b"\n")
    assert journal is not None
    assert all(isinstance(one, Done) for one in journal.done.values())


def test_a_journal_of_another_version_is_none():
    assert read_journal(json.dumps({"cosbox-transfer": 2}).encode() + b"\n") is None


# --------------------------------------------------------------------------------------------
# Identity and matching


def test_a_file_is_the_same_until_it_is_written_to(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"one")
    before = Identity.of(path.stat())
    assert Identity.from_json(json.loads(json.dumps(before.as_json()))) == before
    path.chmod(0o600)
    assert Identity.of(path.stat()) != before
    assert not Identity.of(path.stat()).was_written_since(before)
    os.utime(path, ns=(1, 1))
    assert Identity.of(path.stat()).was_written_since(before)


@pytest.mark.parametrize("wrong", [{}, {"size": 1}, {"size": "1"}])
def test_what_is_no_identity(wrong):
    whole = Identity(1, 2, 3, 4, 5).as_json()
    with pytest.raises(TypeError):
        Identity.from_json({**whole, **wrong, "size": "1"} if wrong else {})


def test_options_are_told_apart_and_not_told():
    one = digest_of({"Metadata": {"x-cos-meta-a": "secret", "b": "2"}, "ACL": "private"})
    assert one == digest_of({"ACL": "private", "Metadata": {"b": "2", "x-cos-meta-a": "secret"}})
    assert one != digest_of({"ACL": "public-read", "Metadata": {"x-cos-meta-a": "secret"}})
    assert "secret" not in one
    assert visible({"StorageClass": "ARCHIVE", "ContentType": ""})
    assert not visible({"ContentType": "text/x"})


def test_candidates_are_of_the_same_key_and_class_and_the_newest_first():
    def upload(number, key="a", kind=None):
        return {
            "Key": key,
            "UploadId": str(number),
            "StorageClass": kind,
            "Initiated": f"2026-01-{number:02}T00:00:00.000Z",
        }

    uploads = [upload(1), upload(3), upload(2, kind="STANDARD"), upload(4, kind="ARCHIVE")]
    uploads.append(upload(5, key="ab"))
    assert [one["UploadId"] for one in candidates(uploads, "a", None)] == ["3", "2", "1"]
    assert [one["UploadId"] for one in candidates(uploads, "a", "ARCHIVE")] == ["4"]
    assert len(candidates([upload(number) for number in range(1, 29)], "a", "")) == 10


def test_stored_parts_fit_the_plan_or_do_not():
    parts = plan_parts(25, 10)

    def listed(number, size):
        return {"PartNumber": str(number), "Size": str(size), "ETag": f'"{number}"'}

    assert fitting([listed(1, 10), listed(3, 5)], parts) == [
        (Part(1, 0, 10), '"1"'),
        (Part(3, 20, 5), '"3"'),
    ]
    assert fitting([listed(3, 10)], parts) is None
    assert fitting([listed(4, 5)], parts) is None
    assert fitting([], parts) == []

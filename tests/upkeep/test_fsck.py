"""What a check says of each kind of damage."""

import random

import pytest

import cosbox
from cosbox.service.upkeep import fsck_records
from cosbox.service.upkeep.fsck import check
from cosbox.service.upkeep.repair import repair
from cosbox.service.upkeep.report import Kind
from cosbox.storage.errors import StoreFormatError
from support.damage import BUCKET, LARGE, PART, SMALL, VERSIONED


def test_a_sound_store(victim):
    report = check(victim.folder)

    assert report.findings == ()
    assert report.clean
    tally = report.tally
    assert (tally.objects, tally.versions, tally.parts) == (5, 3, 2)
    assert (tally.blobs, tally.files) == (8, 5)
    assert tally.read == 2 * len(LARGE) + 3 * len(SMALL) + 2 * len(PART) + 70_000


@pytest.mark.parametrize("at", [0, 100_000, -1])
def test_a_flipped_byte_of_a_file(victim, at):
    (blob,) = victim.blobs("large")
    victim.flip(blob, at)

    held = {(BUCKET, key) for key in ("large", "copy", "unfinished")}
    assert victim.found() == {(Kind.CHECKSUM, place, blob) for place in held}
    assert victim.found(data=False) == set()


def test_a_database_with_anything_in_it(victim):
    """Whatever the bytes are, a check ends with a report, and a repair leaves them alone."""
    database = victim.folder / "records.db"
    sound = database.read_bytes()
    dice = random.Random(1)
    found = 0
    for _ in range(60):
        content = bytearray(sound)
        at = dice.randrange(len(content))
        size = dice.choice([1, 8, 300, 5000])
        content[at : at + size] = dice.randbytes(min(size, len(content) - at))
        database.write_bytes(content)
        report = check(victim.folder)
        if Kind.RECORDS in {each.kind for each in report.findings}:
            found += 1
            assert repair(victim.folder).repairs == ()
            assert database.read_bytes() == content
    assert found > 15


def test_a_database_that_is_gone(victim):
    (victim.folder / "records.db").unlink()
    report = check(victim.folder)
    assert [each.kind for each in report.findings] == [Kind.RECORDS]
    assert not report.complete


def test_no_store(tmp_path):
    with pytest.raises(StoreFormatError):
        check(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_bucket_that_is_gone(victim):
    ((bucket,),) = victim.sql("SELECT id FROM bucket WHERE name = ?", VERSIONED)
    victim.sql("DELETE FROM bucket WHERE id = ?", bucket)
    assert victim.found() == {(Kind.VERSIONS, (f"#{bucket}", "kept/你好"), None)}


def test_parts_without_their_upload(victim):
    victim.sql("DELETE FROM upload")
    assert victim.found() == {(Kind.CONTENT, ("?", "?"), None)}


CURRENT = "INSERT INTO current SELECT bucket, key, {stamp}, {null}, size, etag, modified,"
CURRENT += " storage_class, owner, restore, crc64, acl, headers, extents FROM past"
WRONG = {
    "newer than the current one": CURRENT.format(stamp=5, null=0),
    "two nulls": "UPDATE past SET is_null = 1",
    "a marker with content": "UPDATE past SET size = 3, crc64 = 0 WHERE is_marker",
    "no current one": "DELETE FROM past WHERE is_marker",
    "past where no versions are": "UPDATE bucket SET versioning = ''",
}


@pytest.mark.parametrize("statement", WRONG.values(), ids=WRONG)
def test_versions_that_contradict_each_other(victim, statement):
    if statement.startswith("INSERT"):
        statement += " WHERE is_marker = 0 ORDER BY stamp LIMIT 1"
    victim.sql(statement)
    found = victim.found()
    assert (Kind.VERSIONS, (VERSIONED, "kept/你好"), None) in found
    assert {place for _, place, _ in found if place} == {(VERSIONED, "kept/你好")}


def test_strangers_are_named_and_no_problem(victim):
    for path in ("notes.txt", "000/notes.txt", "000/000/001/zz", "000/000/001/3", "abc/def"):
        there = victim.folder / "blobs" / path
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(b"")
    report = check(victim.folder)
    assert report.clean
    assert [each.kind for each in report.findings] == [Kind.STRANGER] * 5


def test_a_store_of_many_windows(victim, monkeypatch):
    """More blobs than are counted at a time."""
    monkeypatch.setattr(fsck_records, "_WINDOW", 2)
    assert check(victim.folder).findings == ()
    assert check(victim.folder).tally.blobs == 8
    (blob,) = victim.blobs("large")
    victim.sql("UPDATE blob SET refs = 9 WHERE id = ?", blob)
    assert victim.found() == {(Kind.REFERENCES, None, blob)}


def test_a_finding_names_the_version_as_clients_do(victim):
    with cosbox.open(victim.folder) as client:
        page = client.list_objects_versions(VERSIONED)
    (large,) = [entry for entry in page["Version"] if entry["Size"] == f"{len(LARGE)}"]
    ((blob,),) = victim.sql("SELECT id FROM blob WHERE size = ? AND refs = 1", len(LARGE))
    victim.flip(blob, 1)
    (finding,) = check(victim.folder).findings
    assert (finding.place.key, finding.place.version) == (large["Key"], large["VersionId"])


BROKEN = {
    "UPDATE bucket SET acl = '{' WHERE name = ?": (BUCKET, None),
    "UPDATE bucket SET versioning = 'on' WHERE name = ?": (BUCKET, None),
    "UPDATE upload SET headers = '[]' WHERE ? <> ''": (BUCKET, "unfinished"),
    "UPDATE current SET acl = '{}' WHERE key = 'copy' AND ? <> ''": (BUCKET, "copy"),
    "UPDATE current SET restore = '7' WHERE key = 'copy' AND ? <> ''": (BUCKET, "copy"),
    "UPDATE current SET is_null = 2 WHERE key = 'copy' AND ? <> ''": (BUCKET, "copy"),
    "UPDATE current SET crc64 = NULL WHERE key = 'copy' AND ? <> ''": (BUCKET, "copy"),
}


@pytest.mark.parametrize(("statement", "place"), BROKEN.items())
def test_fields_that_make_no_sense(victim, statement, place):
    victim.sql(statement, BUCKET)
    assert victim.found() == {(Kind.CONTENT, place, None)}
    assert BUCKET in str(check(victim.folder).findings[0])

"""What a repair mends, what it leaves alone, and that it is done after one run."""

import os
import subprocess

import pytest

import cosbox
from cosbox.service.upkeep.fsck import check
from cosbox.service.upkeep.repair import repair
from cosbox.service.upkeep.report import Kind
from cosbox.storage.errors import StoreInUseError
from cosbox.storage.locks import FileLock
from support.damage import BUCKET, LARGE, SMALL, brief
from support.rawhttp import wait_until
from support.serving import COMMAND


def mended(victim, **options):
    """Repair; what was done. A second repair must find nothing to do."""
    first = repair(victim.folder, **options)
    second = repair(victim.folder, **options)
    assert second.repairs == ()
    assert second.findings == first.findings == check(victim.folder).findings
    return first


def read(victim, key):
    with cosbox.open(victim.folder) as client:
        return client.get_object(BUCKET, key)["Body"].read()


def test_nothing_to_do(victim):
    report = mended(victim)

    assert (report.repairs, report.findings) == ((), ())


@pytest.mark.parametrize("key", ["small", "large", "whole"])
@pytest.mark.parametrize("by", [1, 5, -1, -3])
def test_counts_are_corrected(victim, key, by):
    blob = victim.blobs(key)[0]
    before = victim.sql("SELECT refs, garbage_since FROM blob WHERE id = ?", blob)
    victim.sql("UPDATE blob SET refs = refs + ? WHERE id = ?", by, blob)
    assert victim.found() == {(Kind.REFERENCES, None, blob)}

    report = mended(victim)

    assert report.clean
    assert report.repairs == (f"blob {blob}: corrected its references by {-by:+d}",)
    assert victim.sql("SELECT refs, garbage_since FROM blob WHERE id = ?", blob) == before


def test_a_file_that_nobody_refers_to_is_left_to_the_janitor(victim):
    blob = victim.blobs("whole")[0]
    victim.sql("DELETE FROM current WHERE key = 'whole'")

    assert mended(victim).clean

    ((refs, since),) = victim.sql("SELECT refs, garbage_since FROM blob WHERE id = ?", blob)
    assert refs == 0
    assert since is not None
    assert victim.file(blob).exists()


def test_a_file_marked_to_be_removed_by_mistake(victim):
    (blob,) = victim.blobs("large")
    victim.sql("UPDATE blob SET garbage_since = 1 WHERE id = ?", blob)

    assert mended(victim).clean

    with cosbox.open(victim.folder):
        pass
    assert read(victim, "large") == LARGE


def test_a_small_blob_that_nobody_refers_to_is_kept_aside(victim):
    (blob,) = victim.blobs("small")
    victim.sql("DELETE FROM current WHERE key = 'small'")

    assert mended(victim).clean

    assert victim.sql("SELECT * FROM blob WHERE id = ?", blob) == []
    assert (victim.folder / "lost" / f"blob-{blob:x}").read_bytes() == SMALL


@pytest.fixture
def orphan(victim):
    """A file with the next number but five."""
    ((following,),) = victim.sql("SELECT next_blob FROM state")
    path = victim.file(following - 5)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"nobody's")
    return path


def test_an_orphan_is_moved_aside_once_it_is_old(victim, orphan):
    blob = int(orphan.name, 16)
    assert victim.found() == {(Kind.ORPHAN, None, blob)}
    young = mended(victim)
    assert (young.repairs, [each.kind for each in young.findings]) == ((), [Kind.ORPHAN])

    os.utime(orphan, (1, 1))
    old = mended(victim)

    assert old.clean
    assert not orphan.exists()
    assert (victim.folder / "lost" / f"blob-{blob:x}").read_bytes() == b"nobody's"


def test_what_was_moved_aside_is_not_replaced(victim, orphan):
    blob = int(orphan.name, 16)
    (victim.folder / "lost").mkdir()
    (victim.folder / "lost" / f"blob-{blob:x}").write_bytes(b"of before")
    os.utime(orphan, (1, 1))

    assert mended(victim).clean

    found = {path.name: path.read_bytes() for path in (victim.folder / "lost").iterdir()}
    assert found == {f"blob-{blob:x}": b"of before", f"blob-{blob:x}-2": b"nobody's"}


def test_files_from_the_future(victim, orphan):
    """The records are older than the files: numbers must not be given out again, and the files,
    which may belong to the records that are missing, are not deleted."""
    blob = int(orphan.name, 16) + 10
    path = victim.file(blob)
    path.parent.mkdir()
    orphan.rename(path)
    os.utime(path, (1, 1))
    assert victim.found() == {(Kind.ORPHAN, None, blob), (Kind.COUNTER, None, None)}

    assert mended(victim).clean

    assert (victim.folder / "lost" / f"blob-{blob:x}").read_bytes() == b"nobody's"
    assert victim.sql("SELECT next_blob FROM state") == [(blob + 1,)]


@pytest.mark.parametrize("counter", ["last_stamp", "next_blob", "next_bucket"])
def test_counters_are_raised(victim, counter):
    victim.sql(f"UPDATE state SET {counter} = 1")
    assert (Kind.COUNTER, None, None) in victim.found()

    assert mended(victim).clean

    with cosbox.open(victim.folder) as client:
        client.create_bucket("another-1250000000")
        for size in (10, 100_000):
            client.put_object("another-1250000000", bytes(size), f"{size}")
    assert check(victim.folder).clean


def test_damage_is_reported_and_kept(victim):
    victim.flip(victim.blobs("large")[0], 7)
    victim.file(victim.blobs("whole")[0]).unlink()
    before = victim.found()

    report = mended(victim)

    assert report.repairs == ()
    assert {brief(each) for each in report.findings} == before
    assert len(before) == 4


def test_no_count_is_lowered_where_records_are_damaged(victim):
    """The versions that would explain it may be among them."""
    (blob,) = victim.blobs("small")
    victim.sql("UPDATE current SET extents = substr(extents, 1, 20) WHERE key = 'small'")
    (low,) = victim.blobs("large")
    victim.sql("UPDATE blob SET refs = 1 WHERE id = ?", low)

    report = mended(victim)

    assert report.repairs == (f"blob {low}: corrected its references by +2",)
    assert {each.kind for each in report.findings} == {Kind.CONTENT, Kind.REFERENCES}
    assert victim.sql("SELECT refs, data FROM blob WHERE id = ?", blob) == [(1, SMALL)]


def test_nothing_is_touched_where_the_database_is_damaged(victim):
    database = victim.folder / "records.db"
    content = bytearray(database.read_bytes())
    for page in range(3, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = bytes(200)
    database.write_bytes(content)

    report = repair(victim.folder)

    assert report.repairs == ()
    assert Kind.RECORDS in {each.kind for each in report.findings}
    assert database.read_bytes() == content


def test_files_of_dead_processes(victim):
    ((following,),) = victim.sql("SELECT next_blob FROM state")
    first = -(-following // 1024) * 1024
    victim.sql("INSERT INTO reservation VALUES (?, 'dead')", first)
    victim.sql("UPDATE state SET next_blob = ?", first + 1024)
    path = victim.file(first + 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"half of a bo")
    assert check(victim.folder).clean
    assert victim.found() == {(Kind.UNRECORDED, None, None)}

    report = mended(victim)

    assert report.repairs == ("removed files that dead processes had left: 1",)
    assert not path.exists()


def test_two_repairs_at_once(victim):
    lock = FileLock(victim.folder / "locks" / "repair")
    lock.acquire()
    try:
        with pytest.raises(StoreInUseError):
            repair(victim.folder)
    finally:
        lock.close()


def test_a_repair_that_is_killed(victim):
    """The next one does what is left, and nothing is lost."""
    with cosbox.open(victim.folder) as client:
        for number in range(500):
            client.put_object(BUCKET, b"%d" % number * 100, f"n{number}")
    victim.sql("UPDATE blob SET refs = refs + 1 WHERE data IS NOT NULL")
    with subprocess.Popen([*COMMAND, "fsck", victim.folder, "--repair"]) as process:
        wait_until(lambda: victim.sql("SELECT count(*) FROM blob WHERE refs = 1")[0][0] > 100)
        process.kill()

    assert mended(victim).clean

    with cosbox.open(victim.folder) as client:
        for number in range(500):
            body = client.get_object(BUCKET, f"n{number}")["Body"].read()
            assert body == b"%d" % number * 100

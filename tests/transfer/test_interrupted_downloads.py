"""What of an interrupted download is kept, and what is not: every byte that crosses is counted."""

import os
import subprocess
from itertools import pairwise

import pytest

import cosbox
from cosbox import SourceChangedError
from support import faults
from support.disks import small_disk
from support.errands import client_of
from support.faults import Fault
from support.moving import BUCKET, MIB, Told

SIZE = 7 * MIB + 4321
PARTS = 8
DATA = os.urandom(SIZE)
OTHER = os.urandom(SIZE)


class Downloads:
    """Downloads of one object through the proxy."""

    def __init__(self, chaos, rules, key, path):
        self.chaos = chaos
        self.rules = rules
        self.key = key
        self.path = path

    def __call__(self, path=None, size=SIZE, **options):
        """Download; returns the ranges that were asked for."""
        mark = self.chaos.mark()
        told = Told()
        options = {"PartSize": 1, **options}
        with client_of(self.chaos.port, retry=1) as client:
            client.download_file(
                BUCKET, self.key, path or self.path, progress_callback=told, **options
            )
        told.check(size)
        assert self.chaos.wait_idle()
        return sorted(seen.range for seen in self.chaos.since(mark, "get_object"))

    def interrupted(self, part=5, **options):
        """The network goes away at a part."""
        self.rules.add(faults.DROP, begins_at((part - 1) * MIB), times=9)
        with pytest.raises(cosbox.TransportError):
            self(MAXThread=1, **options)
        self.rules.rules.clear()

    def during(self, action, part=3):
        """Do something when a part is asked for, before it is."""

        def choose(seen):
            if seen.range and seen.range[0] == (part - 1) * MIB:
                self.chaos.choose = self.rules
                action()
            return self.rules(seen)

        self.chaos.choose = choose


def begins_at(offset):
    """Requests for bytes from there on."""
    return lambda seen: seen.range is not None and seen.range[0] == offset


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder


@pytest.fixture
def path(folder):
    return folder / "file"


@pytest.fixture
def key(request, direct):
    key = request.node.name
    direct.put_object(BUCKET, DATA, key)
    return key


@pytest.fixture
def download(chaos, rules, key, path):
    return Downloads(chaos, rules, key, path)


def ranges(*numbers):
    return [((n - 1) * MIB, min(n * MIB, SIZE) - 1) for n in numbers]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def check(path, data=DATA):
    assert path.read_bytes() == data
    assert names(path.parent) == [path.name]


def test_the_rest_alone_is_fetched(download, path):
    download.interrupted()
    assert not path.exists()
    assert download() == ranges(5, 6, 7, 8)
    check(path)


def test_a_body_that_breaks_goes_on_at_its_exact_byte(chaos, download, rules, path):
    for share in (0.1, 0.5, 0.9):
        rules.add(Fault(faults.TRUNCATE, share=share), begins_at(MIB))
        rules.add(Fault(faults.TRUNCATE, share=share), begins_at(7 * MIB))
    asked = download()
    check(path)
    fetched = [seen for seen in chaos.since(0, "get_object") if seen.range]
    assert sum(seen.answered for seen in fetched) == SIZE, "some bytes came twice"
    of_second = [first for first, last in asked if last == 2 * MIB - 1]
    assert len(of_second) > 1
    assert all(a < b for a, b in pairwise(of_second))


def test_what_was_written_is_read_again_before_it_is_trusted(download, path, folder):
    download.interrupted()
    (part,) = folder.glob(".cosbox-*.part")
    with part.open("r+b") as file:
        file.seek(MIB + 17)
        file.write(b"rotten")
    assert download() == ranges(2, 5, 6, 7, 8)
    check(path)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda part, journal: journal.unlink(),
        lambda part, journal: part.unlink(),
        lambda part, journal: journal.write_bytes(os.urandom(999)),
        lambda part, journal: journal.write_bytes(b""),
        lambda part, journal: part.write_bytes(b""),
        lambda part, journal: os.truncate(part, SIZE + 5),
        lambda part, journal: journal.write_bytes(journal.read_bytes()[:-9]),
        lambda part, journal: journal.write_bytes(journal.read_bytes().replace(b"1", b"2")),
    ],
    ids=range(8),
)
def test_what_is_left_may_be_torn_or_garbage(download, path, folder, spoil):
    download.interrupted()
    (part,), (journal,) = folder.glob(".cosbox-*.part"), folder.glob(".cosbox-*.journal")
    spoil(part, journal)
    download()
    check(path)


def test_another_size_of_parts_begins_anew(download, path):
    download.interrupted()
    assert len(download(PartSize=2)) == 4
    check(path)


def test_journals_can_be_kept_elsewhere(download, path, folder, tmp_path):
    records = tmp_path / "records"
    download.interrupted(DumpRecordDir=records)
    assert len(names(records)) == 1
    assert download(DumpRecordDir=records) == ranges(5, 6, 7, 8)
    check(path)
    assert names(records) == []


def test_where_no_journal_can_be_written(download, path, folder):
    nowhere = path.with_name("a file")
    nowhere.write_bytes(b"")
    download.interrupted(DumpRecordDir=nowhere / "records")
    assert download(DumpRecordDir=nowhere / "records") == ranges(*range(1, 9))
    nowhere.unlink()
    check(path)


def test_overwritten_in_between(direct, download, path, key):
    download.interrupted()
    direct.put_object(BUCKET, OTHER, key)
    assert download() == ranges(*range(1, 9))
    check(path, OTHER)


def test_overwritten_in_between_with_the_same_bytes(direct, download, path, key):
    download.interrupted()
    direct.put_object(BUCKET, DATA, key)
    download()
    check(path)


@pytest.mark.parametrize("overwrites", [True, False], ids=["overwritten", "deleted"])
def test_an_object_that_changes_meanwhile_is_never_mixed(
    direct, download, path, folder, key, overwrites
):
    path.write_bytes(b"old")

    def change():
        if overwrites:
            direct.put_object(BUCKET, OTHER, key)
        else:
            direct.delete_object(BUCKET, key)

    download.during(change)
    with pytest.raises(SourceChangedError, match="overwritten or deleted"):
        download()
    check(path, b"old")
    if overwrites:
        download()
        check(path, OTHER)


def test_a_version_stays_what_it_is(chaos, port, rules, path, request):
    bucket = "versions-1250000000"
    with client_of(port) as direct, client_of(chaos.port) as client:
        direct.create_bucket(bucket)
        direct.put_bucket_versioning(bucket, "Enabled")
        direct.put_object(bucket, DATA, "a")
        download = Downloads(chaos, rules, "a", path)
        download.during(lambda: direct.put_object(bucket, OTHER, "a"))
        client.download_file(bucket, "a", path, PartSize=1)
        check(path)
        client.download_file(bucket, "a", path, PartSize=1)
        check(path, OTHER)


def test_bytes_that_arrive_damaged_are_fetched_once_more(download, rules, path):
    rules.add(faults.SPOIL_ANSWER, begins_at(MIB))
    download()
    check(path)


def test_and_then_it_is_an_error(download, rules, path):
    rules.add(faults.SPOIL_ANSWER, begins_at(MIB), times=9)
    path.write_bytes(b"old")
    with pytest.raises(cosbox.IntegrityError):
        download()
    check(path, b"old")


def test_several_processes_with_one_destination(chaos, zygote, key, path):
    order = {"port": chaos.port, "bucket": BUCKET, "key": key, "path": str(path)}
    children = [zygote.run("download", **order, options={"PartSize": 1}) for _ in range(3)]
    for child in children:
        outcome = child.wait()
        assert "returned" in outcome, outcome
    check(path)


def test_a_folder_that_is_not_there(chaos, download, tmp_path, folder):
    with pytest.raises(FileNotFoundError):
        download(tmp_path / "nowhere" / "file")
    with pytest.raises(IsADirectoryError):
        download(folder)
    with pytest.raises(OSError, match=r"Not a directory|No such file"):
        download(__file__ + "/file")
    assert chaos.seen == []
    assert names(folder) == []


@pytest.fixture
def disk(tmp_path):
    """A folder on a disk of 9 MiB."""
    with small_disk(tmp_path, 9) as path:
        yield path


def test_a_disk_that_is_too_full_is_found_out_at_once(chaos, download, disk):
    (disk / "ballast").write_bytes(bytes(4 * MIB))
    with pytest.raises(OSError, match="No space left"):
        download(disk / "file")
    assert chaos.since(0, "get_object") == []
    (disk / "ballast").unlink()
    download(disk / "file")
    check(disk / "file")


def test_a_disk_that_fills_up_meanwhile(download, disk):
    ballast = disk / "ballast"
    download.during(lambda: ballast.write_bytes(bytes(4 * MIB)))
    with pytest.raises(OSError, match="No space left"):
        download(disk / "file", MAXThread=1)
    assert not (disk / "file").exists()
    ballast.unlink()
    assert len(download(disk / "file")) < PARTS
    check(disk / "file")


def test_a_disk_that_cannot_be_written_to(chaos, download, disk):
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(OSError, match="Read-only"):
        download(disk / "file")
    assert chaos.since(0, "get_object") == []

"""``cosbox backup`` and ``cosbox restore``: beside a server, interrupted, killed, disk full."""

import os
import pty
import random
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest

import cosbox
from cosbox.service.upkeep.backup import back_up
from cosbox.service.upkeep.fsck import check
from cosbox.service.upkeep.restore import list_snapshots
from support import disks
from support.crashing.cuts import powered
from support.serving import KEYS, Serving

BUCKET = "saved-1250000000"
BODIES = 400
SIZE = 70_000

RUN = (sys.executable, "-m", "cosbox.cli.main")


def run(*arguments):
    done = subprocess.run(
        [*RUN, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


def begin(*arguments):
    return subprocess.Popen(
        [*RUN, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with many bodies that are files."""
    folder = tmp_path_factory.mktemp("saved") / "store"
    with cosbox.open(folder) as client:
        client.create_bucket(BUCKET)
        for number in range(BODIES):
            client.put_object(BUCKET, number.to_bytes(4) * (SIZE // 4), f"{number}")
    return folder


def files(folder):
    return sum(path.is_file() for path in (folder / "blobs").rglob("*") if ".new" not in path.name)


def wait_for_files(folder, count):
    """Until so many are there."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if (folder / "blobs").exists() and files(folder) >= count:
            return
        time.sleep(0.002)  # short: it is to be killed while it copies
    raise AssertionError(f"{folder} did not get {count} files")


def test_there_and_back(tmp_path):
    target = tmp_path / "backups"
    with Serving(tmp_path / "store") as serving:
        conf = cosbox.CosConfig(
            Endpoint=f"127.0.0.1:{serving.port}",
            SecretId=KEYS["COSBOX_SECRET_ID"], SecretKey=KEYS["COSBOX_SECRET_KEY"],
        )  # fmt: skip
        stop = threading.Event()
        kept = []

        def write():
            for number in range(10_000):
                if stop.is_set():
                    return
                client.put_object(BUCKET, b"%d" % number * 70_000, f"{number}")
                kept.append(f"{number}")

        with cosbox.CosS3Client(conf) as client:
            client.create_bucket(BUCKET)
            client.put_object(BUCKET, bytes(SIZE), "large")
            writer = threading.Thread(target=write)
            writer.start()
            acknowledged = list(kept)
            code, out, err = run("backup", tmp_path / "store", target)
            stop.set()
            writer.join()
        assert (code, err) == (0, "")
        assert re.fullmatch(
            r"cosbox: snapshot 1 is in \S+: \d+ files \([\d.]+ [kM]?B\) copied, 0 there already,"
            r" 0 removed; records [\d.]+ [kM]B\n", out,
        )  # fmt: skip

    code, out, err = run("restore", target, tmp_path / "new")
    assert (code, err) == (0, "")
    assert out.startswith(f"cosbox: {tmp_path / 'new'} is a store, as of snapshot 1, taken 20")
    assert run("fsck", tmp_path / "new")[0] == 0
    with Serving(tmp_path / "new") as serving:
        conf = cosbox.CosConfig(
            Endpoint=f"127.0.0.1:{serving.port}",
            SecretId=KEYS["COSBOX_SECRET_ID"], SecretKey=KEYS["COSBOX_SECRET_KEY"],
        )  # fmt: skip
        with cosbox.CosS3Client(conf) as client:
            names = {each["Key"] for each in client.iter_objects(BUCKET)}
            assert {*acknowledged, "large"} <= names
            for name in sorted(names)[:20]:
                assert client.get_object(BUCKET, name)["Body"].read()

    code, out, _ = run("restore", "--list", target)
    assert code == 0
    assert re.fullmatch(r"1, taken \S+ \S+ UTC: \d+ files \(\S+ \S+\), records \S+ [kM]B\n", out)


def test_killed_at_any_moment(store, tmp_path):
    """What was there stays, what was copied is not copied again, and the last one is whole."""
    target = tmp_path / "backups"
    dice = random.Random(5)
    first = back_up(store, target)
    with cosbox.open(store) as client:
        for number in range(0, BODIES, 2):
            client.put_object(BUCKET, number.to_bytes(4) * (SIZE // 4), f"{number}")
    for _ in range(4):
        process = begin("backup", store, target, "--keep", "9")
        wait_for_files(target, min(files(target) + dice.randrange(1, 30), BODIES * 3 // 2))
        process.kill()
        process.communicate()
        assert list_snapshots(target)[0] == first.snapshot
    assert run("restore", target, tmp_path / "first", "--snapshot", 1)[0] == 0
    assert check(tmp_path / "first").clean

    there = files(target) - BODIES
    assert there > 0
    done = back_up(store, target, keep=1)
    assert done.there == BODIES // 2 + there
    assert done.copied == BODIES - done.there
    assert done.removed >= BODIES // 2
    assert files(target) == BODIES
    assert run("restore", target, tmp_path / "second")[0] == 0
    assert check(tmp_path / "second").clean


def test_ctrl_c(store, tmp_path):
    target = tmp_path / "backups"
    process = begin("backup", store, target)
    wait_for_files(target, 20)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert err == "cosbox: interrupted; earlier snapshots are as they were, and the next goes on\n"
    assert list_snapshots(target) == []
    assert list((target / "snapshots").iterdir()) == []


def test_a_restore_is_interrupted_and_goes_on(store, tmp_path):
    back_up(store, tmp_path / "backups")
    for number in (signal.SIGKILL, signal.SIGINT):
        process = begin("restore", tmp_path / "backups", tmp_path / "new")
        before = files(tmp_path / "new") if (tmp_path / "new" / "blobs").exists() else 0
        wait_for_files(tmp_path / "new", before + 30)
        process.send_signal(number)
        process.communicate()
        code, _, err = run("fsck", tmp_path / "new")
        assert (code, "there is no store" in err) == (2, True)
    back_up(store, tmp_path / "backups")
    code, _, err = run("restore", tmp_path / "backups", tmp_path / "new")
    assert (code, "not empty" in err) == (1, True)  # that would be another snapshot
    code, _, err = run("restore", tmp_path / "backups", tmp_path / "new", "--snapshot", 1)
    assert (code, err) == (0, "")
    assert check(tmp_path / "new").findings == ()
    assert not (tmp_path / "new" / "restoring.json").exists()


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 16 MiB."""
    with disks.small_disk(tmp_path, 16) as path:
        yield path


def test_a_full_disk(store, small_disk, tmp_path):
    with cosbox.open(tmp_path / "small") as client:
        client.create_bucket(BUCKET)
        for number in range(30):
            client.put_object(BUCKET, bytes([number]) * SIZE, f"{number}")
    target = small_disk / "backups"
    back_up(tmp_path / "small", target)
    with cosbox.open(tmp_path / "small") as client:
        client.put_object(BUCKET, bytes(16 << 20), "too large")
    code, out, err = run("backup", tmp_path / "small", target)
    assert (code, out) == (1, "")
    assert err.endswith(": no room left\n")
    with cosbox.open(tmp_path / "small") as client:
        client.delete_object(BUCKET, "too large")
    assert back_up(tmp_path / "small", target).copied == 0
    assert len(list_snapshots(target)) == 2

    code, _, err = run("restore", target, small_disk / "new")
    assert (code, err) == (0, "")
    back_up(store, tmp_path / "backups")
    code, _, err = run("restore", tmp_path / "backups", small_disk / "large")
    assert code == 1
    assert "no room left" in err


def test_a_damaged_body_is_a_failure(tmp_path):
    with cosbox.open(tmp_path / "store") as client:
        client.create_bucket(BUCKET)
        client.put_object(BUCKET, bytes(SIZE), "spoilt")
        client.put_object(BUCKET, b"x" * SIZE, "good")
    path = min(path for path in (tmp_path / "store" / "blobs").rglob("*") if path.is_file())
    path.write_bytes(bytes(SIZE - 1) + b"x")
    code, out, err = run("backup", tmp_path / "store", tmp_path / "backups")
    assert code == 1
    assert "snapshot 1 is in" in out
    assert err == (
        f"cosbox: but 1 bodies in {tmp_path / 'store'} are damaged or gone, and"
        f" {tmp_path / 'backups'} has them not; which objects those are says:"
        f" cosbox fsck {tmp_path / 'store'}\n"
    )
    code, out, err = run("restore", tmp_path / "backups", tmp_path / "new")
    assert code == 1
    assert "is a store, as of snapshot 1" in out
    assert f"cosbox fsck {tmp_path / 'new'}" in err
    with cosbox.open(tmp_path / "new") as client:
        assert client.get_object(BUCKET, "good")["Body"].read() == b"x" * SIZE


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("backup", "nothing", "backups"), 1, "there is no store"),
        (("backup", "nothing", "backups", "--keep", "0"), 2, "must be 1 or more"),
        (("restore", "nothing", "new"), 1, "there are no backups"),
        (("restore", "nothing"), 2, "name either DIR"),
        (("restore", "nothing", "new", "--list"), 2, "name either DIR"),
        (("restore", "nothing", "--list"), 1, "there are no backups"),
    ],
)
def test_wrongly_asked_for(tmp_path, monkeypatch, arguments, status, said):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert (code, out) == (status, "")
    assert said in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


class TestPowerCuts:
    """The backups, or the store to be, lie on a disk that forgets what was not synced."""

    @pytest.fixture
    def small(self, tmp_path):
        with cosbox.open(tmp_path / "store") as client:
            client.create_bucket(BUCKET)
            for number in range(40):
                client.put_object(BUCKET, bytes([number]) * SIZE, f"{number}")
        return tmp_path / "store"

    @pytest.fixture
    def disk(self, tmp_path):
        (tmp_path / "disk").mkdir()
        return tmp_path / "disk"

    def run_and_cut(self, disk, after, *arguments):
        wrapper = powered(disk, after + 1, after)
        done = subprocess.run(
            [*wrapper, *RUN, *map(str, arguments)], capture_output=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr

    def test_a_backup(self, small, disk, tmp_path):
        target = disk / "backups"
        back_up(small, target)
        complete = 1
        for round_, after in enumerate((10, 60, 150, 400)):
            with cosbox.open(small) as client:
                client.put_object(BUCKET, bytes([round_]) * (SIZE + 9), "changed")
                client.delete_object(BUCKET, f"{round_}")
            self.run_and_cut(disk, after, "backup", small, target, "--keep", 2)
            found = [each.number for each in list_snapshots(target)]
            assert found
            assert found[-1] in {complete, complete + 1}
            complete = found[-1]
            for number in found:
                new = tmp_path / f"new-{round_}-{number}"
                assert run("restore", target, new, "--snapshot", number)[0] == 0
                assert check(new).findings == ()
        assert back_up(small, target, keep=1).snapshot.damaged == ()
        assert files(target) == 37

    def test_a_restore(self, small, disk, tmp_path):
        back_up(small, tmp_path / "backups")
        for after in (5, 50, 200, 2000):
            self.run_and_cut(disk, after, "restore", tmp_path / "backups", disk / "new")
            if (disk / "new" / "cosbox.json").exists():
                break
        else:
            assert run("restore", tmp_path / "backups", disk / "new")[0] == 0
        assert check(disk / "new").findings == ()


def test_on_a_terminal_it_shows_how_far_it_is(store, tmp_path):
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [*RUN, "backup", store, tmp_path / "backups"], stdout=subprocess.PIPE, stderr=child
    )
    os.close(child)
    seen = b""
    with suppress(OSError):  # the end of a terminal
        while piece := os.read(parent, 4096):
            seen += piece
    os.close(parent)
    out, _ = process.communicate()
    assert process.returncode == 0
    assert re.match(rb"\r1 files \(70\.0 kB\) copied, 0 there already ", seen)
    assert seen.endswith(b"\r\x1b[K")
    assert out.startswith(b"cosbox: snapshot 1 is in")

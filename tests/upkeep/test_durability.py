"""docs/durability.md against what the system is asked for, and what a failed sync leaves."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import cosbox
from cosbox.protocol.operations import OPERATIONS
from cosbox.service.clock import MovableClock
from cosbox.service.upkeep.fsck import check
from cosbox.storage.files import FileBlobs
from cosbox.storage.folder import open_folder
from support.crashing.cuts import powered
from support.failing import failing
from support.serving import Serving
from support.syscalls import PRELUDE, Trace, traced

PAGE = Path(__file__).resolve().parents[2] / "docs" / "durability.md"
BUCKET = "synced-1250000000"

EVERY_CALL = textwrap.dedent("""
    import cosbox
    bucket = "synced-1250000000"
    small, large = b"x" * 100, b"x" * 100_000
    part = bytes(1 << 20)
    mark("open")
    client = cosbox.open(sys.argv[1], durability=sys.argv[2])
    source = {"Bucket": bucket, "Key": "a", "Region": "local"}

    def call(name, *args, size="", **kwargs):
        mark(f"{name} {size}".strip())
        return getattr(client, name)(*args, **kwargs)

    call("create_bucket", bucket)
    call("put_bucket_acl", bucket, ACL="public-read")
    # The first large body has the process reserve ids for it and those that follow.
    mark("reserve")
    client.put_object(bucket, large, "first")
    call("put_object", bucket, small, "a", size="small")
    call("put_object", bucket, small, "a", size="small")
    call("put_object", bucket, large, "b", size="large")
    call("put_object", bucket, large, "b", size="large")
    call("put_object_acl", bucket, "a", ACL="public-read")
    call("get_object_acl", bucket, "a")
    call("get_object", bucket, "b")["Body"].read()
    call("head_object", bucket, "b")
    call("copy_object", bucket, "c", source)
    call("list_objects", bucket)
    call("list_objects_versions", bucket)
    call("delete_object", bucket, "c")
    call("delete_objects", bucket, {"Object": [{"Key": "b"}]})
    mark("other")
    client.put_object(bucket, small, "archived", StorageClass="ARCHIVE")
    call("restore_object", bucket, "archived", {"Days": 1})
    upload = call("create_multipart_upload", bucket, "whole")["UploadId"]
    first = call("upload_part", bucket, "whole", part, 1, upload, size="large")["ETag"]
    second = call("upload_part", bucket, "whole", small, 2, upload, size="small")["ETag"]
    third = call("upload_part_copy", bucket, "whole", 3, upload, source)["ETag"]
    call("list_parts", bucket, "whole", upload)
    call("list_multipart_uploads", bucket)
    parts = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]
    call("complete_multipart_upload", bucket, "whole", upload, {"Part": parts})
    mark("other")
    upload = client.create_multipart_upload(bucket, "given-up")["UploadId"]
    client.upload_part(bucket, "given-up", part, 1, upload)
    call("abort_multipart_upload", bucket, "given-up", upload)
    call("put_bucket_versioning", bucket, "Enabled")
    call("put_object", bucket, small, "a", size="small")
    call("delete_object", bucket, "a")
    call("get_bucket_versioning", bucket)
    call("get_bucket_acl", bucket)
    call("get_bucket_location", bucket)
    call("head_bucket", bucket)
    call("list_buckets")
    mark("other")
    client.create_bucket("gone-1250000000")
    call("delete_bucket", "gone-1250000000")
    mark("close")
    client.close()
    mark("end")
""")


def told(column):
    """What the page says that is synced before the answer of each call, by call and size."""
    found = {}
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        names = re.findall(r"`(\w+)`((?: small| large)?)", cells[0])
        if len(cells) == 3 and any(name in OPERATIONS for name, _ in names):
            what = set(re.findall(r"\b(body|names|log|nothing)\b", cells[column])) - {"nothing"}
            assert cells[column], line
            found.update({name + size: what for name, size in names})
    return found


def sorts(paths):
    """What kinds of things were synced."""
    found = set()
    for path in paths:
        if path == "records.db-wal":
            found.add("log")
        elif re.fullmatch("blobs/.../.../.../[0-9a-f]+", path):
            found.add("body")
        elif path.startswith("blobs"):
            found.add("names")
        else:
            found.add(path)
    return found


@pytest.mark.parametrize(("durability", "column"), [("full", 1), ("process", 2)])
def test_the_table_of_calls(tmp_path, durability, column):
    folder = tmp_path / "above" / "store"
    done = traced(folder, EVERY_CALL, durability, out=tmp_path / "calls")
    assert (done.returncode, done.stderr) == (0, "")
    steps = {step.name: step for step in Trace.read(folder, tmp_path / "calls")}

    table = told(column)
    assert {name.split()[0] for name in table} == OPERATIONS.keys()
    assert table.keys() <= steps.keys()
    behind = {"records.db-wal"} if durability == "process" else set()
    for name, step in steps.items():
        if name in table:
            # With `process` the log may be synced at any time, as nobody waits for it.
            assert sorts(step.synced) - ({"log"} if behind else set()) == table[name], name
        if name not in {"", "close", "end"}:
            assert step.unsynced <= behind, name
        assert step.removed_early == [], name
    if not behind:
        assert {".", "..", "cosbox.json.new"} <= set(steps["open"].synced)
    assert {"records.db-wal", "blobs", "blobs/000/000/001"} <= set(steps["reserve"].synced)


def test_what_was_not_synced_is_synced_a_moment_later(tmp_path):
    program = """
        import cosbox, threading
        synced = threading.Event()
        fdatasync = os.fdatasync
        def sync(fd):
            fdatasync(fd)
            synced.set()
        client = cosbox.open(sys.argv[1], durability="process")
        client.create_bucket("synced-1250000000")
        mark("put")
        client.put_object("synced-1250000000", b"x", "a")
        os.fdatasync = sync
        assert synced.wait(30)
        mark("later")
        os.kill(os.getpid(), 9)
    """
    traced(tmp_path / "store", textwrap.dedent(program), out=tmp_path / "calls")
    steps = {step.name: step for step in Trace.read(tmp_path / "store", tmp_path / "calls")}
    assert "later" in steps
    assert "records.db-wal" in steps["put"].synced
    assert steps["put"].unsynced == set()


def test_a_killed_process_loses_nothing_of_what_was_answered(tmp_path):
    program = """
        import cosbox, itertools
        client = cosbox.open(sys.argv[1], durability="process")
        client.create_bucket("synced-1250000000")
        for number in itertools.count():
            client.put_object("synced-1250000000", b"x" * (1 + number % 3 * 50_000), f"{number}")
            print(number, flush=True)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(program), tmp_path / "store"],
        stdout=subprocess.PIPE,
    )
    for _ in range(100):
        answered = int(process.stdout.readline())
    process.kill()
    answered = max([answered, *map(int, process.stdout.read().split(b"\n")[:-1])])
    process.wait()
    process.stdout.close()
    assert check(tmp_path / "store").clean
    with cosbox.open(tmp_path / "store") as client:
        names = {each["Key"] for each in client.iter_objects(BUCKET)}
    assert {f"{number}" for number in range(answered + 1)} <= names


def test_whatever_end_of_the_log_is_lost_the_store_is_whole(tmp_path):
    """With ``process``, after a power cut: files are there as they were at the end, and of the log
    what was synced, and any part of the rest."""
    store = tmp_path / "store"
    clock = MovableClock()
    from cosbox.client.transports.inprocess import InProcessTransport

    conf = cosbox.CosConfig(Region="local", Endpoint="localhost", Anonymous=True)
    transport = InProcessTransport.open(store, clock=clock, durability="process")
    log = store / "records.db-wal"
    with cosbox.CosS3Client(conf, transport=transport) as client:
        client.create_bucket(BUCKET)
        client.put_object(BUCKET, bytes(70_000), "first")
        client.put_object(BUCKET, b"before", "kept")
        client.put_object(BUCKET, bytes(80_000), "kept large")
        synced = log.stat().st_size
        for number in range(12):
            client.put_object(BUCKET, b"%d" % number * 40_000, f"large {number % 4}")
            client.put_object(BUCKET, b"%d" % number, f"small {number % 4}")
        client.delete_object(BUCKET, "kept large")
        whole = log.stat().st_size
        for nth, size in enumerate(range(synced, whole, (whole - synced) // 7)):
            copy = tmp_path / f"copy{nth}"
            shutil.copytree(store, copy, ignore=shutil.ignore_patterns("locks", "*-shm"))
            os.truncate(copy / log.name, size)
            open_folder(copy).close()
            assert check(copy).findings == ()
            with cosbox.open(copy) as restored:
                assert restored.get_object(BUCKET, "kept")["Body"].read() == b"before"
                assert len(restored.get_object(BUCKET, "kept large")["Body"].read()) == 80_000
                # Ids are given out again, and none of them is a file's.
                restored.put_object(BUCKET, bytes(90_000), "after")


OVERWRITING = textwrap.dedent("""
    import cosbox, itertools, sys
    client = cosbox.open(sys.argv[1], durability="process")
    for number in itertools.count(int(sys.argv[2])):
        key = f"{number % 7}"
        if number % 5 == 4:
            client.delete_object("synced-1250000000", key)
        else:
            size = 70_000 if number % 3 else 10
            client.put_object("synced-1250000000", number.to_bytes(8) * size, key)
        print(number, flush=True)
""")


def after(count):
    """What the store holds after so many steps of `OVERWRITING`: numbers by key."""
    found = {}
    for number in range(count):
        if number % 5 == 4:
            found.pop(f"{number % 7}", None)
        else:
            found[f"{number % 7}"] = number
    return found


def test_a_power_cut_turns_the_store_back_to_one_moment(tmp_path):
    disk, copy = tmp_path / "disk", tmp_path / "copy"
    disk.mkdir()
    with cosbox.open(disk / "store") as client:
        client.create_bucket(BUCKET)
    dice = random.Random(7)
    number = lost = 0
    for _ in range(4):
        wrapper = powered(disk, dice.randrange(1, 1 << 32), dice.randrange(600, 3000))
        done = subprocess.run(
            [*wrapper, sys.executable, "-c", OVERWRITING, disk / "store", str(number)],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        answered = int(done.stdout.split("\n")[-2]) + 1
        assert answered > number
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(disk / "store", copy)
        with cosbox.open(copy) as client:
            found = {
                each["Key"]: int.from_bytes(client.get_object(BUCKET, each["Key"])["Body"].read(8))
                for each in client.iter_objects(BUCKET)
            }
        assert check(copy).findings == ()
        # The next round begins with what is there, and not with the number that was answered.
        moments = [count for count in range(number, answered + 2) if after(count) == found]
        assert moments, (found, answered)
        lost += answered - moments[-1]
        number = moments[-1]
    print(f"{lost} steps were lost of {number + lost}")


def test_files_go_only_when_the_log_that_let_go_of_them_is_on_the_disk(tmp_path):
    program = """
        import cosbox
        from cosbox.client.transports.inprocess import InProcessTransport
        clock = cosbox.MovableClock()
        conf = cosbox.CosConfig(Region="local", Endpoint="localhost", Anonymous=True)
        transport = InProcessTransport.open(sys.argv[1], clock=clock, durability="process")
        client = cosbox.CosS3Client(conf, transport=transport)
        client.create_bucket("synced-1250000000")
        client.put_object("synced-1250000000", bytes(70_000), "a")
        client.delete_object("synced-1250000000", "a")
        clock.move(hours=2)
        mark("sweep")
        transport._janitor.sweep()
        assert not [each for each in os.walk(f"{sys.argv[1]}/blobs") if each[2]]
        client.put_object("synced-1250000000", b"x", "b")
        mark("end")
    """
    done = traced(tmp_path / "store", textwrap.dedent(program), out=tmp_path / "calls")
    assert (done.returncode, done.stderr) == (0, "")
    steps = {step.name: step for step in Trace.read(tmp_path / "store", tmp_path / "calls")}
    assert steps["sweep"].removed_early == []


class TestFailedSync:
    """The disk fails a sync once, and would not again."""

    PROGRAM = textwrap.dedent("""
        import cosbox, logging
        logging.basicConfig(level="CRITICAL")
        client = cosbox.open(sys.argv[1])
        for size in (1, 100_000, 1, 100_000):
            try:
                client.put_object("synced-1250000000", b"y" * size, "kept")
                print("done")
            except cosbox.CosServiceError as error:
                print(error.get_status_code(), error.get_error_code())
        print(client.get_object("synced-1250000000", "kept")["Body"].read() == b"before")
        client.close()
    """)

    @pytest.fixture
    def folder(self, tmp_path):
        with cosbox.open(tmp_path / "store") as client:
            client.create_bucket(BUCKET)
            client.put_object(BUCKET, b"before", "kept")
        return tmp_path / "store"

    def check_after(self, folder):
        """It is opened anew, and all is as it should be."""
        with cosbox.open(folder) as client:
            assert client.get_object(BUCKET, "kept")["Body"].read() in {
                b"before", b"y", b"y" * 100_000
            }  # fmt: skip
            client.put_object(BUCKET, b"after", "kept")
        assert check(folder).findings == ()

    @pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
    def test_of_the_log(self, folder, error):
        """No room is no better: what was committed may be in the log, and may not."""
        fault = f"fdatasync:error={error}:when=1"
        done = traced(folder, self.PROGRAM, inject=(folder / "records.db-wal", fault))
        assert done.stdout.splitlines() == ["503 ServiceUnavailable"] * 4 + ["True"]
        assert done.stderr.count("nothing more is written until the store is opened anew") == 1
        self.check_after(folder)

    def test_of_a_body(self, folder):
        path = folder / "blobs/000/000/001/400"
        done = traced(folder, self.PROGRAM, inject=(path, "fdatasync:error=EIO:when=1"))
        assert done.stdout.splitlines() == ["done", *["503 ServiceUnavailable"] * 3, "False"]
        self.check_after(folder)

    def test_of_names(self, folder):
        (folder / "blobs/000/000/001").mkdir(parents=True)
        path = folder / "blobs/000/000/001"
        done = traced(folder, self.PROGRAM, inject=(path, "fsync:error=EIO:when=1"))
        assert done.stdout.splitlines() == ["done", *["503 ServiceUnavailable"] * 3, "False"]
        self.check_after(folder)

    def test_of_a_body_for_which_there_is_no_room(self, folder):
        """The file is removed, and the next may fit."""
        path = folder / "blobs/000/000/001/400"
        done = traced(folder, self.PROGRAM, inject=(path, "fdatasync:error=ENOSPC:when=1"))
        assert done.stdout.splitlines() == ["done"] * 4 + ["False"]
        assert check(folder).findings == ()
        assert not path.exists()
        self.check_after(folder)

    def test_in_the_background(self, folder):
        program = """
            import cosbox, time
            client = cosbox.open(sys.argv[1], durability="process")
            client.put_object("synced-1250000000", b"y", "kept")
            until = time.monotonic() + 30
            while time.monotonic() < until:
                try:
                    client.put_object("synced-1250000000", b"y", "kept")
                except cosbox.CosServiceError as error:
                    print(error.get_status_code())
                    break
            client.close()
        """
        done = traced(
            folder, textwrap.dedent(program),
            inject=(folder / "records.db-wal", "fdatasync:error=EIO:when=2"),
        )  # fmt: skip
        assert done.stdout.splitlines() == ["503"]
        self.check_after(folder)


class TestRecovery:
    def put_and_die_in_the_commit(self, folder):
        """A large body whose commit is in the log, and that nobody takes for one: its sync fails,
        and the process ends."""
        program = """
            import cosbox
            client = cosbox.open(sys.argv[1])
            try:
                client.put_object("synced-1250000000", b"new" * 40_000, "kept")
            finally:
                os.kill(os.getpid(), 9)
        """
        # By that thread; before it, the log's new header, and the ids for large bodies.
        fault = "fdatasync:error=EIO:when=3"
        done = traced(folder, textwrap.dedent(program), inject=(folder / "records.db-wal", fault))
        assert done.returncode == -signal.SIGKILL

    def test_a_commit_that_nobody_took_for_one_does_not_come_back(self, tmp_path, monkeypatch):
        """Its files are removed when the store is opened. From then on it may not be found in the
        log, even if all die at that very moment."""
        store, copy = tmp_path / "store", tmp_path / "copy"
        with cosbox.open(store) as client:
            client.create_bucket(BUCKET)
            client.put_object(BUCKET, b"before" * 20_000, "kept")
            self.put_and_die_in_the_commit(store)
            assert len(list(FileBlobs(store / "blobs").ids())) == 2
            delete = FileBlobs.delete_many

            def delete_and_die(self, blob_ids):
                there = delete(self, blob_ids)
                shutil.copytree(store, copy, ignore=shutil.ignore_patterns("locks", "*-shm"))
                return there

            monkeypatch.setattr(FileBlobs, "delete_many", delete_and_die)
            open_folder(store).close()
            monkeypatch.undo()
        with cosbox.open(copy) as client:
            assert client.get_object(BUCKET, "kept")["Body"].read() == b"before" * 20_000
        assert check(copy).findings == ()

    def test_what_is_found_in_the_log_is_on_the_disk_before_anybody_reads_it(self, tmp_path):
        store = tmp_path / "store"
        with cosbox.open(store) as client:
            client.create_bucket(BUCKET)
            client.put_object(BUCKET, b"before" * 20_000, "kept")
        self.put_and_die_in_the_commit(store)
        program = """
            import cosbox
            mark("open")
            client = cosbox.open(sys.argv[1])
            mark("read")
            print(client.get_object("synced-1250000000", "kept")["Body"].read(3))
            mark("end")
        """
        done = traced(store, textwrap.dedent(program), out=tmp_path / "calls")
        assert done.stdout == "b'new'\n"
        steps = {step.name: step for step in Trace.read(store, tmp_path / "calls")}
        assert {"records.db-wal", "records.db"} <= set(steps["open"].synced)
        assert check(store).findings == ()


@pytest.mark.parametrize(
    ("options", "status"), [((), 503), (("--durability", "process", "--workers", "2"), 200)]
)
def test_what_a_server_is_told(tmp_path, options, status):
    """The log cannot be synced: who waits for that hears of it."""
    folder = tmp_path / "store"
    with Serving(folder) as serving:
        assert serving.request("PUT", f"/{BUCKET}")[0] == 200
        serving.end()
    # The first sync of the writer is that of a log that begins anew.
    wrapper = failing(folder / "records.db-wal", "fdatasync", after=1)
    with Serving(folder, *options, wrapper=wrapper) as serving:
        assert serving.request("PUT", f"/{BUCKET}/key")[0] == status


def test_no_other_durability(tmp_path):
    with pytest.raises(ValueError, match="one of full, process, not 'fast'"):
        cosbox.open(tmp_path / "store", durability="fast")
    assert not (tmp_path / "store").exists()
    done = subprocess.run(
        [sys.executable, "-m", "cosbox.cli.main", "serve", tmp_path, "--durability", "fast"],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode == 2
    assert "'full', 'process'" in done.stderr

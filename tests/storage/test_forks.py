"""A fork leaves the parent's store alone, and the child opens it anew."""

import itertools
import os
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from cosbox.storage.errors import StorageError, StoreInUseError
from cosbox.storage.folder import open_folder
from cosbox.storage.sqlite import forks
from support.stores import make_bucket, open_files, put

# Python 3.12 warns of every fork beside threads: this is what is tested.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def start_child(work):
    """Run a function in a forked child, which then ends whatever happened."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:  # noqa: BLE001 - nothing may get out of the child
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(status)
    return pid


def end_child(pid):
    """Wait for a child; its failure is the test's."""
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def in_child(work):
    end_child(start_child(work))


@contextmanager
def busy(folder, bucket):
    """Threads that read and write all the while."""
    stop = threading.Event()

    def work(name):
        for turn in itertools.count():
            if stop.is_set():
                return
            key = f"{name}/{turn % 50}"
            folder.records.write(lambda t, k=key: put(t, bucket, k, b"x" * 5000)).result()
            with folder.records.read() as snapshot:
                assert snapshot.current(bucket, key) is not None

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(work, f"t{number}") for number in range(4)]
        try:
            yield
        finally:
            stop.set()
        for worker in workers:
            worker.result()


def test_both_go_on(fresh_folder):
    records = fresh_folder.records
    bucket = make_bucket(records).id
    parent_id = records.new_blob_id()

    def child():
        records.write(lambda t: put(t, bucket, "child", b"1")).result()
        with records.read() as snapshot:
            assert snapshot.current(bucket, "child") is not None
        blob_id = records.new_blob_id()
        assert abs(blob_id - parent_id) >= 1024
        writer = fresh_folder.blobs.create(blob_id)
        writer.write(b"child's")
        writer.commit()
        records.write(lambda t: t.add_file(blob_id, 7, 0)).result()
        fresh_folder.close()
        with pytest.raises(StorageError, match="closed"):
            records.write(lambda t: None)
        assert open_files(fresh_folder.path) == []

    in_child(child)
    records.write(lambda t: put(t, bucket, "parent", b"2")).result()
    with records.read() as snapshot:
        assert [row.key for row in snapshot.page(bucket, "", None, 9)] == ["child", "parent"]
    assert len(list(fresh_folder.blobs.ids())) == 1
    assert records.new_blob_id() == parent_id + 1


def test_the_child_has_nothing_of_the_parents_open(fresh_folder):
    make_bucket(fresh_folder.records)
    fresh_folder.records.new_blob_id()
    with fresh_folder.records.read():
        pass
    in_child(lambda: _assert_none_open(fresh_folder.path))


def _assert_none_open(path):
    assert open_files(path) == []


def test_forks_under_load(fresh_folder):
    """Each child writes too, so it must wait for its turn and see what the others wrote."""
    bucket = make_bucket(fresh_folder.records).id
    with busy(fresh_folder, bucket):
        for number in range(20):

            def child(key=f"child/{number:02d}"):
                for _ in range(5):
                    fresh_folder.records.write(lambda t: put(t, bucket, key, b"y")).result()
                with fresh_folder.records.read() as snapshot:
                    assert snapshot.current(bucket, key) is not None
                fresh_folder.close()

            in_child(child)
            time.sleep(0.002)
    with fresh_folder.records.read() as snapshot:
        assert len(snapshot.page(bucket, "child/", "child0", 99)) == 20
        rows = snapshot.page(bucket, "", None, 999)
    assert len({row.stamp for row in rows}) == len(rows)


def test_a_child_that_outlives_the_parents_store(fresh_folder):
    """The parent closes while the child has the store open: the child's writes are not lost."""
    bucket = make_bucket(fresh_folder.records).id
    ready, parent_says = os.pipe()
    child_says, go = os.pipe()

    def child():
        fresh_folder.records.write(lambda t: put(t, bucket, "before", b"")).result()
        os.write(parent_says, b"x")
        os.read(child_says, 1)
        fresh_folder.records.write(lambda t: put(t, bucket, "after", b"")).result()

    pid = start_child(child)
    os.read(ready, 1)
    fresh_folder.close()
    os.write(go, b"x")
    end_child(pid)
    for fd in (ready, parent_says, child_says, go):
        os.close(fd)
    with open_folder(fresh_folder.path) as folder, folder.records.read() as snapshot:
        found = [row.key for row in snapshot.page(bucket, "", None, 9)]
    assert found == ["after", "before"]


def test_a_fork_inside_a_snapshot(fresh_folder):
    bucket = make_bucket(fresh_folder.records).id
    with fresh_folder.records.read() as snapshot:
        assert snapshot.is_empty(bucket)

        def child():
            with fresh_folder.records.read() as own:
                assert own.is_empty(bucket)
            with pytest.raises(Exception, match="closed"):
                snapshot.is_empty(bucket)

        in_child(child)
        assert snapshot.is_empty(bucket)


def test_a_closed_store_stays_closed(fresh_folder):
    fresh_folder.close()

    def child():
        with pytest.raises(StorageError, match="closed"):
            fresh_folder.records.write(lambda t: None)

    in_child(child)


def test_a_fork_that_could_not_wait_is_refused_in_the_child(fresh_folder, monkeypatch):
    """Another thread keeps a snapshot for longer than a fork waits."""
    monkeypatch.setattr(forks, "_PATIENCE", 0.05)
    inside, leave = threading.Event(), threading.Event()

    def read():
        with fresh_folder.records.read():
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=read)
    thread.start()
    inside.wait()

    def child():
        with pytest.raises(StoreInUseError, match="forked"):
            fresh_folder.records.write(lambda t: None)
        with pytest.raises(StoreInUseError, match="forked"):
            fresh_folder.records.read()

    in_child(child)
    leave.set()
    thread.join()
    make_bucket(fresh_folder.records)


def test_a_store_that_syncs_behind_its_commits(tmp_path):
    """The thread that syncs stays in the parent; the child has one of its own."""
    with open_folder(tmp_path / "store", durability="process") as folder:
        bucket = make_bucket(folder.records).id

        def write(key):
            folder.records.write(lambda t: put(t, bucket, key, b"x")).result()
            folder.records.sync()

        def work():
            write("child")
            folder.close()

        write("before")
        in_child(work)
        write("after")
        with folder.records.read() as snapshot:
            keys = [row.key for row in snapshot.page(bucket, "", None, 10)]
        assert keys == ["after", "before", "child"]
        names = [thread.name for thread in threading.enumerate()]
        assert names.count("cosbox-sync") == 1
    assert "cosbox-sync" not in [thread.name for thread in threading.enumerate()]

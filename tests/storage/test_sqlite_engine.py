"""What is particular to the engine on SQLite: its connections, log, batches and counters."""

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import apsw
import pytest

from cosbox.storage.errors import StorageError
from cosbox.storage.folder import open_folder
from cosbox.storage.sqlite import checkpoints
from cosbox.storage.sqlite.connections import connect
from support.stores import NOW, make_bucket, open_files, put


def test_durable_settings(fresh_folder):
    for readonly in (False, True):
        connection = connect(fresh_folder.path / "records.db", cache_kib=100, readonly=readonly)
        assert connection.pragma("journal_mode") == "wal"
        assert connection.pragma("synchronous") == 2
        assert connection.pragma("wal_autocheckpoint") == 0
        connection.close()


def test_a_snapshot_cannot_write(fresh_folder):
    with pytest.raises(StorageError, match="readonly"), fresh_folder.records.read() as snapshot:
        snapshot._execute("DELETE FROM state")


def test_short_lived_threads_leave_no_connections(fresh_folder):
    bucket = make_bucket(fresh_folder.records).id

    def read():
        with fresh_folder.records.read() as snapshot:
            snapshot.current(bucket, "k")

    def once():
        threads = [threading.Thread(target=read) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(open_files(fresh_folder.path))

    counts = [once() for _ in range(10)]
    # Two or three files for each connection that there was at one moment, of 500 in all. SQLite
    # keeps some open for the next: closing one would let go of the locks of the others.
    assert max(counts) <= 100


def test_close_closes_every_file(tmp_path):
    before = set(threading.enumerate())
    folder = open_folder(tmp_path / "store")
    bucket = make_bucket(folder.records).id
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: _touch(folder.records, bucket, n), range(50)))
    folder.records.new_blob_id()
    assert open_files(tmp_path) != []
    folder.close()
    assert open_files(tmp_path) == []
    assert set(threading.enumerate()) <= before


def _touch(records, bucket, number):
    with records.read() as snapshot:
        snapshot.current(bucket, f"{number}")


def test_a_snapshot_outlives_close(tmp_path):
    folder = open_folder(tmp_path / "store")
    bucket = make_bucket(folder.records)
    with folder.records.read() as snapshot:
        folder.close()
        assert snapshot.bucket(bucket.name) == bucket
    assert open_files(tmp_path) == []


def test_the_log_stays_bounded_while_writes_go_on(fresh_folder, monkeypatch):
    """Many times the threshold is written without a pause, under readers that overlap."""
    monkeypatch.setattr(checkpoints, "START_PAGES", 256)
    fresh_folder.records._engine.checkpointer._next = 256
    records = fresh_folder.records
    bucket = make_bucket(records).id
    log = fresh_folder.path / "records.db-wal"
    stop = threading.Event()

    def read():
        while not stop.is_set():
            with records.read() as snapshot:
                snapshot.page(bucket, "", None, 50)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for thread in readers:
        thread.start()
    largest = written = 0
    for _ in range(120):
        futures = [records.write(lambda t: put(t, bucket, "k", bytes(20_000))) for _ in range(20)]
        for future in futures:
            future.result()
        written += 20 * 20_000
        largest = max(largest, log.stat().st_size)
    stop.set()
    for thread in readers:
        thread.join()
    assert written > 40 << 20
    assert largest < written / 3


def test_a_long_snapshot_does_not_stop_writers_or_checkpoints(fresh_folder, monkeypatch):
    monkeypatch.setattr(checkpoints, "START_PAGES", 64)
    fresh_folder.records._engine.checkpointer._next = 64
    records = fresh_folder.records
    bucket = make_bucket(records).id
    first = records.write(lambda t: put(t, bucket, "k", b"first")).result()
    with records.read() as snapshot:
        for _ in range(100):
            records.write(lambda t: put(t, bucket, "k", bytes(20_000))).result()
        assert snapshot.current(bucket, "k") == first
    last = records.write(lambda t: put(t, bucket, "k", b"last")).result()
    with records.read() as snapshot:
        assert snapshot.current(bucket, "k") == last


def test_a_well_ended_store_has_an_empty_log(tmp_path):
    with open_folder(tmp_path) as folder:
        make_bucket(folder.records)
        assert (tmp_path / "records.db-wal").stat().st_size > 0
    assert (tmp_path / "records.db-wal").stat().st_size == 0


def test_changes_that_wait_share_a_commit(fresh_folder):
    """The database's change counter tells how many transactions there were."""
    records = fresh_folder.records
    together = threading.Event()
    first = records.write(lambda t: together.wait(10))
    futures = [records.write(lambda t: t.next_stamp(NOW)) for _ in range(100)]
    connection = connect(fresh_folder.path / "records.db", cache_kib=100, readonly=True)
    commits = []
    engine_writer = records._engine.writer
    engine_writer._connection.set_commit_hook(lambda: commits.append(1) or False)
    together.set()
    first.result()
    stamps = [future.result() for future in futures]
    assert stamps == list(range(NOW, NOW + 100))
    assert len(commits) <= 2
    connection.close()


def test_a_change_may_raise_anything(fresh_folder):
    records = fresh_folder.records
    for error in (KeyboardInterrupt, SystemExit, MemoryError, GeneratorExit):

        def change(t, error=error):
            t.add_inline(b"x", 1)
            raise error

        with pytest.raises(error):
            records.write(change).result()
    with records.read() as snapshot:
        assert list(snapshot.blobs_page(0, 9)) == []


def test_errors_of_sqlite_are_errors_of_the_store(fresh_folder):
    with pytest.raises(StorageError) as caught:
        fresh_folder.records.write(lambda t: t._execute("SELECT nothing")).result()
    assert isinstance(caught.value.__cause__, apsw.SQLError)
    with pytest.raises(StorageError) as caught, fresh_folder.records.read() as snapshot:
        snapshot._execute("SELECT nothing")
    assert isinstance(caught.value.__cause__, apsw.SQLError)


def test_a_damaged_database_is_an_error_of_the_store(tmp_path):
    with open_folder(tmp_path) as folder:
        bucket = make_bucket(folder.records).id
        for number in range(200):
            folder.records.write(lambda t, n=number: put(t, bucket, f"{n}", bytes(3000))).result()
    database = tmp_path / "records.db"
    size = database.stat().st_size
    with database.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * (size - 4096 * 3))
    with pytest.raises(StorageError):
        _read_everything(tmp_path, bucket)


def _read_everything(path, bucket):
    with open_folder(path) as folder, folder.records.read() as snapshot:
        snapshot.page(bucket, "", None, 999)
        snapshot.blobs_page(0, 999)


def test_a_change_whose_closure_holds_the_store(tmp_path):
    """The last reference may go on the writer's own thread, which then cannot wait for itself."""

    def scope():
        folder = open_folder(tmp_path)
        folder.records.write(lambda t, keep=folder: t.next_stamp(NOW))

    scope()
    gc.collect()
    end = time.monotonic() + 10
    while open_files(tmp_path) and time.monotonic() < end:
        time.sleep(0.01)
    assert open_files(tmp_path) == []


def test_reservations_of_a_process_that_goes_on_do_not_pile_up(fresh_folder):
    records = fresh_folder.records
    for _ in range(3):
        ids = [records.new_blob_id() for _ in range(1024)]
        records.write(lambda t, ids=ids: [t.add_file(i, 0, 0) for i in ids]).result()
    records.new_blob_id()
    reserved = records.write(lambda t: t.reservations()).result()
    assert [len(firsts) for firsts in reserved.values()] == [1]


class RefusedError(Exception):
    pass


@pytest.mark.parametrize("half_done", [False, True])
def test_a_change_that_fails_undoes_itself_and_nothing_else(fresh_folder, half_done):
    """Where it changed something before it failed, the others of its batch run a second time."""
    records = fresh_folder.records
    bucket = make_bucket(records).id
    runs = []

    def good(name):
        def change(t):
            runs.append(name)
            put(t, bucket, name, b"x")

        return change

    def bad(t):
        runs.append("bad")
        if half_done:
            put(t, bucket, "bad", b"x")
            t.drop_current(bucket, "a")
        raise RefusedError

    began, go = threading.Event(), threading.Event()
    held = records.write(lambda _t: (began.set(), go.wait()))
    began.wait()
    done = [records.write(good("a")), records.write(bad), records.write(good("b"))]
    go.set()
    with pytest.raises(RefusedError):
        done[1].result()
    for future in (held, done[0], done[2]):
        future.result()
    assert runs == (["a", "bad", "a", "bad", "b"] if half_done else ["a", "bad", "b"])
    with records.read() as snapshot:
        assert [row.key for row in snapshot.page(bucket, "", None, 10)] == ["a", "b"]


def test_a_change_alone_that_fails_half_done(fresh_folder):
    records = fresh_folder.records
    bucket = make_bucket(records).id

    def bad(t):
        put(t, bucket, "bad", b"x")
        raise RefusedError

    with pytest.raises(RefusedError):
        records.write(bad).result()
    with records.read() as snapshot:
        assert not snapshot.page(bucket, "", None, 10)
        assert list(snapshot.blobs_page(0, 10)) == []

"""Several processes at one folder."""

import os
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from cosbox.storage.folder import open_folder
from cosbox.storage.locks import FileLock, Turnstile
from support.stores import make_bucket, put

# Writes for a while, with 16 in flight, and prints how often the clock had moved on between two
# commits: how many turns it got.
WRITER = textwrap.dedent("""
    import sys, time
    from collections import deque
    from cosbox.storage.folder import open_folder
    from support.stores import put

    path, bucket, name, seconds = sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
    with open_folder(path) as folder:
        write = folder.records.write
        print("ready", flush=True)
        sys.stdin.readline()
        end = time.monotonic() + seconds
        flying, count = deque(), 0
        while time.monotonic() < end:
            flying.append(write(lambda t, n=count: put(t, bucket, f"{name}/{n:06d}", b"x")))
            count += 1
            if len(flying) >= 16:
                flying.popleft().result()
        for future in flying:
            future.result()
    print(count, flush=True)
""")


def start(path, bucket, name, seconds):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(bucket), name, str(seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_write_at_once(fresh_folder):
    records = fresh_folder.records
    bucket = make_bucket(records).id
    writers = {name: start(fresh_folder.path, bucket, name, 1.5) for name in ("a", "b")}
    for process in writers.values():
        process.stdin.write("go\n")
        process.stdin.flush()
    # Meanwhile this process reads, and writes one at a time.
    own = 0
    while any(process.poll() is None for process in writers.values()):
        records.write(lambda t, n=own: put(t, bucket, f"c/{n:06d}", b"x")).result()
        own += 1
        with records.read() as snapshot:
            assert snapshot.current(bucket, f"c/{own - 1:06d}") is not None
    counts = {"c": own}
    for name, process in writers.items():
        counts[name] = int(process.communicate()[0])
        assert process.returncode == 0
    assert min(counts.values()) > 20, counts
    stamps = set()
    with records.read() as snapshot:
        for name, count in counts.items():
            rows = snapshot.page(bucket, f"{name}/", f"{name}0", 10**6)
            assert [row.key for row in rows] == [f"{name}/{n:06d}" for n in range(count)]
            stamps.update(row.stamp for row in rows)
    assert len(stamps) == sum(counts.values())


def test_nobody_starves_at_the_turnstile(tmp_path):
    """One that asks again at once comes after the one that waits for it."""
    mine, other = Turnstile(tmp_path), Turnstile(tmp_path)
    queue = FileLock(tmp_path / "queue")
    turns = []

    def wait_for_turn():
        with other:
            turns.append("other")

    for _ in range(50):
        mine.__enter__()
        thread = threading.Thread(target=wait_for_turn)
        thread.start()
        end = time.monotonic() + 10
        while queue.try_acquire():
            queue.release()
            assert time.monotonic() < end, "nobody waits in the queue"
            time.sleep(0)
        mine.__exit__(None, None, None)
        with mine:
            turns.append("mine")
        thread.join()
    assert turns == ["other", "mine"] * 50
    for lock in (mine, other, queue):
        lock.close()


def test_a_lock_excludes_and_passes_on(tmp_path):
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.try_acquire()
    assert not second.try_acquire()
    first.release()
    assert second.try_acquire()
    second.close()
    assert first.try_acquire()
    assert first.stands()
    (tmp_path / "lock").unlink()
    assert not first.stands()
    FileLock(tmp_path / "lock").close()
    assert not first.stands()
    first.close()


def test_a_process_that_dies_with_the_turn_blocks_nobody(fresh_folder):
    script = """
        import os, sys
        from pathlib import Path
        from cosbox.storage.locks import Turnstile
        Turnstile(Path(sys.argv[1])).__enter__()
        os._exit(9)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(fresh_folder.path / "locks")],
        check=False,
    )
    assert done.returncode == 9
    make_bucket(fresh_folder.records)


@pytest.mark.parametrize("create", [True, False])
def test_a_second_open_in_one_process(fresh_folder, create):
    with open_folder(fresh_folder.path, create=create) as second:
        bucket = make_bucket(second.records)
        ids = {fresh_folder.records.new_blob_id(), second.records.new_blob_id()}
    assert len(ids) == 2
    with fresh_folder.records.read() as snapshot:
        assert snapshot.bucket(bucket.name) == bucket
    make_bucket(fresh_folder.records, "other-1")

"""kill -9 at random moments: what was acknowledged is there, the rest is whole or absent."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from hashlib import sha256

from cosbox.storage.extents import unpack_extents
from cosbox.storage.folder import open_folder
from support.stores import make_bucket

# Writes objects without end, small ones inline and large ones as files, and replaces some. Each
# body is made from its key, and each acknowledged key is printed.
WRITER = textwrap.dedent("""
    import itertools, os, sys, threading
    from hashlib import sha256
    from cosbox.storage.extents import pack_extents, unpack_extents
    from cosbox.storage.folder import open_folder
    from cosbox.storage.rows import Extent
    from support.stores import NOW, put, version

    folder = open_folder(sys.argv[1])
    bucket, run = int(sys.argv[2]), sys.argv[3]
    records, blobs = folder.records, folder.blobs
    out = threading.Lock()

    def small(key):
        records.write(lambda t: put(t, bucket, key, sha256(key.encode()).digest())).result()

    def large(key):
        body = sha256(key.encode()).digest() * 2000
        blob_id = records.new_blob_id()
        writer = blobs.create(blob_id)
        for at in range(0, len(body), 9000):
            writer.write(body[at : at + 9000])
        writer.commit()
        def change(t):
            t.add_file(blob_id, len(body), 0)
            extents = pack_extents([Extent(blob_id, 0, len(body))])
            stamp = t.next_stamp(NOW)
            t.set_current(bucket, version(key, stamp, size=len(body), extents=extents))
        records.write(change).result()

    def work(name):
        for number in itertools.count():
            key = f"{run}/{name}/{number}"
            (large if number % 3 == 0 else small)(key)
            with out:
                os.write(1, key.encode() + b"\\n")

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
""")


def run_and_kill(path, bucket, run, seconds):
    """The keys that a writer acknowledged before it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(bucket), str(run)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    first = process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read()
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    assert first
    lines = (first + rest).split(b"\n")
    # The last line may be cut.
    return [line.decode() for line in lines[:-1]]


def check_whole(folder, bucket):
    """The keys that are there; each has its whole body. And no file is there without a record."""
    files = set()
    with folder.records.read() as snapshot:
        keys = set()
        start = ""
        while page := snapshot.page(bucket, start, None, 1000):
            start = page[-1].key + "\0"
            for row in page:
                version = snapshot.current(bucket, row.key)
                (extent,) = unpack_extents(version.extents)
                blob = snapshot.blob(extent.blob)
                digest = sha256(row.key.encode()).digest()
                if blob.data is None:
                    files.add(blob.id)
                    with folder.blobs.open(blob.id) as reader:
                        assert reader.read(0, blob.size + 1) == digest * 2000, row.key
                else:
                    assert blob.data == digest, row.key
                keys.add(row.key)
    assert set(folder.blobs.ids()) == files
    return keys


def test_twenty_kills(tmp_path):
    path = tmp_path / "store"
    with open_folder(path) as folder:
        bucket = make_bucket(folder.records).id
    dice = random.Random(20261124)
    acknowledged = set()
    for run in range(20):
        acknowledged.update(run_and_kill(path, bucket, run, dice.uniform(0, 0.15)))
        with open_folder(path) as folder:
            assert acknowledged <= check_whole(folder, bucket)
    assert len(acknowledged) > 100
    assert len([name for name in (path / "locks").iterdir() if name.name.startswith("owner-")]) == 0


def test_a_living_writer_is_left_alone(tmp_path):
    """Opening the store beside a process that writes takes nothing away from it."""
    path = tmp_path / "store"
    with open_folder(path) as folder:
        bucket = make_bucket(folder.records).id
        living = folder.records.new_blob_id()
        writer = folder.blobs.create(living)
        writer.write(b"not yet recorded")
        run_and_kill(path, bucket, 0, 0.05)
        open_folder(path).close()
        assert living in set(folder.blobs.ids())
        writer.commit()
        folder.records.write(lambda t: t.add_file(living, 16, 0)).result()
    with open_folder(path) as folder:
        assert living in set(folder.blobs.ids())


def test_files_left_by_a_store_that_was_closed(tmp_path):
    """An upload that was never recorded, in a process that ended well."""
    folder = open_folder(tmp_path / "store")
    recorded, forgotten = folder.records.new_blob_id(), folder.records.new_blob_id()
    for blob_id in (recorded, forgotten):
        writer = folder.blobs.create(blob_id)
        writer.write(b"x")
        writer.commit()
    folder.records.write(lambda t: t.add_file(recorded, 1, 0)).result()
    folder.close()
    with open_folder(tmp_path / "store") as folder:
        assert list(folder.blobs.ids()) == [recorded]


def test_a_well_ended_store_keeps_no_reservation(tmp_path):
    folder = open_folder(tmp_path / "store")
    blob_id = folder.records.new_blob_id()
    folder.records.write(lambda t: t.add_file(blob_id, 1, 0)).result()
    folder.close()
    names = sorted(entry.name for entry in (tmp_path / "store" / "locks").iterdir())
    assert names == ["making", "queue", "turn"]


def test_stray_lock_files_are_swept(tmp_path):
    """Of a process that died between making its lock and reserving anything."""
    open_folder(tmp_path).close()
    stray = tmp_path / "locks" / "owner-0123456789abcdef"
    stray.touch()
    open_folder(tmp_path).close()
    assert not stray.exists()

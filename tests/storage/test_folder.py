"""Making, recognising and refusing folders."""

import json
import stat
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import apsw
import pytest

from cosbox.storage.errors import StorageError, StoreFormatError
from cosbox.storage.folder import MARKER, open_folder
from cosbox.storage.sqlite.schema import FORMAT
from support.stores import make_bucket, open_files


def child(script, *arguments, **options):
    """Run a script in a new interpreter."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **options,
    )


def test_a_new_folder_below_new_folders(tmp_path):
    with open_folder(tmp_path / "a" / "b") as folder:
        bucket = make_bucket(folder.records)
    again = open_folder(str(tmp_path / "a" / "b"), create=False)
    with again, again.records.read() as snapshot:
        assert snapshot.bucket(bucket.name) == bucket


def test_only_the_owner_may_look(tmp_path):
    path = tmp_path / "store"
    with open_folder(path) as folder:
        make_bucket(folder.records)
        writer = folder.blobs.create(folder.records.new_blob_id())
        writer.write(b"x")
        writer.commit()
        found = {entry: stat.S_IMODE(entry.stat().st_mode) for entry in path.rglob("*")}
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for entry, mode in found.items():
        assert mode == (0o700 if entry.is_dir() else 0o600), entry


def test_an_empty_folder_becomes_a_store(tmp_path):
    open_folder(tmp_path).close()
    assert json.loads((tmp_path / MARKER).read_text())["format"] == FORMAT


def test_no_store_where_none_may_be_made(tmp_path):
    with pytest.raises(StoreFormatError, match="there is no store"):
        open_folder(tmp_path / "nothing", create=False)
    assert not (tmp_path / "nothing").exists()
    with pytest.raises(StoreFormatError, match="there is no store"):
        open_folder(tmp_path, create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(StoreFormatError, match=r"not empty \(it holds thesis.txt\)"):
        open_folder(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_that_only_looks_like_one(tmp_path):
    """Names that a store uses too, but no sign that one was being made."""
    (tmp_path / "blobs").mkdir()
    with pytest.raises(StoreFormatError, match="not empty"):
        open_folder(tmp_path)


def test_a_file_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_text("x")
    with pytest.raises(StoreFormatError, match="is a file"):
        open_folder(path)
    with pytest.raises(StorageError, match="cannot open the store"):
        open_folder(path / "below")


@pytest.mark.parametrize("create", [True, False])
def test_a_newer_format_is_refused(tmp_path, create):
    open_folder(tmp_path).close()
    marker = tmp_path / MARKER
    marker.write_text(json.dumps({"format": FORMAT + 1}))
    with pytest.raises(StoreFormatError) as caught:
        open_folder(tmp_path, create=create)
    assert f"has format {FORMAT + 1}" in str(caught.value)
    assert f"reads format {FORMAT}" in str(caught.value)
    assert "newer version of cosbox" in str(caught.value)


def test_a_newer_database_is_refused(tmp_path):
    open_folder(tmp_path).close()
    connection = apsw.Connection(str(tmp_path / "records.db"))
    connection.pragma("user_version", FORMAT + 1)
    connection.close()
    with pytest.raises(StoreFormatError, match=f"format {FORMAT + 1}"):
        open_folder(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"format": "new"}', "\x00"])
def test_a_damaged_marker_is_refused(tmp_path, text):
    open_folder(tmp_path).close()
    (tmp_path / MARKER).write_text(text)
    with pytest.raises(StoreFormatError, match="format"):
        open_folder(tmp_path)


def test_a_lost_database_is_not_made_anew(tmp_path):
    open_folder(tmp_path).close()
    (tmp_path / "records.db").unlink()
    with pytest.raises(StorageError):
        open_folder(tmp_path)
    assert not (tmp_path / "records.db").exists()


def test_a_making_that_was_cut_short_is_finished(tmp_path):
    with open_folder(tmp_path) as folder:
        bucket = make_bucket(folder.records)
    (tmp_path / MARKER).unlink()
    with open_folder(tmp_path) as folder, folder.records.read() as snapshot:
        assert snapshot.bucket(bucket.name) == bucket


def test_locks_that_a_backup_left_out(tmp_path):
    open_folder(tmp_path).close()
    for entry in (tmp_path / "locks").iterdir():
        entry.unlink()
    (tmp_path / "locks").rmdir()
    with open_folder(tmp_path) as folder:
        make_bucket(folder.records)


def test_no_permission(tmp_path):
    """In a child, for the tests may run as root, whom nothing stops."""
    forbidden = tmp_path / "forbidden"
    forbidden.mkdir(mode=0o500)
    tmp_path.chmod(0o755)
    done = child(
        """
        import os, sys
        from pathlib import Path
        from cosbox.storage.folder import open_folder
        from cosbox.storage.errors import StorageError
        os.chdir(sys.argv[1])
        if os.geteuid() == 0:
            os.setegid(65534)
            os.seteuid(65534)
        try:
            open_folder("store")
        except StorageError as error:
            print(error)
        """,
        forbidden,
    )
    assert "Permission denied" in done.stdout, done.stderr


def test_many_threads_make_one_store(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: open_folder(tmp_path / "store"), range(8)))
    bucket = make_bucket(folders[0].records)
    for folder in folders:
        with folder.records.read() as snapshot:
            assert snapshot.bucket(bucket.name) == bucket
        folder.close()


def test_processes_race_to_make_a_store(tmp_path):
    script = """
        import os, sys, time
        from cosbox.storage.folder import open_folder
        print("ready", flush=True)
        sys.stdin.readline()
        with open_folder(sys.argv[1]) as folder:
            folder.records.write(
                lambda t: t.add_bucket(f"b{os.getpid()}-1", "1", "r", 1, "")
            ).result()
    """
    children = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "store")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in children:
        assert process.stdout.readline() == "ready\n"
    for process in children:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in children:
        process.communicate(timeout=60)
        assert process.returncode == 0
    with open_folder(tmp_path / "store") as folder, folder.records.read() as snapshot:
        assert len(snapshot.buckets("1", "", 9)) == 4


def test_a_store_that_nobody_closes(tmp_path):
    """The program ends, the writes that it asked for are there, and it does not hang."""
    done = child(
        """
        import sys
        from cosbox.storage.folder import open_folder
        folder = open_folder(sys.argv[1])
        for _ in range(100):
            folder.records.write(lambda t: t.next_stamp(0))
        folder.records.write(lambda t: t.add_bucket("last-1", "1", "r", 1, ""))
        """,
        tmp_path / "store",
    )
    assert done.returncode == 0, done.stderr
    with open_folder(tmp_path / "store") as folder, folder.records.read() as snapshot:
        assert snapshot.bucket("last-1") is not None


def test_a_store_is_closed_when_it_is_collected(tmp_path):
    folder = open_folder(tmp_path / "store")
    bucket = make_bucket(folder.records)
    folder.records.write(lambda t: t.add_bucket("last-1", "1", "r", 1, ""))
    del folder
    assert open_files(tmp_path) == []
    with open_folder(tmp_path / "store") as folder, folder.records.read() as snapshot:
        assert snapshot.bucket(bucket.name) == bucket
        assert snapshot.bucket("last-1") is not None

"""``cosbox fsck``: what it prints, and its exit status."""

import json
import subprocess
import sys

import pytest

from support.damage import BUCKET, LARGE, PART, SMALL, Victim


@pytest.fixture
def victim(tmp_path):
    return Victim.make(tmp_path / "store")


def fsck(folder, *options):
    return subprocess.run(
        [sys.executable, "-m", "cosbox.cli.main", "fsck", str(folder), *options],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_no_problems(victim):
    done = fsck(victim.folder)
    assert (done.returncode, done.stderr) == (0, "")
    size = 2 * len(LARGE) + 3 * len(SMALL) + 2 * len(PART) + 70_000
    assert done.stdout == (
        f"5 objects, 3 past versions, 2 parts, 8 blobs (5 files), {size} bytes compared with their"
        " checksums\nno problems\n"
    )
    assert " 0 bytes compared " in fsck(victim.folder, "--fast").stdout


def test_a_problem_is_a_line(victim):
    (blob,) = victim.blobs("small")
    victim.flip(blob, 2)
    done = fsck(victim.folder)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == (
        f"checksum: {BUCKET}/'small' version null: blob {blob}:"
        " the bytes in the records do not have their checksum"
    )
    assert done.stdout.endswith("\n1 problem\n")
    assert fsck(victim.folder, "--fast").returncode == 0


def test_repair_says_what_it_did(victim):
    (blob,) = victim.blobs("small")
    victim.sql("UPDATE blob SET refs = 7 WHERE id = ?", blob)
    victim.flip(victim.blobs("large")[0], 2)
    assert fsck(victim.folder).returncode == 1

    done = fsck(victim.folder, "--repair")
    assert done.returncode == 1
    assert f"repaired: blob {blob}: corrected its references by -6\n" in done.stdout
    assert done.stdout.endswith("\n3 problems left\n")
    again = fsck(victim.folder, "--repair")
    assert "repaired" not in again.stdout
    assert again.returncode == 1


def test_all_is_repaired(victim):
    victim.sql("UPDATE blob SET refs = 7 WHERE id = ?", victim.blobs("small")[0])
    done = fsck(victim.folder, "--repair", "--fast")
    assert done.returncode == 0
    assert done.stdout.endswith("\nno problems left\n")
    assert fsck(victim.folder).returncode == 0


def test_as_json(victim):
    (blob,) = victim.blobs("whole")[:1]
    victim.file(blob).unlink()
    done = fsck(victim.folder, "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert (report["clean"], report["complete"], report["repairs"]) == (False, True, [])
    assert report["findings"] == [
        {
            "kind": "missing",
            "text": "its file is gone",
            "place": {
                "bucket": BUCKET, "key": "whole", "version": "null", "upload": None, "part": None,
            },
            "blob": blob,
        }
    ]  # fmt: skip


def test_what_cannot_be_checked(tmp_path, victim):
    missing = fsck(tmp_path / "nothing")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr == (
        f"cosbox: cannot check {tmp_path}/nothing: there is no store in {tmp_path}/nothing\n"
    )
    (victim.folder / "cosbox.json").write_text('{"format": 99}')
    assert fsck(victim.folder).returncode == 2
    assert fsck(victim.folder, "--repair").returncode == 2


def test_nothing_is_changed_by_a_check(victim):
    """Not even what a dead process left, which opening the store would remove."""
    ((following,),) = victim.sql("SELECT next_blob FROM state")
    first = -(-following // 1024) * 1024
    victim.sql("UPDATE state SET next_blob = next_blob + 2048")
    victim.sql("INSERT INTO reservation VALUES (?, 'dead')", first)
    path = victim.file(first + 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"half")

    done = fsck(victim.folder)

    assert done.returncode == 0
    assert done.stdout.startswith(
        "unrecorded: files of uploads under way, or of a dead process: 1\n"
    )
    assert path.exists()
    assert victim.sql("SELECT owner FROM reservation WHERE owner = 'dead'") == [("dead",)]

"""What a command says that it did outlives a power cut right behind it, and a store that was being
made is made by the next to try."""

import os
import random
import subprocess
import sys

import pytest

import cosbox
from cosbox.service.upkeep.fsck import check
from support.crashing.cuts import powered
from support.serving import COMMAND

MAKE = "import sys, cosbox; cosbox.open(sys.argv[1]).close()"
CHANGES = 60
"""More than the making of a store makes on a disk."""
STEP = 1 if "COSBOX_CUTS" in os.environ else 6
GIVE_UP = """
import os, sys
from cosbox.storage.folder import open_folder
folder = open_folder(sys.argv[1])
writer = folder.blobs.create(folder.records.new_blob_id())
writer.write(b"x")
writer.commit()
writer.abort()
os._exit(0)
"""
DIE = """
import os, sys, cosbox
client = cosbox.open(sys.argv[1], durability="process")
client.create_bucket("a-1250000000")
client.put_object("a-1250000000", b"x", "a")
os._exit(0)
"""
SEE = """
import os, sys, cosbox
client = cosbox.open(sys.argv[1])
print(client.get_object("a-1250000000", "a")["Body"].read(), flush=True)
os._exit(0)
"""


def run(disk, *command, seed=0, after=0):
    """Run a command on a disk whose power is cut; returns what it wrote."""
    wrapped = [*powered(disk, seed, after), *map(str, command)]
    done = subprocess.run(wrapped, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    return folder


def test_a_new_store_is_there(disk):
    """With all folders above it, of which none was there before."""
    store = disk / "new" / "newer" / "store"
    run(disk, sys.executable, "-c", MAKE, store)
    assert check(store).clean


@pytest.mark.parametrize("after", range(2, CHANGES, STEP))
def test_a_store_that_was_being_made_can_be_made(disk, after):
    run(disk, sys.executable, "-c", MAKE, disk, seed=random.randrange(1 << 30), after=after)
    with cosbox.open(disk) as client:
        client.create_bucket("a-1250000000")
    assert check(disk).clean


def test_what_was_given_up_stays_away(disk):
    """A file whose record failed was removed by one process, and forgotten by the next."""
    store = disk / "store"
    run(disk, sys.executable, "-c", MAKE, store)
    run(
        disk,
        "sh",
        "-c",
        '"$0" -c "$1" "$3"; "$0" -c "$2" "$3"',
        sys.executable,
        GIVE_UP,
        MAKE,
        store,
    )
    report = check(store)
    assert report.clean, report.findings


def test_what_is_seen_after_a_death_stays(disk):
    """A commit that reached the log, unsynced, when its process died: the next to open the store
    shows it, so from then on it is there."""
    store = disk / "store"
    run(disk, sys.executable, "-c", MAKE, store)
    python = sys.executable
    seen = run(disk, "sh", "-c", '"$0" -c "$1" "$3"; "$0" -c "$2" "$3"', python, DIE, SEE, store)
    assert seen == "b'x'\n"
    with cosbox.open(store) as client:
        assert client.get_object("a-1250000000", "a")["Body"].read() == b"x"


def test_users_and_clocks(disk):
    store = disk / "store"
    run(disk, sys.executable, "-c", MAKE, store)
    run(disk, *COMMAND, "clock", "--move", "1h", store)
    assert "1:00:00" in run(disk, *COMMAND, "clock", store)
    run(disk, *COMMAND, "user", "add", store, "--appid", "1250000007")
    assert "1250000007" in run(disk, *COMMAND, "user", "list", store)

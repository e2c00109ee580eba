"""The disk that forgets does forget: what a careless writer wrote is lost on it, and what a careful
one wrote is not."""

import subprocess
import sys
from collections import Counter

import pytest

from support.crashing.cuts import powered

HELPERS = """
import mmap, os, sys
folder = sys.argv[1]
def sync(path):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
def write(name, data, *, synced=False):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)
        file.flush()
        if synced:
            os.fdatasync(file.fileno())
"""


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    return folder


def run(disk, script, *, seed=0, after=0):
    """Run a script, cut the power, and see what files are left."""
    command = [*powered(disk, seed, after), sys.executable, "-c", HELPERS + script, str(disk)]
    subprocess.run(command, check=True, timeout=60)
    return {path.name: path.read_bytes() for path in disk.rglob("*") if path.is_file()}


CARELESS = 'write("new", b"x" * 5000); os.rename(folder + "/new", folder + "/a")'
CAREFUL = 'write("a", b"1", synced=True); sync(folder)'
BELOW = 'os.mkdir(folder + "/b"); write("b/a", b"1", synced=True); sync(folder + "/b")'


@pytest.mark.parametrize(
    ("script", "left"),
    [
        ('write("a", b"1")', {}),
        ('write("a", b"1", synced=True)', {}),
        ('write("a", b"1"); sync(folder)', {"a": b""}),
        (CAREFUL, {"a": b"1"}),
        (CARELESS, {}),
        (f"{CARELESS}; sync(folder)", {"a": b""}),
        (f'{CAREFUL}; write("a", b"2")', {"a": b"1"}),
        (f'{CAREFUL}; os.unlink(folder + "/a")', {"a": b"1"}),
        (f'{CAREFUL}; os.unlink(folder + "/a"); sync(folder)', {}),
        (BELOW, {}),
        (f"{BELOW}; sync(folder)", {"a": b"1"}),
    ],
)
def test_what_is_left_at_the_worst(disk, script, left):
    assert run(disk, script) == left


def test_who_uses_it_sees_no_difference(disk):
    """Also not through memory that two mappings share, as SQLite's index of its log is."""
    script = """
write("a", bytes(8192))
with open(folder + "/a", "r+b") as one, open(folder + "/a", "r+b") as other:
    first, second = mmap.mmap(one.fileno(), 8192), mmap.mmap(other.fileno(), 8192)
    first[5000] = 7
    assert second[5000] == 7 and os.pread(other.fileno(), 1, 5000) == bytes([7])
    os.ftruncate(one.fileno(), 5001)
    first.flush()
os.rename(folder + "/a", folder + "/b")
assert os.listdir(folder) == ["b"] and os.stat(folder + "/b").st_size == 5001
with open(folder + "/b", "rb") as file:
    assert file.read() == bytes(5000) + bytes([7])
    os.fsync(file.fileno())
sync(folder)
"""
    assert run(disk, script) == {"b": bytes(5000) + b"\7"}


def test_with_luck_anything_may_be_left(disk):
    """A name without its content, content by sectors, the old and the new of a rename."""
    script = f"{CAREFUL}; {CARELESS}"
    seen = Counter()
    for seed in range(1, 13):
        for path in disk.iterdir():
            path.unlink()
        left = run(disk, script, seed=seed)
        a = left.get("a", b"")
        assert set(left) <= {"a", "new"}
        assert a in {b"", b"1"} or (len(a) <= 5000 and set(a) <= {0, ord("x")})
        seen["old"] += a == b"1"
        seen["whole"] += a == b"x" * 5000
        seen["torn"] += len(a) > 1 and a != b"x" * 5000
    assert all(seen[kind] for kind in ("old", "whole", "torn")), seen


def test_a_cut_in_the_middle(disk):
    """After so many changes, and whatever began more processes ends with the power."""
    script = """
if os.fork():
    os.wait()
for number in range(100):
    write(str(number), b"1", synced=True)
    sync(folder)
"""
    # Made, written, synced, and its name synced: four changes for each.
    assert set(run(disk, script, after=10)) == {"0", "1"}

"""The tour of `make run`."""

import os
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(sysconfig.get_path("stdlib"), "json")


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Where the tour makes its temporary folders."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def command(folder):
    return [sys.executable, "-W", "error", str(ROOT / "examples" / "tour.py"), str(folder)]


def test_everything_comes_back_and_nothing_is_left(scratch):
    done = subprocess.run(command(SOURCE), capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Everything came back as it went in." in done.stdout
    for sign in ("206:", "304:", "412:", "NoSuchKey", "files/s", "list_objects names all"):
        assert done.stdout.count(sign) >= 2
    assert "✗" not in done.stdout
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_it_can_be_stopped_and_nothing_is_left(scratch, number, status):
    with subprocess.Popen(
        command(SOURCE), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout:
            if "2. A server" in line:
                os.kill(process.pid, number)
                break
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (status, "")
    assert list(scratch.iterdir()) == []


def test_a_difference_is_noticed(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    import tour

    import cosbox

    file = tmp_path / "a.txt"
    file.write_bytes(b"what is compared is longer than that")
    files = {"a.txt": file}
    with cosbox.open(tmp_path / "store") as client:
        show = tour.Show()
        assert tour.tour(client, files, show)
        client.put_object(Bucket=tour.BUCKET, Key="a.txt", Body=b"another")
        assert not tour.compare(client, files, {"a.txt": b"digest"}, show)
        assert not tour.ask(client, files, show)
        client.put_object(Bucket=tour.BUCKET, Key="b.txt", Body=b"one too many")
        assert not tour.walk(client, files, show)

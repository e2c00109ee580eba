"""The scrub finds what rots, at its pace, and goes on where it was."""

import subprocess
import sys
import time

import pytest

import cosbox
from cosbox.service.store import Store
from cosbox.service.upkeep import scrub as scrub_module
from cosbox.service.upkeep.fsck import check
from cosbox.service.upkeep.scrub import Scrub
from cosbox.service.upkeep.scrub_state import FILE, Pass, ScrubState
from cosbox.storage.folder import open_folder
from support.damage import BUCKET, LARGE
from support.rawhttp import wait_until
from support.serving import Serving


@pytest.fixture
def scrubbing(victim):
    """Begin to scrub; all of them are closed in the end."""
    opened = []

    def begin(**options):
        folder = open_folder(victim.folder)
        scrub = Scrub(Store(folder.records, folder.blobs), victim.folder, **options)

        def end():
            scrub.close()
            folder.close()

        opened.append(end)
        scrub.end = end
        return scrub

    yield begin
    for end in opened:
        end()


def state(victim):
    return ScrubState.load(victim.folder)


def test_a_whole_pass(victim, scrubbing):
    scrub = scrubbing(rate=1 << 30)
    wait_until(lambda: scrub.state.current.ended)
    scrub.end()

    current = state(victim).current
    held = victim.sql("SELECT count(*), sum(size), max(id) FROM blob WHERE refs > 0")
    assert [(current.blobs, current.bytes, current.after)] == held
    assert (current.number, current.bad) == (1, ())
    assert current.began <= current.ended <= time.time()


@pytest.mark.parametrize("key", ["small", "large"])
def test_what_rots_is_named_in_the_log(victim, scrubbing, caplog, key):
    (blob,) = victim.blobs(key)
    victim.flip(blob, 3)
    scrub = scrubbing(rate=1 << 30)
    wait_until(lambda: scrub.state.current.ended)
    wait_until(lambda: scrub.state.current.bad == (blob,))
    scrub.end()

    assert state(victim).current.bad == (blob,)
    assert state(victim).found == 1
    lines = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert any(
        line.startswith(f"checksum: {BUCKET}/'{key}' version null: blob {blob}: ") for line in lines
    )
    assert "1 of the blobs bad" in caplog.text


def test_a_pass_ends_where_the_disk_fails(victim, scrubbing, caplog, monkeypatch):
    monkeypatch.setattr(scrub_module, "MOST_BAD", 2)
    ids = [blob for (blob,) in victim.sql("SELECT id FROM blob WHERE refs > 0 ORDER BY id")]
    for blob in ids:
        victim.flip(blob, 0)
    scrub = scrubbing(rate=1 << 30)
    wait_until(lambda: scrub.state.current.ended)
    scrub.end()

    assert state(victim).current.bad == tuple(ids[:2])
    assert "the disk seems to fail" in caplog.text


def test_it_is_no_faster_than_its_rate(victim, scrubbing):
    scrub = scrubbing(rate=100_000)
    time.sleep(1.0)  # enough to read all, if nothing held it back
    scrub.end()

    assert not scrub.state.current.ended
    assert scrub.state.current.bytes <= len(LARGE)


def test_small_blobs_cost_more_than_their_bytes(victim, scrubbing):
    """Or millions of them would keep a processor busy."""
    with cosbox.open(victim.folder) as client:
        for number in range(50):
            client.put_object(BUCKET, b"x", f"n{number}")
    began = time.monotonic()
    scrub = scrubbing(rate=1 << 20)
    wait_until(lambda: scrub.state.current.ended)
    assert time.monotonic() - began > 50 * 16 / 1024


def test_it_goes_on_where_it_was(victim, scrubbing):
    ids = [blob for (blob,) in victim.sql("SELECT id FROM blob ORDER BY id")]
    began = Pass(number=4, began=time.time(), after=ids[-2], blobs=1000, bytes=2000)
    ScrubState(current=began, found=3).save(victim.folder)
    scrub = scrubbing(rate=1 << 30)
    wait_until(lambda: scrub.state.current.ended)
    scrub.end()

    assert (state(victim).current.number, state(victim).current.blobs) == (4, 1001)
    assert state(victim).found == 3


def test_passes_are_some_time_apart(victim, scrubbing):
    scrub = scrubbing(rate=1 << 30, every=3600, interval=0.05)
    wait_until(lambda: scrub.state.current.ended)
    time.sleep(0.3)  # several times its interval
    assert scrub.state.current.number == 1
    scrub.end()

    scrub = scrubbing(rate=1 << 30, every=0.1, interval=0.05)
    wait_until(lambda: scrub.state.current.number > 2)


def test_a_note_that_makes_no_sense(victim, scrubbing):
    (victim.folder / FILE).write_text('{"current": {"bad": 3}}')
    scrub = scrubbing(rate=1 << 30)
    wait_until(lambda: scrub.state.current.ended)
    assert scrub.state.current.number == 1


def test_one_process_scrubs(victim, scrubbing):
    first = scrubbing(rate=1000, interval=0.05)
    wait_until(lambda: first.state.current.began)
    second = scrubbing(rate=1 << 30, interval=0.05)
    time.sleep(0.3)  # several times its interval
    assert second.state.current.began == 0
    first.end()
    wait_until(lambda: second.state.current.ended)


def fsck(folder, *options):
    return subprocess.run(
        [sys.executable, "-m", "cosbox.cli.main", "fsck", folder, *options],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_a_server_scrubs(victim):
    (blob,) = victim.blobs("large")
    victim.flip(blob, 3)
    with Serving(victim.folder, "--scrub-rate", "1G", "--workers", "2") as serving:
        wait_until(lambda: (victim.folder / FILE).exists() and state(victim).current.ended)
        status, _, log = serving.end()
    assert status == 0
    assert f"ERROR cosbox.scrub: checksum: {BUCKET}/'large' version null: blob {blob}: " in log
    done = fsck(victim.folder)
    assert "scrub: pass 1 began " in done.stdout
    assert " 1 of the blobs bad\n" in done.stdout
    assert check(victim.folder).to_json()["scrub"]["current"]["bad"] == (blob,)


def test_a_server_that_shall_not_scrub(victim):
    with Serving(victim.folder, "--scrub-rate", "off") as serving:
        assert serving.get()[0] == 403
        assert serving.end() == (0, "", "")
    assert not (victim.folder / FILE).exists()

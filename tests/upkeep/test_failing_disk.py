"""I/O errors that really happen: nothing wrong is given out, nothing is acknowledged that is not
there, the log and fsck name what it was, and all else goes on.
"""

import subprocess

import pytest

import cosbox
from cosbox.service.upkeep.fsck import check
from cosbox.service.upkeep.scrub_state import ScrubState
from support.damage import BUCKET, LARGE, PART, SMALL
from support.failing import failing
from support.rawhttp import wait_until
from support.serving import COMMAND, KEYS, Serving

QUIET = ("--scrub-rate", "off")
MOST = 4
"""Failures that a server may tell of before somebody reads its log: a pipe holds no more."""


def client_of(serving):
    conf = cosbox.CosConfig(
        Endpoint=f"127.0.0.1:{serving.port}",
        SecretId=KEYS["COSBOX_SECRET_ID"],
        SecretKey=KEYS["COSBOX_SECRET_KEY"],
    )
    return cosbox.CosS3Client(conf, retry=0)


@pytest.mark.parametrize("after", [0, 1])
def test_a_file_that_cannot_be_read(victim, after):
    """From its beginning: an error document. From its middle: the answer breaks off."""
    blob = victim.blobs("whole")[0]
    wrapper = failing(victim.file(blob), "pread64", after=after)
    with Serving(victim.folder, *QUIET, wrapper=wrapper) as serving:
        with client_of(serving) as client:
            for _ in range(2):
                with pytest.raises(cosbox.CosException):
                    client.get_object(BUCKET, "whole")["Body"].read()
            assert client.get_object(BUCKET, "large")["Body"].read() == LARGE
            client.put_object(BUCKET, LARGE, "another")
            assert client.get_object(BUCKET, "another")["Body"].read() == LARGE
        status, _, log = serving.end()
    assert status == 0
    told = f"ERROR cosbox.integrity: {BUCKET}/'whole' version null cannot be read: cannot read"
    assert f"{told} {victim.file(blob)}: Input/output error" in log
    with cosbox.open(victim.folder) as client:
        assert client.get_object(BUCKET, "whole")["Body"].read() == PART + SMALL


def test_fsck_and_scrub_say_which_file_it_is(victim):
    (blob,) = victim.blobs("large")
    wrapper = failing(victim.file(blob), "pread64")
    done = subprocess.run(
        [*wrapper, *COMMAND, "fsck", victim.folder],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    for key in ("large", "copy"):
        assert f"unreadable: {BUCKET}/'{key}' version null: blob {blob}: " in done.stdout
    assert "\n3 problems\n" in done.stdout

    with Serving(victim.folder, "--scrub-rate", "1G", wrapper=wrapper) as serving:
        wait_until(lambda: _scrubbed(victim) is not None and _scrubbed(victim).ended)
        log = serving.end()[2]
    assert _scrubbed(victim).bad == (blob,)
    assert f"ERROR cosbox.scrub: unreadable: {BUCKET}/'large' version null: blob {blob}: " in log
    assert check(victim.folder).clean


def _scrubbed(victim):
    state = ScrubState.load(victim.folder)
    return None if state is None else state.current


def test_a_file_that_cannot_be_written(victim):
    ((following,),) = victim.sql("SELECT next_blob FROM state")
    blob = -(-following // 1024) * 1024
    wrapper = failing(victim.file(blob), "write")
    with Serving(victim.folder, *QUIET, wrapper=wrapper) as serving:
        with client_of(serving) as client:
            with pytest.raises(cosbox.ServerFaultError):
                client.put_object(BUCKET, bytes(500_000), "large")
            assert client.get_object(BUCKET, "large")["Body"].read() == LARGE
            client.put_object(BUCKET, bytes(500_000), "large")
            assert client.get_object(BUCKET, "large")["Body"].read() == bytes(500_000)
        assert serving.end()[0] == 0
    assert not victim.file(blob).exists()
    assert check(victim.folder).findings == ()


@pytest.mark.parametrize("calls", ["pwrite64", "fdatasync"])
def test_records_that_cannot_be_written(victim, calls):
    """What was acknowledged is there; nothing is that was not."""
    acknowledged = []
    wrapper = failing(victim.folder / "records.db-wal", calls, after=20)
    with Serving(victim.folder, *QUIET, wrapper=wrapper) as serving:
        with client_of(serving) as client:
            failed = 0
            for number in range(60):
                if failed == MOST:
                    break
                try:
                    client.put_object(BUCKET, b"%d" % number * 1000, f"n{number}")
                except cosbox.ServerFaultError:
                    failed += 1
                else:
                    assert not failed
                    acknowledged.append(number)
            assert failed == MOST
            assert client.get_object(BUCKET, "large")["Body"].read() == LARGE
        serving.kill()
    assert check(victim.folder).clean
    with cosbox.open(victim.folder) as client:
        for number in acknowledged:
            body = client.get_object(BUCKET, f"n{number}")["Body"].read()
            assert body == b"%d" % number * 1000
        client.put_object(BUCKET, SMALL, "after")
    assert check(victim.folder).findings == ()


def test_records_that_cannot_be_read(victim):
    """Every answer is right or an error, and the server does not die of it."""
    with cosbox.open(victim.folder) as client:
        for number in range(300):
            client.put_object(BUCKET, b"%d" % number * 5000, f"n{number}")
    wrapper = failing(victim.folder / "records.db", "pread64", after=60)
    with Serving(victim.folder, *QUIET, wrapper=wrapper) as serving:
        with client_of(serving) as client:
            failed = 0
            for number in range(300):
                if failed == MOST:
                    break
                try:
                    body = client.get_object(BUCKET, f"n{number}")["Body"].read()
                except cosbox.ServerFaultError:
                    failed += 1
                else:
                    assert body == b"%d" % number * 5000
            assert failed == MOST
        assert serving.process.poll() is None
        serving.kill()
    assert check(victim.folder).clean

    done = subprocess.run(
        [*wrapper, *COMMAND, "fsck", victim.folder],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "\nrecords: " in f"\n{done.stdout}"
    assert "not everything could be looked at" in done.stdout

"""A server on a disk that is full: it says so, serves what needs no room, and takes up again.

The disk is a small tmpfs, so these tests need the right to mount one, as root has.
"""

import contextlib
import socket
import time
from datetime import timedelta

import pytest

import cosbox
from cosbox.service.clock import FolderClock
from support.disks import small_disk
from support.rawhttp import wait_until
from support.serving import KEYS, Serving, signed

BUCKET = "full-1250000000"
LARGE = 1_000_000
PART = bytes(1024 * 1024)


@pytest.fixture
def disk(tmp_path):
    """A folder on a disk of 128 MiB."""
    with small_disk(tmp_path, 128) as path:
        yield path


@pytest.fixture
def serving(disk):
    with Serving(disk / "store") as serving:
        with client_of(serving) as client:
            client.create_bucket(BUCKET)
        yield serving
        status, out, log = serving.end()
        assert (status, out) == (0, "")
        assert "Traceback" not in log


@pytest.fixture
def client(serving):
    with client_of(serving) as client:
        yield client


def client_of(serving, **options):
    conf = cosbox.CosConfig(
        Endpoint=f"127.0.0.1:{serving.port}",
        SecretId=KEYS["COSBOX_SECRET_ID"],
        SecretKey=KEYS["COSBOX_SECRET_KEY"],
    )
    return cosbox.CosS3Client(conf, retry=0, **options)


def write_until_full(file):
    for size in (1024 * 1024, 4096):
        with contextlib.suppress(OSError):
            while True:
                file.write(bytes(size))
    file.write(bytes(4096))


class Ballast:
    """What something else keeps on the disk."""

    def __init__(self, disk):
        self._path = disk / "ballast"

    def fill(self):
        """Take all the room there is, and what was let go of since."""
        with self._path.open("ab", buffering=0) as file, pytest.raises(OSError, match="No space"):
            write_until_full(file)

    def remove(self):
        self._path.unlink()


def refused(call, *args, **kwargs):
    """Whether there is no room for a call."""
    try:
        call(*args, **kwargs)
    except cosbox.CosServiceError as error:
        if error.get_error_code() != "ServiceUnavailable" or "no room" not in str(error):
            raise
        return True
    return False


def test_what_a_full_disk_allows(disk, serving, client):
    reserve = disk / "store" / "reserve"
    assert reserve.stat().st_size == 32 * 1024 * 1024
    for number in range(300):
        client.put_object(BUCKET, b"small" * 100, f"small/{number}")
    for number in range(6):
        client.put_object(BUCKET, bytes(LARGE), f"large/{number}")
    uploads = [client.create_multipart_upload(BUCKET, key)["UploadId"] for key in ("one", "two")]
    etag = client.upload_part(BUCKET, "one", PART, 1, uploads[0])["ETag"]
    client.upload_part(BUCKET, "two", PART, 1, uploads[1])
    source = {"Bucket": BUCKET, "Key": "large/0", "Region": "local"}

    ballast = Ballast(disk)
    ballast.fill()
    # The log has room of its own that small changes still find, so it is filled first.
    wait_until(lambda: refused(client.put_object, BUCKET, bytes(60_000), "more"))
    assert refused(client.put_object, BUCKET, bytes(LARGE), "more")
    assert refused(client.upload_part, BUCKET, "one", PART, 2, uploads[0])
    assert refused(client.copy_object, BUCKET, "copy", source)
    assert client.get_object(BUCKET, "large/0")["Body"].read() == bytes(LARGE)
    assert client.head_object(BUCKET, "small/7")["Content-Length"] == "500"
    assert len(client.list_objects(BUCKET, Prefix="small/")["Contents"]) == 300

    for number in range(100):
        client.delete_object(BUCKET, f"small/{number}")
    ballast.fill()
    client.delete_objects(
        BUCKET, {"Object": [{"Key": f"small/{number}"} for number in range(100, 290)]}
    )
    for number in range(1, 5):
        client.delete_object(BUCKET, f"large/{number}")
    parts = {"Part": [{"PartNumber": 1, "ETag": etag}]}
    client.complete_multipart_upload(BUCKET, "one", uploads[0], parts)
    client.abort_multipart_upload(BUCKET, "two", uploads[1])
    assert refused(client.put_object, BUCKET, bytes(LARGE), "more")

    ballast.remove()
    wait_until(lambda: not refused(client.put_object, BUCKET, bytes(LARGE), "more"))
    client.copy_object(BUCKET, "copy", source)
    assert reserve.exists()
    names = {item["Key"] for item in client.list_objects(BUCKET)["Contents"]}
    assert names >= {"copy", "large/0", "large/5", "more", "one", "small/299"}
    assert not names & {"large/1", "small/0", "small/100", "two"}
    assert client.get_object(BUCKET, "one")["Body"].read() == PART
    assert client.get_object(BUCKET, "copy")["Body"].read() == bytes(LARGE)


def test_a_body_that_cannot_fit_is_refused_before_it_is_sent(disk, serving, client):
    """And takes no room from others meanwhile."""
    path = f"/{BUCKET}/k"
    for size, expected in ((500_000_000, b"HTTP/1.1 503 "), (50_000_000, b"HTTP/1.1 100 ")):
        lines = [f"PUT {path} HTTP/1.1", "Host: h", f"Content-Length: {size}"]
        lines += ["Expect: 100-continue"]
        lines += [f"{name}: {value}" for name, value in signed("PUT", path).items()]
        with socket.create_connection(("127.0.0.1", serving.port), timeout=20) as sock:
            sock.sendall("\r\n".join([*lines, "", ""]).encode())
            assert sock.recv(13, socket.MSG_WAITALL) == expected
    assert refused(client.put_object, BUCKET, bytes(120_000_000), "k")
    client.put_object(BUCKET, bytes(LARGE), "k")


def test_many_small_objects_fill_it(disk, serving, client):
    """Without help from outside: what deletes make room for can be put again."""
    stored = 0
    while not refused(client.put_object, BUCKET, bytes(60_000), f"{stored}"):
        stored += 1
    assert stored > 800
    for number in range(stored):
        assert len(client.get_object(BUCKET, f"{number}")["Body"].read()) == 60_000
    for number in range(stored):
        client.delete_object(BUCKET, f"{number}")
    until = time.monotonic() + 20
    again = 0
    while again < stored // 2:
        if refused(client.put_object, BUCKET, bytes(60_000), f"again/{again}"):
            assert time.monotonic() < until
            time.sleep(0.05)  # room comes back when the janitor has been there
        else:
            again += 1
    assert len(client.list_objects(BUCKET)["Contents"]) == again


def test_large_objects_fill_it(disk, serving, client):
    stored = 0
    while not refused(client.put_object, BUCKET, bytes(LARGE), f"{stored}"):
        stored += 1
    assert stored > 80
    assert sum(path.is_file() for path in (disk / "store/blobs").rglob("*")) == stored
    Ballast(disk).fill()
    assert refused(client.put_object, BUCKET, bytes(LARGE), "more")
    for number in range(stored // 2):
        client.delete_object(BUCKET, f"{number}")
    FolderClock(disk / "store").move(timedelta(minutes=2))
    wait_until(lambda: not refused(client.put_object, BUCKET, bytes(LARGE), "more"), 20)
    assert client.get_object(BUCKET, f"{stored - 1}")["Body"].read() == bytes(LARGE)


def test_a_start_on_a_full_disk(disk):
    folder = disk / "store"
    with Serving(folder) as serving:
        with client_of(serving) as client:
            client.create_bucket(BUCKET)
            client.put_object(BUCKET, b"small", "small")
            client.put_object(BUCKET, bytes(LARGE), "large")
        Ballast(disk).fill()
        serving.process.kill()
    with Serving(folder) as serving, client_of(serving) as client:
        assert client.get_object(BUCKET, "large")["Body"].read() == bytes(LARGE)
        client.delete_object(BUCKET, "small")
        client.delete_object(BUCKET, "large")
        assert refused(client.put_object, BUCKET, bytes(LARGE), "more")
        Ballast(disk).remove()
        wait_until(lambda: not refused(client.put_object, BUCKET, bytes(LARGE), "more"))
        assert serving.end()[0] == 0

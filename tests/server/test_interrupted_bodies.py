"""Transfers that break off: nothing half-stored, nothing half-served, and the server goes on."""

import contextlib
import os
import signal
import socket
import struct
import threading
from pathlib import Path

import pytest

import cosbox
from cosbox.server.app import open_app
from cosbox.server.http.limits import Limits
from cosbox.service import accounts
from cosbox.storage.errors import StorageError
from cosbox.storage.files.writer import FileWriter
from support.rawhttp import Client, Running, wait_until
from support.serving import KEYS, Serving, signed

BUCKET = "cut-1250000000"
SMALL = 10_000
LARGE = 3 * 1024 * 1024
RESET = struct.pack("ii", 1, 0)


def files(folder):
    """The blob files of a store."""
    return [path for path in (folder / "blobs").rglob("*") if path.is_file()]


def client_of(serving):
    return cosbox.CosS3Client(
        cosbox.CosConfig(
            Endpoint=f"127.0.0.1:{serving.port}",
            SecretId=KEYS["COSBOX_SECRET_ID"],
            SecretKey=KEYS["COSBOX_SECRET_KEY"],
        )
    )


@contextlib.contextmanager
def asked(serving, method, key, *lines, receive_buffer=0):
    """A connection on which a signed request has begun."""
    path = f"/{BUCKET}/{key}"
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *lines]
    head += [f"{name}: {value}" for name, value in signed(method, path).items()]
    with socket.socket() as sock:
        sock.settimeout(20)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.connect(("127.0.0.1", serving.port))
        sock.sendall("\r\n".join([*head, "", ""]).encode())
        talk = Client(sock)
        try:
            yield talk
        finally:
            talk.file.close()


class Form:
    """How a body is declared and framed."""

    def __init__(self, size, *, chunked=False):
        self.size = size
        self.line = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
        self.chunked = chunked

    def half(self):
        data = bytes(self.size // 2)
        return b"%x\r\n%s\r\n" % (len(data), data) if self.chunked else data

    def rest(self):
        return self.half() + b"0\r\n\r\n" if self.chunked else self.half()


FORMS = {
    "small": Form(SMALL),
    "large": Form(LARGE),
    "small in chunks": Form(SMALL, chunked=True),
    "large in chunks": Form(LARGE, chunked=True),
}


@pytest.fixture(params=FORMS.values(), ids=FORMS)
def form(request):
    return request.param


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("interrupted") / "store"


@pytest.fixture(scope="module")
def serving(folder):
    """A server that cuts what stands still soon; it has nothing to say of any of this, and ends at
    once when told to, as it could not if anything still waited."""
    with Serving(folder, "--body-timeout", "1", "--write-timeout", "1") as serving:
        with client_of(serving) as client:
            client.create_bucket(BUCKET)
        yield serving
        assert serving.end() == (0, "", "")


@pytest.fixture
def unharmed(serving, folder):
    """Afterwards nothing was stored, nothing is left, and the server serves."""
    before = sorted(files(folder))
    yield
    wait_until(lambda: sorted(files(folder)) == before)
    with client_of(serving) as client:
        assert client.list_objects(BUCKET).get("Contents", []) == []
        client.put_object(BUCKET, b"served", "another")
        assert client.get_object(BUCKET, "another")["Body"].read() == b"served"
        client.delete_object(BUCKET, "another")


def begin(serving, form):
    return asked(serving, "PUT", "object", form.line)


def wait_for_staged(folder, form, before):
    if form.size == LARGE:
        wait_until(lambda: len(files(folder)) > before)


@pytest.mark.usefixtures("unharmed")
def test_a_client_that_dies(serving, folder, form):
    before = len(files(folder))
    with begin(serving, form) as talk:
        talk.send(form.half())
        wait_for_staged(folder, form, before)
        talk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


@pytest.mark.usefixtures("unharmed")
def test_a_client_that_ends_early(serving, folder, form):
    before = len(files(folder))
    with begin(serving, form) as talk:
        talk.send(form.half())
        wait_for_staged(folder, form, before)
        talk.sock.shutdown(socket.SHUT_WR)
        reply = talk.reply()
        assert (reply.status, reply.code) == (400, "IncompleteBody")
        assert talk.closed()


@pytest.mark.usefixtures("unharmed")
def test_a_client_that_stands_still(serving, form):
    with begin(serving, form) as talk:
        talk.send(form.half())
        reply = talk.reply()
        assert (reply.status, reply.code) == (400, "RequestTimeout")
        assert talk.closed()


@pytest.mark.usefixtures("unharmed")
def test_chunks_that_are_none(serving):
    with begin(serving, FORMS["large in chunks"]) as talk:
        talk.send(FORMS["large in chunks"].half() + b"no chunk\r\n")
        reply = talk.reply()
        assert (reply.status, reply.code) == (400, "InvalidRequest")


@pytest.mark.usefixtures("unharmed")
def test_many_die_at_once(serving, folder):
    with contextlib.ExitStack() as stack:
        talks = [stack.enter_context(begin(serving, FORMS["large"])) for _ in range(40)]
        for talk in talks:
            talk.send(FORMS["large"].half())
        # Not for all: on a slow machine the first stand still for too long before the last begin.
        wait_until(lambda: len(files(folder)) >= len(talks) // 4)
        for talk in talks:
            talk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def open_blobs(serving):
    """The blob files that the server has open."""
    found = []
    for entry in Path(f"/proc/{serving.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(str(entry.readlink()))
    return [name for name in found if "/blobs/" in name]


@pytest.fixture
def stored(serving, folder):
    """A large object; the file that holds it."""
    before = set(files(folder))
    with client_of(serving) as client:
        client.put_object(BUCKET, os.urandom(8 * LARGE), "stored")
        (file,) = set(files(folder)) - before
        yield file
        client.delete_object(BUCKET, "stored")


def test_a_reader_that_stops(serving, stored):
    with asked(serving, "GET", "stored", receive_buffer=4096) as talk:
        status, _, headers = talk.head()
        assert (status, headers["Content-Length"]) == (200, str(8 * LARGE))
        wait_until(lambda: open_blobs(serving))
        wait_until(lambda: not open_blobs(serving))
        got = 0
        with contextlib.suppress(ConnectionResetError):
            while data := talk.file.read1(1 << 20):
                got += len(data)
        assert got < 8 * LARGE


def test_a_reader_that_dies(serving, stored):
    with asked(serving, "GET", "stored", receive_buffer=4096) as talk:
        talk.head()
        wait_until(lambda: open_blobs(serving))
        talk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    wait_until(lambda: not open_blobs(serving))


def test_killed_under_an_upload(tmp_path):
    folder = tmp_path / "store"
    with Serving(folder) as serving:
        with client_of(serving) as client:
            client.create_bucket(BUCKET)
        with begin(serving, FORMS["large"]) as talk:
            talk.send(FORMS["large"].half())
            wait_until(lambda: files(folder))
            serving.end(signal.SIGKILL)
    assert len(files(folder)) == 1
    with Serving(folder) as serving, client_of(serving) as client:
        assert files(folder) == []
        assert client.list_objects(BUCKET).get("Contents", []) == []


def test_transfers_outlive_the_order_to_end(tmp_path, form):
    folder = tmp_path / "store"
    body = os.urandom(8 * LARGE)
    with Serving(folder) as serving:
        with client_of(serving) as client:
            client.create_bucket(BUCKET)
            client.put_object(BUCKET, body, "stored")
        with (
            begin(serving, form) as up,
            asked(serving, "GET", "stored", receive_buffer=4096) as down,
        ):
            up.send(form.half())
            _, _, headers = down.head()
            serving.process.send_signal(signal.SIGTERM)
            wait_until(lambda: refuses(serving))
            up.send(form.rest())
            assert up.reply().status == 200
            assert down.file.read(int(headers["Content-Length"])) == body
        assert serving.wait() == (0, "", "")
    with cosbox.open(folder) as client:
        assert client.head_object(BUCKET, "object")["Content-Length"] == str(form.size)


def refuses(serving):
    """Whether the server takes no more connections."""
    try:
        socket.create_connection(("127.0.0.1", serving.port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_disk_that_fails_is_told_of_once(tmp_path, monkeypatch):
    """The system reports that it could not write to whoever syncs next, and to nobody after."""
    failed = threading.Event()

    def fail(_writer):
        failed.set()
        raise StorageError("the disk is broken")

    monkeypatch.setattr(FileWriter, "flush", fail)
    folder = tmp_path / "store"
    with open_app(folder) as app, Running(app, Limits()) as running:
        app.store.records.write(
            lambda txn: accounts.ensure_key_pair(
                txn,
                now=0,
                appid=KEYS["COSBOX_APPID"],
                secret_id=KEYS["COSBOX_SECRET_ID"],
                secret_key=KEYS["COSBOX_SECRET_KEY"],
            )
        ).result()
        running.port = running.address[1]
        with client_of(running) as client:
            client.create_bucket(BUCKET)
        size = 40 * 1024 * 1024
        with asked(running, "PUT", "object", f"Content-Length: {size}") as talk:
            with contextlib.suppress(ConnectionError):
                talk.send(bytes(size))
            reply = talk.reply()
            assert (reply.status, reply.code) == (500, "InternalError")
        assert failed.is_set()
        assert files(folder) == []
        with client_of(running) as client:
            assert client.list_objects(BUCKET).get("Contents", []) == []


def spoilt(file, how):
    """What can happen to a file on a disk."""
    size = file.stat().st_size
    if how == "gone":
        file.unlink()
    elif how == "short":
        os.truncate(file, size - 1)
    else:
        at = {"first byte": 0, "in the middle": size // 2, "last byte": size - 1}[how]
        with file.open("r+b") as content:
            content.seek(at)
            old = content.read(1)[0]
            content.seek(at)
            content.write(bytes([old ^ 1]))


@pytest.mark.parametrize("how", ["first byte", "in the middle", "last byte", "short"])
def test_what_rotted_is_never_served_whole(tmp_path, how):
    folder = tmp_path / "store"
    with Serving(folder) as serving:
        with client_of(serving) as client:
            client.create_bucket(BUCKET)
            client.put_object(BUCKET, os.urandom(LARGE + 1000), "stored")
            spoilt(files(folder)[0], how)
            with asked(serving, "GET", "stored") as talk:
                status, _, headers = talk.head()
                assert status == 200
                assert int(headers["Content-Length"]) == LARGE + 1000
                assert len(talk.file.read()) < LARGE + 1000
            with pytest.raises(cosbox.CosException):
                client.get_object(BUCKET, "stored")["Body"].read()
            client.put_object(BUCKET, b"served", "another")
        status, _, log = serving.end()
    assert status == 0
    assert "Rotten: " in log
    assert "GET" in log


@pytest.mark.parametrize("size", [100_000, LARGE])
def test_what_is_gone_is_an_internal_error(tmp_path, size):
    folder = tmp_path / "store"
    with Serving(folder) as serving:
        with client_of(serving) as client:
            client.create_bucket(BUCKET)
            client.put_object(BUCKET, os.urandom(size), "stored")
            spoilt(files(folder)[0], "gone")
            with asked(serving, "GET", "stored") as talk:
                reply = talk.reply()
                assert (reply.status, reply.code) == (500, "InternalError")
                assert reply.headers["x-cos-request-id"]
            client.put_object(BUCKET, b"served", "another")
        status, _, log = serving.end()
    assert status == 0
    assert "the file of blob" in log

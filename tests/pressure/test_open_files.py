"""A process that can open no more files: what needs one is told so, and nothing spins."""

import contextlib
import resource
import socket
import time
from pathlib import Path

import pytest

import cosbox
from support.rawhttp import Client, wait_until
from support.serving import KEYS, Serving, signed

BUCKET = "files-1250000000"
LARGE = 300_000


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    with Serving(tmp_path_factory.mktemp("files") / "store") as serving:
        with client_of(serving) as client:
            client.create_bucket(BUCKET)
            client.put_object(BUCKET, bytes(LARGE), "large")
            client.put_object(BUCKET, b"small", "small")
        yield serving
        status, out, _ = serving.end()
        assert (status, out) == (0, "")


def client_of(serving):
    conf = cosbox.CosConfig(
        Endpoint=f"127.0.0.1:{serving.port}",
        SecretId=KEYS["COSBOX_SECRET_ID"],
        SecretKey=KEYS["COSBOX_SECRET_KEY"],
    )
    return cosbox.CosS3Client(conf)


@contextlib.contextmanager
def few_files(serving, spare):
    """The server can open only so many files more than it has now."""
    pid = serving.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    # The limit is on the number that a file gets, so it counts from the highest one in use.
    highest = max(int(entry.name) for entry in Path(f"/proc/{pid}/fd").iterdir())
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 1 + spare, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


@contextlib.contextmanager
def connected(serving):
    with socket.create_connection(("127.0.0.1", serving.port), timeout=20) as sock:
        talk = Client(sock)
        try:
            yield talk
        finally:
            talk.file.close()


def ask(talk, method, key, *lines, body=b""):
    path = f"/{BUCKET}/{key}"
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *lines]
    head += [f"{name}: {value}" for name, value in signed(method, path).items()]
    talk.send("\r\n".join([*head, "", ""]).encode() + body)
    return talk.reply()


def fill_gaps(serving, stack):
    """Connections until the server has no free number below its highest."""
    pid = serving.process.pid
    time.sleep(0.3)  # for what was read before is closed a little later
    for _ in range(100):
        used = {int(entry.name) for entry in Path(f"/proc/{pid}/fd").iterdir()}
        if len(used) == max(used) + 1:
            return
        talk = stack.enter_context(connected(serving))
        assert ask(talk, "GET", "small").status == 200
    raise AssertionError("there is always a gap")


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_bodies_that_need_a_file(serving):
    """They are refused, others are served; afterwards all are."""
    put = ("PUT", "k", f"Content-Length: {LARGE}")
    with contextlib.ExitStack() as stack:
        talk = stack.enter_context(connected(serving))
        assert ask(talk, "GET", "small").body == b"small"
        fill_gaps(serving, stack)
        with few_files(serving, 0):
            for _ in range(3):
                reply = ask(talk, "GET", "large")
                assert (reply.status, reply.code) == (503, "SlowDown")
                assert ask(talk, "GET", "small").body == b"small"
                assert ask(talk, "PUT", "tiny", "Content-Length: 1", body=b"x").status == 200
                assert ask(talk, "DELETE", "tiny").status == 204
                listed = ask(talk, "GET", "")
                assert listed.status == 200 or listed.code == "SlowDown"
                reply = ask(talk, *put, body=bytes(LARGE))
                assert (reply.status, reply.code) == (503, "SlowDown")
                if reply.headers["Connection"] == "close":
                    break
        with connected(serving) as talk:
            assert ask(talk, "GET", "large").body == bytes(LARGE)
            assert ask(talk, *put, body=bytes(LARGE)).status == 200


def test_a_file_that_is_sent_by_the_system(serving):
    """It needs one more, and waits for that: its head has gone out already."""
    with contextlib.ExitStack() as stack:
        talk = stack.enter_context(connected(serving))
        for _ in range(2):
            assert ask(talk, "GET", "large").body == bytes(LARGE)
        fill_gaps(serving, stack)
        with few_files(serving, 1):
            path = f"/{BUCKET}/large"
            head = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1"]
            head += [f"{name}: {value}" for name, value in signed("GET", path).items()]
            talk.send("\r\n".join([*head, "", ""]).encode())
            assert talk.head()[0] == 200
            time.sleep(0.3)  # it waits for a descriptor; nothing tells that it does
        assert talk.file.read(LARGE) == bytes(LARGE)
        assert ask(talk, "GET", "small").body == b"small"


def test_connections_that_cannot_be_accepted(serving):
    """Those that wait cost nothing while they do, and the others are served."""
    pid = serving.process.pid
    with contextlib.ExitStack() as stack:
        talk = stack.enter_context(connected(serving))
        assert ask(talk, "GET", "small").body == b"small"
        fill_gaps(serving, stack)
        with few_files(serving, 0):
            waiting = [stack.enter_context(connected(serving)) for _ in range(20)]
            time.sleep(0.2)  # what their arrival costs is not what their waiting costs
            before = cpu_seconds(pid)
            for _ in range(5):
                time.sleep(0.2)  # the time in which waiting could cost something
                assert ask(talk, "GET", "small").body == b"small"
            assert cpu_seconds(pid) - before < 0.5
        wait_until(lambda: _is_served(serving))
        for late in waiting:
            assert _is_served_or_cut(late)


def _is_served_or_cut(talk):
    try:
        return ask(talk, "GET", "small").body == b"small"
    except (ConnectionError, ValueError):
        return True


def _is_served(serving):
    try:
        with connected(serving) as talk:
            return ask(talk, "GET", "small").body == b"small"
    except (ConnectionError, ValueError):
        return False

"""More than a server can do: some is done, the rest is told so at once, and nothing piles up."""

import contextlib
import selectors
import socket
import threading
import time

import pytest

import cosbox
from support.large import peak_mib
from support.rawhttp import Client, wait_until
from support.serving import KEYS, Serving, signed

BUCKET = "load-1250000000"
LARGE = 8_000_000


def client_of(serving, **options):
    conf = cosbox.CosConfig(
        Endpoint=f"127.0.0.1:{serving.port}",
        SecretId=KEYS["COSBOX_SECRET_ID"],
        SecretKey=KEYS["COSBOX_SECRET_KEY"],
    )
    return cosbox.CosS3Client(conf, **options)


@contextlib.contextmanager
def serving_bucket(folder, *options):
    with Serving(folder, *options) as serving:
        with client_of(serving) as client:
            client.create_bucket(BUCKET)
            client.put_object(BUCKET, bytes(LARGE), "large")
            client.put_object(BUCKET, b"small", "small")
        yield serving


def head_of(method, key, *lines):
    path = f"/{BUCKET}/{key}"
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *lines]
    head += [f"{name}: {value}" for name, value in signed(method, path).items()]
    return "\r\n".join([*head, "", ""]).encode()


@contextlib.contextmanager
def connected(serving, *, receive_buffer=0):
    with socket.socket() as sock:
        sock.settimeout(20)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.connect(("127.0.0.1", serving.port))
        talk = Client(sock)
        try:
            yield talk
        finally:
            talk.file.close()


def ask(talk, *request, body=b""):
    talk.send(head_of(*request) + body)
    return talk.reply()


def blob_files(folder):
    return sum(path.is_file() for path in (folder / "blobs").rglob("*"))


@pytest.mark.parametrize(
    ("begun", "other"),
    [
        (("PUT", "k", f"Content-Length: {LARGE}"), ("GET", "large")),
        (("GET", "large"), ("PUT", "k", f"Content-Length: {LARGE}")),
    ],
)
def test_large_bodies_over_the_limit(tmp_path, begun, other):
    """Small ones pass beside them."""
    with serving_bucket(tmp_path / "store", "--max-transfers", "3") as serving:
        with contextlib.ExitStack() as stack:
            for _ in range(3):
                talk = stack.enter_context(connected(serving, receive_buffer=4096))
                talk.send(head_of(*begun))
                if begun[0] == "PUT":
                    talk.send(bytes(LARGE // 2))
                else:
                    assert talk.head()[0] == 200
            if begun[0] == "PUT":
                wait_until(lambda: blob_files(tmp_path / "store") == 4)
            with connected(serving) as talk:
                reply = ask(talk, *other)
                assert (reply.status, reply.code) == (503, "SlowDown")
                assert reply.headers["Retry-After"] == "1"
                assert reply.headers["x-cos-request-id"]
            with connected(serving) as talk:
                assert ask(talk, "GET", "small").body == b"small"
                assert ask(talk, "PUT", "other", "Content-Length: 5", body=b"small").status == 200
        with client_of(serving) as client:
            client.put_object(BUCKET, bytes(LARGE), "k")
            assert client.get_object(BUCKET, "large")["Body"].read() == bytes(LARGE)
        assert serving.end() == (0, "", "")


def test_documents_are_bodies_too(tmp_path):
    """Even of those who may not do what they ask for."""
    with serving_bucket(tmp_path / "store", "--max-transfers", "2") as serving:
        head = f"POST /{BUCKET}/?delete HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n"
        with contextlib.ExitStack() as stack:
            for _ in range(2):
                talk = stack.enter_context(connected(serving))
                talk.send(head.encode() + bytes(200_000))

            def refused():
                with connected(serving) as talk:
                    talk.sock.settimeout(1)
                    talk.send(head.encode() + bytes(200_000))
                    try:
                        return talk.reply().code == "SlowDown"
                    except TimeoutError:
                        return False  # the others have not begun yet

            wait_until(refused)
        assert serving.end() == (0, "", "")


def is_refused(client):
    try:
        client.put_object(BUCKET, b"now", "k")
    except cosbox.CosServiceError as error:
        return error.get_error_code() == "SlowDown"
    return False


def test_the_client_backs_off_and_comes_through(tmp_path):
    with serving_bucket(tmp_path / "store", "--max-requests", "2") as serving:
        with connected(serving) as one, connected(serving) as two, client_of(serving) as client:
            for talk in (one, two):
                talk.send(head_of("PUT", "held", "Content-Length: 4") + b"he")
            with client_of(serving, retry=0) as hasty:
                wait_until(lambda: is_refused(hasty))
            timer = threading.Timer(0.3, lambda: [talk.send(b"ld") for talk in (one, two)])
            timer.start()
            with client_of(serving, retry=10) as patient:
                patient.put_object(BUCKET, b"later", "k")
            timer.join()
            assert client.get_object(BUCKET, "k")["Body"].read() == b"later"
        assert serving.end() == (0, "", "")


class Crowd:
    """Connections that each put, and put again as soon as they are answered."""

    def __init__(self, serving, count):
        self._selector = selectors.DefaultSelector()
        self._socks = []
        self.stored = set()
        self.refused = 0
        self.longest_refusal = 0.0
        for number in range(count):
            sock = socket.create_connection(("127.0.0.1", serving.port), timeout=20)
            sock.setblocking(False)
            self._socks.append(sock)
            self._selector.register(sock, selectors.EVENT_READ, [number, 0, b"", 0.0])

    def _send(self, sock, data):
        data[1] += 1
        data[2] = b""
        data[3] = time.monotonic()
        body = f"{data[0]}/{data[1]}"
        sock.send(head_of("PUT", body, f"Content-Length: {len(body)}") + body.encode())

    def run(self, seconds):
        for sock in self._socks:
            self._send(sock, self._selector.get_key(sock).data)
        until = time.monotonic() + seconds
        waiting = len(self._socks)
        while waiting:
            events = self._selector.select(20)
            assert events, f"{waiting} requests are not answered"
            for key, _ in events:
                data = key.data
                data[2] += key.fileobj.recv(65536)
                assert data[2], "a connection was cut"
                if not self._take(data):
                    continue
                if time.monotonic() < until:
                    self._send(key.fileobj, data)
                else:
                    waiting -= 1

    def _take(self, data):
        head, end, body = data[2].partition(b"\r\n\r\n")
        if not end:
            return False
        length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return False
        if head.startswith(b"HTTP/1.1 200 "):
            self.stored.add(f"{data[0]}/{data[1]}")
        else:
            assert head.startswith(b"HTTP/1.1 503 "), head
            assert b"<Code>SlowDown</Code>" in body
            self.refused += 1
            self.longest_refusal = max(self.longest_refusal, time.monotonic() - data[3])
        return True

    def close(self):
        for sock in self._socks:
            sock.close()


def test_a_thousand_connections(tmp_path):
    """What was answered with 200 is there, what was refused is not, and memory stays small."""
    with serving_bucket(tmp_path / "store", "--max-requests", "64") as serving:
        crowd = Crowd(serving, 1000)
        try:
            crowd.run(3)
        finally:
            crowd.close()
        assert len(crowd.stored) >= 64
        assert crowd.refused >= 900
        with client_of(serving) as client:
            found = {
                item["Key"]
                for page in client.paginate("list_objects", Bucket=BUCKET)
                for item in page.get("Contents", [])
            }
        assert found - {"large", "small"} == crowd.stored
        assert peak_mib(serving.process.pid) < 200
        assert serving.end() == (0, "", "")


def test_large_uploads_in_large_numbers(tmp_path):
    """What they may hold is bounded however many try."""
    with serving_bucket(tmp_path / "store", "--max-transfers", "16") as serving:
        with contextlib.ExitStack() as stack:
            talks = [stack.enter_context(connected(serving)) for _ in range(150)]
            for talk in talks:
                with contextlib.suppress(OSError):
                    talk.sock.settimeout(0.2)
                    talk.send(head_of("PUT", "k", "Content-Length: 900000000") + bytes(2_000_000))
            with connected(serving) as talk:
                assert ask(talk, "GET", "small").body == b"small"
            assert peak_mib(serving.process.pid) < 250
        wait_until(lambda: _takes(serving))
        assert serving.end() == (0, "", "")


def _takes(serving):
    with connected(serving) as talk:
        return ask(talk, "PUT", "k", "Content-Length: 100000", body=bytes(100_000)).status == 200

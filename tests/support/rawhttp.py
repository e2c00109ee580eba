"""A uvicorn server with our protocol class in a thread, and sockets to talk to it byte by byte."""

import contextlib
import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

import uvicorn

from cosbox.server.http.limits import Limits
from cosbox.server.http.protocol import protocol_class


class Faults(logging.Handler):
    """What the loop reports: an exception in a callback that nobody catches."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.seen = []

    def emit(self, record):
        self.seen.append(record.getMessage())


class Running:
    """A server under way: where it listens, and the uvicorn server itself."""

    def __init__(self, app, limits: Limits, *, access_log: bool = False, loop: str = "auto"):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        config = uvicorn.Config(
            app,
            http=protocol_class(limits, access_log=access_log),
            loop=loop,
            ws="none",
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            server_header=False,
            date_header=False,
            log_config=None,
            log_level="error",
            timeout_graceful_shutdown=20,
        )
        self.faults = Faults()
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, args=([self.listener],))

    def __enter__(self):
        logging.getLogger("asyncio").addHandler(self.faults)
        self.thread.start()
        wait_until(lambda: self.server.started)
        return self

    def __exit__(self, *_):
        self.server.should_exit = True
        self.thread.join(30)
        self.listener.close()
        logging.getLogger("asyncio").removeHandler(self.faults)
        assert not self.thread.is_alive()
        assert self.faults.seen == []

    def connect(self, *, receive_buffer: int = 0) -> socket.socket:
        sock = socket.socket()
        sock.settimeout(10)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.connect(self.address)
        return sock

    @contextlib.contextmanager
    def client(self, **options) -> Iterator["Client"]:
        with self.connect(**options) as sock:
            client = Client(sock)
            try:
                yield client
            finally:
                client.file.close()

    def talk(self, data: bytes) -> "Reply":
        """Send, and read one answer."""
        with self.client() as client:
            client.send(data)
            return client.reply(head=data.startswith(b"HEAD"))

    def refused(self, data: bytes) -> "Reply":
        """Send what must be refused: one answer, and then the end of the connection."""
        with self.client() as client:
            client.send(data)
            reply = client.reply(head=data.startswith(b"HEAD"))
            assert client.file.read() == b""
            assert reply.headers["Connection"] == "close"
            return reply


class Reply(NamedTuple):
    status: int
    reason: str
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """Of the error document."""
        match = re.search(rb"<Code>(\w+)</Code>", self.body)
        return match[1].decode() if match else ""


class Client:
    def __init__(self, sock: socket.socket):
        self.sock = sock
        self.file = sock.makefile("rb")

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def head(self) -> tuple[int, str, dict[str, str]]:
        version, status, reason = (
            self.file.readline().decode("latin-1").rstrip("\r\n").split(" ", 2)
        )
        assert version == "HTTP/1.1"
        headers = {}
        while line := self.file.readline().decode("latin-1").rstrip("\r\n"):
            name, value = line.split(": ", 1)
            assert name not in headers
            headers[name] = value
        return int(status), reason, headers

    def reply(self, *, head: bool = False) -> Reply:
        """The next answer; raises EOFError where it is cut short."""
        status, reason, headers = self.head()
        if head or status in {204, 304}:
            body = b""
        elif "Content-Length" in headers:
            size = int(headers["Content-Length"])
            body = self.file.read(size)
            if len(body) < size:
                raise EOFError(body)
        elif headers.get("Transfer-Encoding") == "chunked":
            body = self._chunks()
        else:
            body = self.file.read()
        return Reply(status, reason, headers, body)

    def _chunks(self) -> bytes:
        whole = b""
        while True:
            line = self.file.readline()
            if not line:
                raise EOFError(whole)
            size = int(line, 16)
            whole += self.file.read(size)
            assert self.file.readline() == b"\r\n"
            if not size:
                return whole

    def closed(self) -> bool:
        """Whether the server ended the connection with nothing more to say."""
        return self.file.read() == b""


def wait_until(condition, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)

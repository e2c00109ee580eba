"""A load of small signed requests that costs as little as it can: ``python -m benchmarks.load``.

Every request is signed before the clock starts, so that what is measured is the server.
"""

import asyncio
import sys
import time
from typing import Final, cast

import uvloop

from benchmarks.server import HOST, KEYS
from cosbox.protocol.signing import Credential, sign

KEYS_IN_TURN: Final = 1000
BODY: Final = bytes(range(256)) * 16


def requests(method: str) -> list[bytes]:
    """Whole requests, one for each key, with the signature in the URL as presigned URLs have it."""
    now = int(time.time())
    body = BODY if method == "PUT" else b""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    made = []
    for number in range(KEYS_IN_TURN):
        path = f"/small/{number}"
        signature = sign(
            Credential(*KEYS),
            method,
            path,
            query={},
            headers={"host": HOST},
            start=now - 60,
            end=now + 3600,
        )
        head = f"{method} {path}?{signature.query()} HTTP/1.1\r\nHost: {HOST}\r\n{length}\r\n"
        made.append(head.encode() + body)
    return made


class Connection(asyncio.Protocol):
    """Sends the next request when an answer is complete."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._data = b""
        self._missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The first request."""
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._load.next())

    def data_received(self, data: bytes) -> None:
        """Some of an answer."""
        if self._missing:
            self._missing -= len(data)
        else:
            data = self._data + data
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._data = data
                return
            self._data = b""
            if not data.startswith(b"HTTP/1.1 200"):
                self._load.fail(data)
                return
            at = data.find(b"Content-Length: ") + 16
            size = int(data[at : data.find(b"\r", at)])
            self._missing = end + 4 + size - len(data)
        if not self._missing:
            following = self._load.done()
            if following:
                self._transport.write(following)
            else:
                self._transport.close()


class Load:
    """So many requests, over all connections."""

    def __init__(self, method: str, count: int) -> None:
        self._requests = requests(method)
        self._sent = self._done = 0
        self._count = count
        self.ended: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def next(self) -> bytes:
        """The next request; b"" when all were sent."""
        if self._sent == self._count:
            return b""
        self._sent += 1
        return self._requests[self._sent % KEYS_IN_TURN]

    def done(self) -> bytes:
        """One is answered; returns the next."""
        self._done += 1
        if self._done == self._count and not self.ended.done():
            self.ended.set_result(time.perf_counter())
        return self.next()

    def fail(self, answer: bytes) -> None:
        """One was not answered with 200."""
        if not self.ended.done():
            self.ended.set_exception(RuntimeError(answer.decode("latin-1")[:1000]))


async def run(port: int, method: str, connections: int, count: int) -> float:
    """Requests per second."""
    load = Load(method, count)
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(lambda: Connection(load), "127.0.0.1", port)
    return count / (await load.ended - began)


if __name__ == "__main__":
    print(uvloop.run(run(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))

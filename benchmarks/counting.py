"""A server that only counts bytes, for COS and S3 clients: ``python -m benchmarks.counting``.

What a client can do at the most: nothing is kept, signatures are not looked at, and bodies are
neither copied out of the kernel (``MSG_TRUNC``) nor into it (``sendfile``). All bodies, both ways,
are taken to be zeros, so that the right checksum is known without reading any. An object is as
large as its key says: ``zeros/1073741824``.
"""

import os
import re
import selectors
import socket
import sys
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from benchmarks.harness import Bench
from benchmarks.processes import announced_port, running
from benchmarks.wire import MIB, ZEROS, zeros_file
from cosbox.checksums import combine, crc64

ETAG: Final = '"2bcd3c4de20c918e19fab5c36249c70d"'

_BACKLOG: Final = bytearray(64 * MIB)
"""Never written to: with MSG_TRUNC it only says how much may be thrown away at once."""

_SIZE = re.compile(r"zeros/(\d+)")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_RANGE = re.compile(rb"\r\nrange: *bytes=(\d+)-(\d*)", re.IGNORECASE)
_EXPECT = re.compile(rb"\r\nexpect: *100-continue", re.IGNORECASE)
_XML: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_STARTED: Final = (
    f"{_XML}<InitiateMultipartUploadResult><Bucket>bench</Bucket><Key>key</Key>"
    "<UploadId>1</UploadId></InitiateMultipartUploadResult>"
).encode()
_UPLOADS: Final = (
    f"{_XML}<ListMultipartUploadsResult><Bucket>bench</Bucket><IsTruncated>false</IsTruncated>"
    "</ListMultipartUploadsResult>"
).encode()
_COMPLETED: Final = (
    f"{_XML}<CompleteMultipartUploadResult><Location>bench/key</Location><Bucket>bench</Bucket>"
    f"<Key>key</Key><ETag>{ETAG}</ETag></CompleteMultipartUploadResult>"
).encode()


@lru_cache(maxsize=64)
def crc_of_zeros(size: int) -> int:
    """The CRC-64 of so many zero bytes, by doubling."""
    if size < 2:
        return crc64(bytes(size))
    half = crc_of_zeros(size // 2)
    whole = combine(half, half, size // 2)
    return combine(whole, crc64(b"\0"), 1) if size % 2 else whole


class Connection:
    """One client's connection: a request at a time, without a thought for pipelining."""

    def __init__(self, server: "Counting", sock: socket.socket) -> None:
        self._server = server
        self._sock = sock
        self._data = b""
        self._body = 0
        self._size = 0
        self._chunked = self._in_body = self._writing = False
        self._request = b""
        self._out = b""
        self._zeros = 0

    def readable(self) -> None:
        """Something arrived."""
        if self._body:
            got = self._discard()
        else:
            data = self._sock.recv(64 * 1024)
            self._data += data
            got = len(data)
        if not got:
            raise ConnectionError
        self._parse()

    def _discard(self) -> int:
        got = self._sock.recv_into(_BACKLOG, min(self._body, len(_BACKLOG)), socket.MSG_TRUNC)
        self._body -= got
        return got

    def _parse(self) -> None:
        if not self._in_body:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            self._request, self._data = self._data[: end + 2], self._data[end + 4 :]
            self._chunked = bool(_CHUNKED.search(self._request))
            length = _LENGTH.search(self._request)
            self._body = self._size = int(length[1]) if length else 0
            self._in_body = True
            if _EXPECT.search(self._request):
                self._sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._take() and (not self._chunked or self._last_chunk()):
            self._in_body = False
            self._out, self._zeros = self._server.answer(self._request, self._size)
            self.writable()

    def _take(self) -> bool:
        """Take what arrived of the body; whether that is all of it, or of this chunk."""
        taken = min(self._body, len(self._data))
        self._body -= taken
        self._data = self._data[taken:]
        return not self._body

    def _last_chunk(self) -> bool:
        while True:
            line, found, rest = self._data.partition(b"\r\n")
            if not found:
                return False
            if not line:  # the end of the chunk before
                self._data = rest
                continue
            size = int(line.split(b";")[0], 16)
            if not size:
                # The trailers, and an empty line.
                end = self._data.find(b"\r\n\r\n")
                if end >= 0:
                    self._data = self._data[end + 4 :]
                return end >= 0
            self._data, self._body = rest, size
            self._size += size
            if not self._take():
                return False

    def writable(self) -> None:
        """Send on; where that is not all, go on when there is room."""
        try:
            if self._out:
                flags = socket.MSG_MORE if self._zeros else 0
                self._out = self._out[self._sock.send(self._out, flags) :]
            while self._zeros and not self._out:
                self._zeros -= os.sendfile(
                    self._sock.fileno(), self._server.zeros.fileno(), 0, min(self._zeros, ZEROS)
                )
        except BlockingIOError:
            pass
        writing = bool(self._out or self._zeros)
        if writing != self._writing:
            self._writing = writing
            self._server.watch(self._sock, self, writing=writing)


class Counting:
    """The server."""

    def __init__(self, page: bytes) -> None:
        """Make it.

        Args:
            page: what a listing is answered with.
        """
        self.zeros = zeros_file()
        self._page = page
        self._selector = selectors.DefaultSelector()

    def watch(self, sock: socket.socket, connection: Connection, *, writing: bool) -> None:
        """Wait for room to write, or for what is to be read."""
        events = selectors.EVENT_WRITE if writing else selectors.EVENT_READ
        self._selector.modify(sock, events, connection)

    def run(self, listener: socket.socket) -> None:
        """Serve until the process is ended."""
        self._selector.register(listener, selectors.EVENT_READ)
        while True:
            for key, events in self._selector.select():
                if key.data is None:
                    self._accept(listener)
                    continue
                try:
                    if events & selectors.EVENT_WRITE:
                        key.data.writable()
                    else:
                        key.data.readable()
                except BlockingIOError:
                    continue
                except ConnectionError:
                    self._selector.unregister(key.fileobj)
                    assert isinstance(key.fileobj, socket.socket)
                    key.fileobj.close()

    def _accept(self, listener: socket.socket) -> None:
        sock, _ = listener.accept()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(sock, selectors.EVENT_READ, Connection(self, sock))

    def answer(self, request: bytes, size: int) -> tuple[bytes, int]:
        """The answer to a request whose body had a size: its bytes, and how many zeros follow."""
        method, target = request.split(b" ", 2)[:2]
        path, _, query = target.decode().partition("?")
        if method in {b"GET", b"HEAD"}:
            if query.startswith("uploads") or "&uploads" in query:
                return _document(_UPLOADS), 0
            found = _SIZE.search(unquote(path))
            if not found:
                return _document(self._page), 0
            return _object(request, int(found[1]), head=method == b"HEAD")
        if method == b"POST":
            return _document(_STARTED if "uploads" in query else _COMPLETED), 0
        return _stored(size), 0


@lru_cache(maxsize=64)
def _stored(size: int) -> bytes:
    return (
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n"
        f"x-cos-request-id: NmIwNTY1ZjBfYjE3\r\nETag: {ETAG}\r\n"
        f"x-cos-hash-crc64ecma: {crc_of_zeros(size)}\r\n\r\n"
    ).encode()


def _document(document: bytes) -> bytes:
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Length: {len(document)}\r\nContent-Type: application/xml\r\n"
        "Connection: keep-alive\r\nx-cos-request-id: NmIwNTY1ZjBfYjE3\r\n\r\n"
    )
    return head.encode() + document


def _object(request: bytes, size: int, *, head: bool) -> tuple[bytes, int]:
    status, start, stop, extra = "200 OK", 0, size, ""
    ranged = _RANGE.search(request)
    if ranged:
        start = int(ranged[1])
        stop = min(int(ranged[2] or size - 1) + 1, size)
        status, extra = "206 Partial Content", f"Content-Range: bytes {start}-{stop - 1}/{size}\r\n"
    text = (
        f"HTTP/1.1 {status}\r\nContent-Length: {stop - start}\r\n{extra}Accept-Ranges: bytes\r\n"
        f"Content-Type: application/octet-stream\r\nETag: {ETAG}\r\nConnection: keep-alive\r\n"
        "Last-Modified: Tue, 24 Nov 2026 10:00:00 GMT\r\nx-cos-request-id: NmIwNTY1ZjBfYjE3\r\n"
        f"x-cos-hash-crc64ecma: {crc_of_zeros(size)}\r\n\r\n"
    )
    return text.encode(), 0 if head else stop - start


def start(bench: Bench, keys: int = 0) -> int:
    """Start it for as long as the bench lasts; returns its port.

    Args:
        bench: whose stack ends it.
        keys: how many there are on the page that a listing is answered with.
    """
    page = bench.new_folder()
    page.write_bytes(_page(keys))
    log = page.with_suffix(".log")
    command = [sys.executable, "-m", "benchmarks.counting", str(page)]
    return announced_port(bench.stack.enter_context(running(command, log=log)), log)


def _page(keys: int) -> bytes:
    """As COS and S3 answer."""
    contents = "".join(
        f"<Contents><Key>listed/{number:08}</Key><LastModified>2026-11-24T10:00:00.000Z"
        f"</LastModified><ETag>{ETAG.replace(chr(34), '&quot;')}</ETag><Size>4096</Size><Owner>"
        "<ID>1250000000</ID><DisplayName>1250000000</DisplayName></Owner>"
        "<StorageClass>STANDARD</StorageClass></Contents>"
        for number in range(keys)
    )
    return (
        f"{_XML}<ListBucketResult><Name>bench</Name><Prefix>listed/</Prefix><Marker></Marker>"
        f"<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
    ).encode()


def main(page: str = "") -> None:
    """Serve until a signal ends it."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        Counting(Path(page).read_bytes() if page else b"").run(listener)


if __name__ == "__main__":
    main(*sys.argv[1:])

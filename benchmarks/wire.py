"""Single requests by a bare socket: a client that does next to nothing."""

import os
import socket
from typing import BinaryIO, Final

from benchmarks.peers.signing import Request

MIB: Final = 1024 * 1024
ZEROS: Final = 4 * MIB
"""How many there are in `zeros_file`."""


def zeros_file() -> BinaryIO:
    """Zeros in memory, for the kernel to send from without a copy."""
    file = os.fdopen(os.memfd_create("zeros"), "w+b")
    file.write(bytes(ZEROS))
    file.flush()
    return file


def send(port: int, request: Request, body: bytes | None = None) -> bytes:
    """Send a request; returns the body of the answer.

    Raises:
        RuntimeError: the answer is not 200, or ends early.
    """
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request.head(None if body is None else len(body)) + (body or b""))
        return receive(connection)


def receive(connection: socket.socket) -> bytes:
    """The body of an answer.

    Raises:
        RuntimeError: as `send`.
    """
    head, body = read_head(connection)
    text = head.lower()
    if b"\r\ntransfer-encoding: chunked" in text:
        while not body.endswith(b"0\r\n\r\n"):
            body += _more(connection)
        return _unchunked(body)
    at = text.index(b"\r\ncontent-length:") + 17
    size = int(text[at : text.find(b"\r", at)])
    while len(body) < size:
        body += _more(connection)
    return body


def read_head(connection: socket.socket) -> tuple[bytes, bytes]:
    """The head of an answer, and what arrived of its body.

    Raises:
        RuntimeError: as `send`.
    """
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    if not data.startswith(b"HTTP/1.1 20"):
        raise RuntimeError(data.decode("latin-1")[:1000])
    head, _, body = data.partition(b"\r\n\r\n")
    return head + b"\r\n", body


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(MIB)
    if not data:
        raise RuntimeError("the answer ends early")
    return data


def _unchunked(data: bytes) -> bytes:
    whole: list[bytes] = []
    while True:
        line, _, data = data.partition(b"\r\n")
        size = int(line, 16)
        if not size:
            return b"".join(whole)
        whole.append(data[:size])
        data = data[size + 2 :]

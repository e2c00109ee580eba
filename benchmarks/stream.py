"""One large body up or down by a bare socket: ``python -m benchmarks.stream PORT METHOD MIBS``.

A client that does next to nothing, so that what is measured is the server.
"""

import socket
import sys
import time
from typing import Final

from benchmarks.server import HOST, KEYS
from cosbox.protocol.signing import Credential, sign

MIB: Final = 1024 * 1024
PATH: Final = "/large"


def run(port: int, method: str, mibs: int) -> float:
    """MiB per second, from the first byte of the request to the last of the answer."""
    now = int(time.time())
    signature = sign(
        Credential(*KEYS),
        method,
        PATH,
        query={},
        headers={"host": HOST},
        start=now - 60,
        end=now + 3600,
    )
    length = f"Content-Length: {mibs * MIB}\r\n" if method == "PUT" else ""
    head = f"{method} {PATH}?{signature.query()} HTTP/1.1\r\nHost: {HOST}\r\n{length}\r\n"
    buffer = bytearray(MIB)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        began = time.perf_counter()
        connection.sendall(head.encode())
        if method == "PUT":
            for _ in range(mibs):
                connection.sendall(buffer)
        answer = connection.recv(64 * 1024)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer.decode("latin-1")[:1000])
        if method == "GET":
            missing = answer.index(b"\r\n\r\n") + 4 + mibs * MIB - len(answer)
            while missing:
                got = connection.recv_into(buffer)
                if not got:
                    raise RuntimeError(f"{missing} bytes are missing")
                missing -= got
        return mibs / (time.perf_counter() - began)


if __name__ == "__main__":
    print(run(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))

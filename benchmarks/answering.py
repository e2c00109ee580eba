"""A server that only answers, behind our HTTP front: ``python -m benchmarks.answering PAGE MIBS``.

What a client, or the front, can do at the most: it looks at nothing, and keeps nothing.
"""

import socket
import sys
from pathlib import Path
from typing import Any, Final

import uvicorn

from cosbox.server.http.limits import Limits
from cosbox.server.http.protocol import protocol_class

MIB: Final = 1024 * 1024
SMALL: Final = bytes(4096)
CHUNK: Final = bytes(MIB)


class Answering:
    """An ASGI app: GET of 4 KiB, or of MiBs under ``/large``, or a page where there is a prefix."""

    def __init__(self, page: bytes, mibs: int) -> None:
        self._page = page
        self._mibs = mibs

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        while (await receive())["more_body"]:
            pass
        if scope["method"] == "PUT":
            await self._answer(send, b"")
        elif b"prefix=" in scope["query_string"]:
            await self._answer(send, self._page)
        elif scope["path"].endswith("/large"):
            await self._head(send, self._mibs * MIB)
            for _ in range(self._mibs):
                await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._answer(send, SMALL)

    async def _answer(self, send: Any, body: bytes) -> None:
        await self._head(send, len(body))
        await send({"type": "http.response.body", "body": body})

    async def _head(self, send: Any, size: int) -> None:
        headers = {
            b"x-cos-request-id": b"NmIwNTY1ZjBfYjE3ZTE0ZjlfNzU5M18yODRlY2U=",
            b"ETag": b'"2bcd3c4de20c918e19fab5c36249c70d"',
            b"Content-Length": b"%d" % size,
        }
        await send({"type": "http.response.start", "status": 200, "headers": headers.items()})


def main(page: str, mibs: str) -> None:
    """Serve until a signal ends it."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(
        Answering(Path(page).read_bytes(), int(mibs)),
        http=protocol_class(Limits()),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
    )
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A server that only answers, behind our HTTP front: ``python -m benchmarks.answering``.

What the front can do at the most: it looks at nothing, and keeps nothing.
"""

import socket
from typing import Any, Final

import uvicorn

from cosbox.server.http.limits import Limits
from cosbox.server.http.protocol import protocol_class

SMALL: Final = bytes(4096)


class Answering:
    """An ASGI app: 4 KiB for a GET, nothing for a PUT."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        while (await receive())["more_body"]:
            pass
        body = b"" if scope["method"] == "PUT" else SMALL
        headers = {
            b"x-cos-request-id": b"NmIwNTY1ZjBfYjE3ZTE0ZjlfNzU5M18yODRlY2U=",
            b"ETag": b'"2bcd3c4de20c918e19fab5c36249c70d"',
            b"Content-Length": b"%d" % len(body),
        }
        await send({"type": "http.response.start", "status": 200, "headers": headers.items()})
        await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve until a signal ends it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        config = uvicorn.Config(
            Answering(),
            http=protocol_class(Limits()),
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
        )
        uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()

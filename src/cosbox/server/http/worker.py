"""A process of several that share a listening socket: ``python -m cosbox.server.http.worker FD``.

The supervisor writes one line of JSON to stdin and keeps the pipe open; its end means that the
supervisor is gone, however that came about, and that the worker should be too. The worker writes
one line to stdout when it answers requests.
"""

import json
import os
import socket
import sys
import threading

from cosbox.server.http.options import ServeOptions
from cosbox.server.http.process import FrontServer, serve_here


def main() -> int:
    """Run a worker."""
    listener = socket.socket(fileno=int(sys.argv[1]))
    line = _read_line()
    if not line:
        return 1
    orders = json.loads(line)
    options = ServeOptions.from_json(orders["options"])
    serve_here(orders["folder"], listener, options, on_ready=_say_ready, on_server=_watch_stdin)
    return 0


def _read_line() -> bytes:
    # Not through sys.stdin: a thread that waits inside it would stop the interpreter's exit.
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return b""
        line += byte
    return bytes(line)


def _say_ready() -> None:
    print("ready", flush=True)  # noqa: T201 - the supervisor waits for it


def _watch_stdin(server: FrontServer) -> None:
    def wait_for_end() -> None:
        while os.read(0, 4096):
            pass
        server.should_exit = True

    threading.Thread(target=wait_for_end, name="cosbox-supervisor-gone", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())

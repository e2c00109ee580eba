"""Serve a folder over HTTP, with one process or several."""

import os
import sys

from cosbox.server.http.listening import listen, url_of
from cosbox.server.http.options import ServeOptions
from cosbox.server.http.process import serve_here
from cosbox.server.http.supervisor import Supervisor


def serve(folder: str | os.PathLike[str], options: ServeOptions) -> None:
    """Serve until SIGTERM or SIGINT; returns once requests under way are finished.

    When requests are answered, one line is written to stdout::

        cosbox: serving DIR at http://HOST:PORT

    A second SIGINT does not wait for requests under way.

    Raises:
        OSError: it cannot listen there.
        StorageError: the store cannot be opened.
        WorkerFailed: the same, with several workers; they say on stderr why.
    """
    if options.workers > 1 and sys.platform == "win32":
        raise OSError("more than one worker needs a POSIX system")
    with listen(options.host, options.port) as listener:
        line = f"cosbox: serving {os.fspath(folder)} at {url_of(listener, options.host)}"

        def announce() -> None:
            print(line, flush=True)  # noqa: T201 - what a script waits for

        if options.workers == 1:
            serve_here(folder, listener, options, on_ready=announce)
        else:
            Supervisor(folder, listener, options, on_ready=announce).run()

"""One process that serves: uvicorn's server with our protocol class, and our view of signals."""

import contextlib
import dataclasses
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

import uvicorn

from cosbox.server.app import Settings, open_app
from cosbox.server.http.exchange import App
from cosbox.server.http.listening import BACKLOG, fitting
from cosbox.server.http.options import ServeOptions
from cosbox.server.http.protocol import protocol_class

_GARBAGE: Final = 10_000
"""So many objects more than were let go of begin a collection; Python's own number is 700."""


class FrontServer(uvicorn.Server):
    """Says when it can answer, and takes a signal to end as a request that it can fulfil.

    uvicorn raises the signal again once all is done, so that the process dies of it; here an
    orderly end is a success.
    """

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept connections."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: `serve_here` handles signals, from before this runs until after."""
        yield


@contextlib.contextmanager
def handled(handler: Callable[..., None]) -> Iterator[None]:
    """Within it, SIGTERM and SIGINT (and Ctrl-Break) call the handler."""
    signals = [signal.SIGTERM, signal.SIGINT]
    if sys.platform == "win32":
        signals.append(signal.SIGBREAK)
    before = {number: signal.signal(number, handler) for number in signals}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def make_server(app: App, options: ServeOptions, on_ready: Callable[[], None]) -> FrontServer:
    """A server for an app, to be run with a listening socket."""
    config = uvicorn.Config(
        app,
        http=protocol_class(options.limits, access_log=options.access_log),
        ws="none",
        lifespan="off",  # the app is opened and closed by `serve_here`
        interface="asgi3",
        workers=1,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        log_config=None,
        log_level=options.log_level,
        access_log=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=options.grace,
    )
    return FrontServer(config, on_ready)


def _settings(options: ServeOptions) -> Settings:
    return Settings(
        region=options.region,
        durability=options.durability,
        transfers=options.limits.transfers,
        scrub_rate=options.scrub_rate,
        reserve=options.reserve,
        abort_uploads_after=options.abort_uploads_after,
    )


def serve_here(
    folder: str | os.PathLike[str],
    listener: socket.socket,
    options: ServeOptions,
    *,
    on_ready: Callable[[], None],
    on_server: Callable[[FrontServer], None] | None = None,
) -> None:
    """Serve in this process until a signal ends it; the store is closed afterwards.

    Args:
        folder: the store's.
        listener: a listening socket; it is closed in the end.
        options: the rest.
        on_ready: called when requests are answered.
        on_server: called with the server before that.
    """
    set_up_logging(options)
    options = dataclasses.replace(options, limits=fitting(options.limits))
    server: FrontServer | None = None
    told: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        told.append(number)
        if server is not None:
            server.handle_exit(number, frame)

    # The handler stays until the store is closed, which a second signal must not cut short.
    with handled(end), open_app(folder, settings=_settings(options)) as app:
        server = make_server(app, options, on_ready)
        if on_server is not None:
            on_server(server)
        server.should_exit = bool(told)
        _spare_the_collector()
        server.run([listener])


def _spare_the_collector() -> None:
    """Let the garbage collector pass over what was loaded, and run less often: requests leave next
    to nothing that refers to itself, and to look for it took a tenth of the time of a small PUT."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE)


def set_up_logging(options: ServeOptions) -> None:
    """Send to stderr what is at least as grave as the options say."""
    level = options.log_level.upper()
    logging.basicConfig(
        stream=sys.stderr, level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    if options.access_log:
        logging.getLogger("cosbox.access").setLevel(logging.INFO)

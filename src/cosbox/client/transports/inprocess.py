"""A store in the same process: the requests that go over HTTP elsewhere are calls here.

The request goes through the same gateway as it would over the network, so that answers and errors
are the same; only nothing is signed, since whoever can open the folder owns what is in it.
"""

import os
from collections.abc import Iterator
from typing import NoReturn, Self

from cosbox.client.transports.base import HttpRequest, HttpResponse, Timeouts
from cosbox.client.transports.held import HeldBody
from cosbox.protocol.errors import TransportError
from cosbox.server.effects import BodyFailed
from cosbox.server.gateway import Gateway
from cosbox.server.messages import Incoming, Outgoing
from cosbox.server.sync import Source, drive
from cosbox.service.accounts import ensure_account
from cosbox.service.clock import Clock, FolderClock
from cosbox.service.identity import Caller
from cosbox.service.janitor import Janitor
from cosbox.service.reading import Stored
from cosbox.service.store import Store
from cosbox.storage.durable import Durability
from cosbox.storage.errors import StorageError
from cosbox.storage.folder import Folder, open_folder


class Embedded:
    """A store that this process has opened, and the account that it is used as."""

    signs = False

    def __init__(self, folder: Folder, *, appid: str | None, region: str, clock: Clock) -> None:
        """Serve an open folder to one of its accounts: the one with the APPID, made if need be, or
        the store's first."""
        self._folder = folder
        self._store = Store(folder.records, folder.blobs, clock, region)
        self._gateway = Gateway(self._store)
        account = folder.records.write(
            lambda txn: ensure_account(txn, now=clock.now(), appid=appid or "")
        ).result()
        self._caller = Caller(account.appid, account.uin)
        self._janitor: Janitor | None = None

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        appid: str | None = None,
        region: str = "local",
        clock: Clock | None = None,
        durability: Durability = "full",
    ) -> Self:
        """Open the store in a folder, which is made if it does not exist.

        Raises:
            StoreFormatError: the folder holds something else, or a store of a newer format.
            StoreInUseError: another process excludes this one.
        """
        folder = open_folder(path, durability=durability)
        try:
            made = cls(folder, appid=appid, region=region, clock=clock or FolderClock(path))
        except BaseException:
            folder.close()
            raise
        made._janitor = Janitor(made._store)
        return made

    def let_go(self) -> None:
        """Let go of the folder."""
        if self._janitor is not None:
            self._janitor.close()
        self._folder.close()

    def _incoming(self, request: HttpRequest) -> Incoming:
        """A request as the gateway takes it."""
        path, _, query = request.target.partition("?")
        headers = {**request.headers, "host": request.host}
        body = request.body
        length = body.length if body is not None else 0
        if length is not None:
            headers["content-length"] = str(length)
        else:
            headers["transfer-encoding"] = "chunked"
        return Incoming(request.method, path, query, headers, self._caller)


class InProcessTransport(Embedded):
    """Hands requests to a store that this process has opened."""

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:  # noqa: ARG002
        """Serve one request. There is nothing to time out: no peer can stall."""
        flow = self._gateway.handle(self._incoming(request))
        try:
            outgoing = drive(flow, self._store, _source(request))
        except BodyFailed as failed:
            raise_cause(failed)
        return _response(request, outgoing)

    def close(self) -> None:
        """Finish what is under way and let go of the folder."""
        self.let_go()


def raise_cause(failed: BodyFailed) -> NoReturn:
    """Raise what the body of a request raised.

    Raises:
        TransportError: it raised nothing.
    """
    cause = failed.__cause__
    if cause is None:
        raise TransportError("the body of the request broke off") from failed
    raise cause from None


def _source(request: HttpRequest) -> Source:
    body, stop = request.body, request.stop
    if body is None:
        return lambda _size: b""
    if stop is None:
        return body.read
    return lambda size: stop() or body.read(size)


def _response(request: HttpRequest, outgoing: Outgoing) -> HttpResponse:
    headers = list(outgoing.headers.items())
    body = outgoing.body
    if request.stream and outgoing.status < 300:
        stream = HeldBody(body) if isinstance(body, bytes) else _Body(body)
        return HttpResponse(outgoing.status, headers, stream=stream)
    if isinstance(body, Stored):
        with_stream = _Body(body)
        return HttpResponse(outgoing.status, headers, with_stream.read())
    return HttpResponse(outgoing.status, headers, body)


class _Body:
    """The bytes of an answer, read from the store as they are asked for."""

    def __init__(self, body: Stored) -> None:
        self._chunks: Iterator[bytes] = body.chunks()
        self._left = memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, or all that are left; b"" at the end."""
        if size < 0:
            parts = [bytes(self._left)]
            self._left = memoryview(b"")
            while chunk := self._next():
                parts.append(chunk)
            return b"".join(parts)
        if not self._left:
            chunk = self._next()
            if len(chunk) <= size:
                return chunk
            self._left = memoryview(chunk)
        piece = bytes(self._left[:size])
        self._left = self._left[size:]
        return piece

    def _next(self) -> bytes:
        try:
            return next(self._chunks, b"")
        except StorageError as error:
            raise TransportError(f"the store could not read the object: {error}") from error

    def close(self) -> None:
        """Let go of the file that is being read."""
        self._left = memoryview(b"")
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()
        self._chunks = iter(())

"""Tencent Cloud COS in one package: a client, an object store, and the tools around them.

>>> import cosbox, tempfile
>>> with tempfile.TemporaryDirectory() as folder, cosbox.open(folder) as client:
...     client.create_bucket(Bucket="examplebucket-1250000000")
...     _ = client.put_object("examplebucket-1250000000", b"hello", "a.txt")
...     client.get_object("examplebucket-1250000000", "a.txt")["Body"].read()
b'hello'
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from cosbox._version import __version__

if TYPE_CHECKING:
    from cosbox.client.aio.client import AsyncCosS3Client
    from cosbox.client.aio.stream import AsyncStreamBody
    from cosbox.client.config import CosConfig
    from cosbox.client.stream import StreamBody
    from cosbox.client.sync import CosS3Client
    from cosbox.client.transfers.control import TransferControl
    from cosbox.protocol.errors import (
        AccessDeniedError,
        ArchivedError,
        ConflictError,
        CosClientError,
        CosException,
        CosServiceError,
        IntegrityError,
        NotFoundError,
        NotModifiedError,
        ParameterError,
        PreconditionError,
        ServerFaultError,
        SourceChangedError,
        TransferCancelledError,
        TransportError,
        TransportTimeoutError,
    )
    from cosbox.service.clock import Clock, MovableClock
    from cosbox.storage.durable import Durability
    from cosbox.storage.errors import StorageError, StoreFormatError

__all__ = [
    "AccessDeniedError",
    "ArchivedError",
    "AsyncCosS3Client",
    "AsyncStreamBody",
    "ConflictError",
    "CosClientError",
    "CosConfig",
    "CosException",
    "CosS3Client",
    "CosServiceError",
    "IntegrityError",
    "MovableClock",
    "NotFoundError",
    "NotModifiedError",
    "ParameterError",
    "PreconditionError",
    "ServerFaultError",
    "SourceChangedError",
    "StorageError",
    "StoreFormatError",
    "StreamBody",
    "TransferCancelledError",
    "TransferControl",
    "TransportError",
    "TransportTimeoutError",
    "__version__",
    "open",
    "open_async",
]

_ELSEWHERE: Final = {
    "AsyncCosS3Client": "cosbox.client.aio.client",
    "AsyncStreamBody": "cosbox.client.aio.stream",
    "CosConfig": "cosbox.client.config",
    "CosS3Client": "cosbox.client.sync",
    "MovableClock": "cosbox.service.clock",
    "StorageError": "cosbox.storage.errors",
    "StoreFormatError": "cosbox.storage.errors",
    "StreamBody": "cosbox.client.stream",
    "TransferControl": "cosbox.client.transfers.control",
}
"""Where the names are that are not errors of calls. All are loaded when first used, so that
importing a part of the package does not load the others."""


_NOWHERE: Final[dict[str, Any]] = {"Endpoint": "localhost", "Anonymous": True}
"""Nothing leaves the process: the host only gives URLs a form, and nobody signs."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'cosbox' has no attribute {name!r}")
    value = getattr(import_module(_ELSEWHERE.get(name, "cosbox.protocol.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def open(  # noqa: A001 - cosbox.open is to a store what open is to a file
    path: str | os.PathLike[str],
    *,
    appid: str | None = None,
    region: str = "local",
    clock: "Clock | None" = None,
    durability: "Durability" = "full",
) -> "CosS3Client":
    """A client of the store in a folder, which is made where there is none.

    >>> import cosbox, tempfile
    >>> clock = cosbox.MovableClock()
    >>> with tempfile.TemporaryDirectory() as folder, cosbox.open(folder, clock=clock) as client:
    ...     client.create_bucket(Bucket="examplebucket-1250000000")
    ...     _ = client.put_object("examplebucket-1250000000", b"x", "a", StorageClass="ARCHIVE")
    ...     client.restore_object("examplebucket-1250000000", "a", {"Days": 1})
    ...     clock.move(hours=6)
    ...     client.get_object("examplebucket-1250000000", "a")["Body"].read()
    b'x'

    Args:
        path: the folder.
        appid: of the account to act as, made if need be; None is the store's first account, or in
            a new store one with the APPID 1250000000.
        region: the region that the store says it is.
        clock: what time it is in the store; None is the machine's, moved as ``cosbox clock`` says.
        durability: ``"full"``: what a call that returned has changed is never lost. ``"process"``:
            several times faster for small objects; not lost when the process dies, but a power cut
            may take the store back a few seconds.

    Raises:
        StoreFormatError: the folder holds something else, or a store of a newer format.
        StorageError: it cannot be used.
    """
    from cosbox.client.config import CosConfig  # noqa: PLC0415 - importing cosbox stays light
    from cosbox.client.sync import CosS3Client  # noqa: PLC0415
    from cosbox.client.transports.inprocess import InProcessTransport  # noqa: PLC0415

    conf = CosConfig(Region=region, **_NOWHERE)
    transport = InProcessTransport.open(
        path, appid=appid, region=region, clock=clock, durability=durability
    )
    return CosS3Client(conf, transport=transport)


def open_async(
    path: str | os.PathLike[str],
    *,
    appid: str | None = None,
    region: str = "local",
    clock: "Clock | None" = None,
    durability: "Durability" = "full",
) -> "AsyncCosS3Client":
    """An async client of the store in a folder, which is made where there is none.

    >>> import asyncio, tempfile
    >>> async def main(folder):
    ...     async with open_async(folder) as client:
    ...         await client.create_bucket(Bucket="examplebucket-1250000000")
    ...         await client.put_object("examplebucket-1250000000", b"hello", "a.txt")
    ...         answer = await client.get_object("examplebucket-1250000000", "a.txt")
    ...         return await answer["Body"].read()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     asyncio.run(main(folder))
    b'hello'

    Args:
        path: the folder.
        appid: as in `open`.
        region: as in `open`.
        clock: as in `open`.
        durability: as in `open`.

    Raises:
        StoreFormatError: as in `open`.
        StorageError: as in `open`.
    """
    from cosbox.client.aio.client import AsyncCosS3Client  # noqa: PLC0415 - as in `open`
    from cosbox.client.config import CosConfig  # noqa: PLC0415
    from cosbox.client.transports.async_inprocess import (  # noqa: PLC0415
        AsyncInProcessTransport,
    )

    conf = CosConfig(Region=region, **_NOWHERE)
    transport = AsyncInProcessTransport.open(
        path, appid=appid, region=region, clock=clock, durability=durability
    )
    return AsyncCosS3Client(conf, transport=transport)

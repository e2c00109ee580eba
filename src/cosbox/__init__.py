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
        TransportError,
        TransportTimeoutError,
    )

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
    "NotFoundError",
    "NotModifiedError",
    "ParameterError",
    "PreconditionError",
    "ServerFaultError",
    "StreamBody",
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
    "StreamBody": "cosbox.client.stream",
}
"""Where the names are that are not errors. All are loaded when first used, so that importing a
part of the package does not load the others."""


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
    path: str | os.PathLike[str], *, appid: str | None = None, region: str = "local"
) -> "CosS3Client":
    """A client of the store in a folder, which is made where there is none.

    Args:
        path: the folder.
        appid: of the account to act as, made if need be; None is the store's first account, or in
            a new store one with the APPID 1250000000.
        region: the region that the store says it is.

    Raises:
        OSError: the folder cannot be used.
        CosException: it holds a store that cannot be opened.
    """
    from cosbox.client.config import CosConfig  # noqa: PLC0415 - importing cosbox stays light
    from cosbox.client.sync import CosS3Client  # noqa: PLC0415
    from cosbox.client.transports.inprocess import InProcessTransport  # noqa: PLC0415

    conf = CosConfig(Region=region, **_NOWHERE)
    return CosS3Client(conf, transport=InProcessTransport.open(path, appid=appid, region=region))


def open_async(
    path: str | os.PathLike[str], *, appid: str | None = None, region: str = "local"
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

    Raises:
        OSError: the folder cannot be used.
        CosException: it holds a store that cannot be opened.
    """
    from cosbox.client.aio.client import AsyncCosS3Client  # noqa: PLC0415 - as in `open`
    from cosbox.client.config import CosConfig  # noqa: PLC0415
    from cosbox.client.transports.async_inprocess import (  # noqa: PLC0415
        AsyncInProcessTransport,
    )

    conf = CosConfig(Region=region, **_NOWHERE)
    transport = AsyncInProcessTransport.open(path, appid=appid, region=region)
    return AsyncCosS3Client(conf, transport=transport)

"""`AsyncCosS3Client`: every call, awaited."""

import asyncio
from types import TracebackType
from typing import Self

from cosbox.client.aio.bodies import Bodies
from cosbox.client.aio.driver import Pause, run_async
from cosbox.client.aio.methods.buckets import AsyncBucketCalls
from cosbox.client.aio.methods.listing import AsyncListingCalls
from cosbox.client.aio.methods.multipart import AsyncMultipartCalls
from cosbox.client.aio.methods.objects import AsyncObjectCalls
from cosbox.client.aio.methods.paging import AsyncPagingCalls
from cosbox.client.aio.methods.transfers import AsyncTransferCalls
from cosbox.client.aio.stream import AsyncStreamBody
from cosbox.client.config import CosConfig
from cosbox.client.effects import Flow, T
from cosbox.client.flow import Caller, check_settings
from cosbox.client.methods.urls import UrlCalls
from cosbox.client.runtime import Runtime
from cosbox.client.transports.async_base import AsyncTransport


class AsyncCosS3Client(
    AsyncBucketCalls,
    AsyncListingCalls,
    AsyncPagingCalls,
    AsyncObjectCalls,
    AsyncMultipartCalls,
    AsyncTransferCalls,
    UrlCalls,
):
    """A client of one store for asyncio. Make one, and use it from every task.

    The calls are those of `CosS3Client`, awaited; bodies may be async iterators and readers, and
    what ``get_object`` gives is an `AsyncStreamBody`. As many requests run at once as the
    configuration keeps connections (``PoolMaxSize``, 10 by default); more wait for their turn, for
    as long as it takes. Cancelling a task ends its transfer.

    >>> import asyncio
    >>> async def main():
    ...     conf = CosConfig(Endpoint="127.0.0.1:8000", SecretId="id", SecretKey="key")
    ...     async with AsyncCosS3Client(conf) as client:
    ...         return client.get_object_url("examplebucket-1250000000", "a.txt")
    >>> asyncio.run(main())
    'http://127.0.0.1:8000/examplebucket-1250000000/a.txt'
    """

    def __init__(
        self,
        conf: CosConfig,
        retry: int = 3,
        *,
        transport: AsyncTransport | None = None,
        runtime: Runtime | None = None,
        sleep: Pause = asyncio.sleep,
    ) -> None:
        """Make a client.

        Args:
            conf: where to, and as whom.
            retry: how often a failed request is sent again.
            transport: what carries requests, instead of HTTP by the configuration. The client
                closes it when it is closed.
            runtime: the clock and the luck of retries.
            sleep: waits between retries.

        Raises:
            ParameterError: an argument makes no sense.
        """
        check_settings(conf, retry)
        self._transport = _http(conf) if transport is None else transport
        self._sleep = sleep
        self._bodies = Bodies()
        self._caller = Caller(
            conf,
            retries=retry,
            signs=self._transport.signs,
            runtime=runtime or Runtime(),
            as_body=self._bodies.as_body,
            stream_body=AsyncStreamBody,
            live=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncCosS3Client({self._caller.config!r})"

    async def close(self) -> None:
        """Close the connections. Bodies that are being read can be read to their end."""
        self._bodies.close()
        await self._transport.close()

    def get_conf(self) -> CosConfig:
        """The configuration."""
        return self._caller.config

    def get_retry_exe_times(self) -> int:
        """How many requests were sent again since the client was made."""
        return self._caller.retried

    async def _run(self, flow: Flow[T]) -> T:
        return await run_async(flow, self._transport, self._sleep)


def _http(conf: CosConfig) -> AsyncTransport:
    # Loaded here, so that a client of a folder does without libcurl.
    from cosbox.client.transports.async_curl import AsyncCurlTransport  # noqa: PLC0415

    return AsyncCurlTransport.of(conf)

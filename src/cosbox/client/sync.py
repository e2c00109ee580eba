"""`CosS3Client`: every call, waiting for its answer."""

from types import TracebackType
from typing import Self

from cosbox.client.config import CosConfig
from cosbox.client.driver import run
from cosbox.client.effects import Flow, T
from cosbox.client.flow import Caller, check_settings
from cosbox.client.methods.buckets import BucketCalls
from cosbox.client.methods.listing import ListingCalls
from cosbox.client.methods.multipart import MultipartCalls
from cosbox.client.methods.objects import ObjectCalls
from cosbox.client.methods.paging import PagingCalls
from cosbox.client.methods.transfers import TransferCalls
from cosbox.client.methods.urls import UrlCalls
from cosbox.client.runtime import Runtime
from cosbox.client.transports.base import Transport
from cosbox.protocol.errors import ParameterError


class CosS3Client(
    BucketCalls,
    ListingCalls,
    PagingCalls,
    ObjectCalls,
    MultipartCalls,
    TransferCalls,
    UrlCalls,
):
    """A client of one store. Make one and use it from every thread, and after a fork.

    >>> conf = CosConfig(Endpoint="127.0.0.1:8000", SecretId="id", SecretKey="key")
    >>> client = CosS3Client(conf)
    >>> client.get_object_url("examplebucket-1250000000", "a.txt")
    'http://127.0.0.1:8000/examplebucket-1250000000/a.txt'
    >>> client.close()
    """

    def __init__(
        self,
        conf: CosConfig,
        retry: int = 3,
        session: None = None,
        *,
        transport: Transport | None = None,
        runtime: Runtime | None = None,
    ) -> None:
        """Make a client.

        Args:
            conf: where to, and as whom.
            retry: how often a failed request is sent again.
            session: must be None; the official SDK takes a requests.Session here.
            transport: what carries requests, instead of HTTP by the configuration. The client
                closes it when it is closed.
            runtime: the clock, the waiting and the luck of retries.

        Raises:
            ParameterError: an argument makes no sense.
        """
        check_settings(conf, retry)
        if session is not None:
            raise ParameterError("cosbox is not built on requests; pass transport= instead")
        self._transport = _http(conf) if transport is None else transport
        self._runtime = runtime or Runtime()
        self._caller = Caller(
            conf, retries=retry, signs=self._transport.signs, runtime=self._runtime
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"CosS3Client({self._caller.config!r})"

    def close(self) -> None:
        """Close the connections. Bodies that are being read can be read to their end."""
        self._transport.close()

    def get_conf(self) -> CosConfig:
        """The configuration."""
        return self._caller.config

    def get_retry_exe_times(self) -> int:
        """How many requests were sent again since the client was made."""
        return self._caller.retried

    def _run(self, flow: Flow[T]) -> T:
        return run(flow, self._transport, self._runtime.sleep)


def _http(conf: CosConfig) -> Transport:
    # Loaded here, so that a client of a folder does without libcurl.
    from cosbox.client.transports.curl import CurlTransport  # noqa: PLC0415

    return CurlTransport.of(conf)

"""What carries requests for the async client; requests and answers are those of `base`."""

from abc import abstractmethod
from typing import Protocol

from cosbox.client.transports.base import HttpRequest, HttpResponse, RequestBody, Timeouts


class AwaitedBody(RequestBody):
    """A request's body that is waited for. What is no such body is read at once, by ``read``."""

    @abstractmethod
    async def next(self, size: int) -> bytes:
        """Up to ``size`` bytes; b"" at the end. What it raises ends the request and reaches the
        caller as it is. One call at a time; after a ``rewind``, it begins again."""

    async def settle(self) -> None:
        """Wait until nothing of the request's source is in use any more: the request was cancelled,
        and its caller may want to use the source again. A source that may never answer, such as a
        pipe, is not waited for."""
        return


class AsyncTransport(Protocol):
    """Sends requests for the tasks of an event loop."""

    signs: bool
    """Whether requests need a signature (a call into the same process does not)."""

    async def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        """Send one request and wait for its answer, once. When it is cancelled, the transfer ends
        there.

        Raises:
            TransportTimeoutError: a limit passed.
            TransportError: no usable answer came. Whatever the body raised comes through as it is.
        """
        ...

    async def close(self) -> None:
        """Close the connections that are idle, and those in use when they are done."""
        ...

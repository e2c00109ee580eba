"""What the client's logic asks of the world, and the loop that does it.

The logic of a call is a generator: it yields `Send` and `Sleep` and is given the answers. So it is
written once, runs under threads (`run`) as under asyncio, and is tested without either.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

from cosbox.client.transports.base import HttpRequest, HttpResponse, Timeouts, Transport


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request; the flow is given its `HttpResponse`, or the transport's error is raised
    where it stands."""

    request: HttpRequest
    timeouts: Timeouts


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait; the flow is given None."""

    seconds: float


Effect = Send | Sleep
T = TypeVar("T")
Flow = Generator[Effect, HttpResponse | None, T]
"""Logic that ends with a T."""


def send(request: HttpRequest, timeouts: Timeouts) -> Flow[HttpResponse]:
    """The answer to a request, for flows: ``response = yield from send(...)``."""
    response = yield Send(request, timeouts)
    assert response is not None  # noqa: S101 - what drivers owe a Send
    return response


def run(flow: Flow[T], transport: Transport, sleep: Callable[[float], None]) -> T:
    """Do what a flow asks for until it ends, in the calling thread."""
    failure: BaseException | None = None
    response: HttpResponse | None = None
    while True:
        try:
            effect = flow.send(response) if failure is None else flow.throw(failure)
        except StopIteration as end:
            result: T = end.value
            return result
        failure = response = None
        try:
            if isinstance(effect, Send):
                response = transport.send(effect.request, effect.timeouts)
            else:
                sleep(effect.seconds)
        except BaseException as error:  # noqa: BLE001 - the flow raises it again, or deals with it
            failure = error

"""What the client's logic asks of the world, and the loop that does it.

The logic of a call is a generator: it yields effects and is given what came of them. So it is
written once, runs under threads (`run`) as under asyncio (`aio/driver.py`), and is tested without
either.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

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


@dataclass(frozen=True, slots=True)
class Work:
    """Do something that takes long or waits for a disk; the flow is given what it returns."""

    function: Callable[[], Any]


Effect = Send | Sleep | Work
T = TypeVar("T")
Flow = Generator[Effect, Any, T]
"""Logic that ends with a T."""


def send(request: HttpRequest, timeouts: Timeouts) -> Flow[HttpResponse]:
    """The answer to a request, for flows: ``response = yield from send(...)``."""
    response: HttpResponse = yield Send(request, timeouts)
    return response


def run(flow: Flow[T], transport: Transport, sleep: Callable[[float], None]) -> T:
    """Do what a flow asks for until it ends, in the calling thread."""
    failure: BaseException | None = None
    outcome: Any = None
    while True:
        try:
            effect = flow.send(outcome) if failure is None else flow.throw(failure)
        except StopIteration as end:
            result: T = end.value
            return result
        failure = outcome = None
        try:
            if isinstance(effect, Send):
                outcome = transport.send(effect.request, effect.timeouts)
            elif isinstance(effect, Sleep):
                sleep(effect.seconds)
            else:
                outcome = effect.function()
        except BaseException as error:  # noqa: BLE001 - the flow raises it again, or deals with it
            failure = error

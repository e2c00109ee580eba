"""What the client's logic asks of the world.

The logic of a call is a generator: it yields effects and is given what came of them. So it is
written once, runs under threads (`driver.py`) as under asyncio (`aio/driver.py`), and is tested
without either.
"""

from collections.abc import Callable, Generator
from typing import Any, NamedTuple, Protocol, TypeVar

from cosbox.client.transports.base import HttpRequest, RequestBody, Timeouts


class Send(NamedTuple):
    """Send a request; the flow is given its `HttpResponse`, or the transport's error is raised
    where it stands."""

    request: HttpRequest
    timeouts: Timeouts


class Sleep(NamedTuple):
    """Wait; the flow is given None."""

    seconds: float


class Work(NamedTuple):
    """Do something that takes long or waits for a disk; the flow is given what it returns."""

    function: Callable[[], Any]


class Pour(NamedTuple):
    """Read the body of an answer to its end; the flow is given None.

    Attributes:
        body: a `StreamBody` or an `AsyncStreamBody`.
        into: is given the bytes; it may wait for a disk.
        moved: is told how many they were, where the flow runs.
    """

    body: Any
    into: Callable[[bytes], object]
    moved: Callable[[int], object]


class Fill(NamedTuple):
    """Read from the body of a request; the flow is given ``size`` bytes, fewer only at its end."""

    body: RequestBody
    size: int


class Stop(Protocol):
    """What can end the flows of a `Share` from outside."""

    def check(self) -> None:
        """Raise when they are to end."""
        ...

    def watch(self, told: Callable[[], object]) -> Callable[[], None]:
        """Call ``told``, from any thread, when they are to end; returns what undoes this."""
        ...


class Share(NamedTuple):
    """Run flows side by side until there are no more; the flow is given None.

    The first that fails stops the others, and its error is raised where the flow stands.

    Attributes:
        take: a flow that brings the next one, or None. It is run by one at a time.
        width: how many run at once.
        stop: ends them all.
    """

    take: Callable[[], "Flow[Flow[None] | None]"]
    width: int
    stop: Stop


Effect = Send | Sleep | Work | Pour | Fill | Share
T = TypeVar("T")
Flow = Generator[Effect, Any, T]
"""Logic that ends with a T."""

"""What serving a request needs from outside, as values.

The gateway and its handlers are generators. They yield an effect, and are sent its outcome (or
have its exception thrown into them). One driver carries effects out by waiting in an asyncio loop,
another by simply doing them, so that nothing is written twice and nothing here waits.
"""

from collections.abc import Callable, Generator
from typing import Any, NamedTuple, TypeVar

from cosbox.server.messages import Outgoing
from cosbox.service.content import Intake
from cosbox.storage.records import Snapshot, Transaction


class Read(NamedTuple):
    """Run a function over a snapshot of the records; yields what it returns.

    Attributes:
        query: the function.
        slow: it reads many rows, and should not hold up others.
    """

    query: Callable[[Snapshot], Any]
    slow: bool = False


class Write(NamedTuple):
    """Run a function in a transaction; yields what it returned, once that is durable.

    Attributes:
        change: the function.
        frees: it makes room, and so is run even where there is none left.
    """

    change: Callable[[Transaction], Any]
    frees: bool = False


class ReceiveDocument(NamedTuple):
    """Receive the whole body, a small one; yields its bytes.

    Attributes:
        limit: the most bytes; longer bodies are refused with XMLSizeLimit.
    """

    limit: int


class ReceiveBody(NamedTuple):
    """Receive the body into an intake; yields the `Taken`.

    Attributes:
        begin: makes the intake. May block when ``large``.
        large: the body will not stay in memory.
    """

    begin: Callable[[], Intake]
    large: bool


class Work(NamedTuple):
    """Do something that takes long or waits for the disk; yields what the function returns."""

    function: Callable[[], Any]


Effect = Read | Write | ReceiveDocument | ReceiveBody | Work
T = TypeVar("T")
Step = Generator[Effect, Any, T]
"""A part of serving a request, whose value is a T."""

Flow = Step[Outgoing]
"""The serving of a request."""


class BodyFailed(Exception):  # noqa: N818 - says what happened
    """The body of a request broke off: its sender is gone, or failed to produce it.

    Not a refusal: there may be nobody to answer. Its cause is what the sender's side raised.
    """

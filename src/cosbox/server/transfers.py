"""How many large bodies are on their way at once: each of them holds buffers and an open file."""

from collections.abc import Iterator
from contextlib import contextmanager

from cosbox.protocol.errors import Refusal


class Transfers:
    """Counts what is under way, in one loop.

    Args:
        most: above this number, another is refused.
    """

    __slots__ = ("_most", "_under_way")

    def __init__(self, most: float) -> None:
        self._most = most
        self._under_way = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """For as long as it lasts, one more is under way.

        Raises:
            Refusal: SlowDown.

        >>> transfers = Transfers(1)
        >>> with transfers.one(), transfers.one():
        ...     pass
        Traceback (most recent call last):
        cosbox.protocol.errors.Refusal: 503 SlowDown: Too many large bodies are on their way.
        """
        if self._under_way >= self._most:
            raise Refusal("SlowDown", "Too many large bodies are on their way.")
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

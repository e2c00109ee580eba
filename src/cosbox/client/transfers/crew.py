"""The parts of a transfer, moved side by side."""

from collections.abc import Callable, Iterator
from typing import Final

from cosbox.client.effects import Flow, Share, Sleep, Stop, T
from cosbox.client.retry import asks_for_less
from cosbox.protocol.errors import CosException
from cosbox.transfer.crowding import Crowding
from cosbox.transfer.parts import Part

_TURN: Final = 0.05
"""Seconds after which a part that waits for its turn looks again."""


def alone(flow: Flow[T], stop: Stop) -> Flow[T]:
    """What a flow returns, unless it is stopped from outside."""
    results: list[T] = []
    flows: Iterator[Flow[None]] = iter([_kept(flow, results)])
    yield Share(lambda: _next_of(flows), 1, stop)
    return results[0]


def _kept(flow: Flow[T], results: list[T]) -> Flow[None]:
    results.append((yield from flow))


def _next_of(flows: Iterator[Flow[None]]) -> Flow[Flow[None] | None]:
    yield from ()  # it asks for nothing
    return next(flows, None)


class Crew:
    """Moves parts, fewer at once while the store asks for less."""

    def __init__(self, width: int, stop: Stop) -> None:
        """Move up to ``width`` parts at once, until ``stop`` says otherwise."""
        self._width = width
        self._stop = stop
        self._crowding = Crowding(width)

    def each(self, parts: Iterator[Part], move: Callable[[Part], Flow[None]]) -> Flow[None]:
        """Move parts.

        Args:
            parts: taken one at a time.
            move: a flow that moves one.
        """
        flows = (move(part) for part in parts)
        return self.all(lambda: _next_of(flows))

    def all(self, take: Callable[[], Flow[Flow[None] | None]]) -> Flow[None]:
        """Run the flows that ``take`` brings, each of which moves something."""
        yield Share(lambda: self._in_turn(take), self._width, self._stop)

    def failed(self, error: CosException) -> None:
        """An attempt of a call has failed."""
        if asks_for_less(error):
            self._crowding.ease()

    def _in_turn(self, take: Callable[[], Flow[Flow[None] | None]]) -> Flow[Flow[None] | None]:
        while not self._crowding.enter():
            yield Sleep(_TURN)
        flow = yield from take()
        if flow is None:
            self._crowding.leave(well=False)
            return None
        return self._counted(flow)

    def _counted(self, flow: Flow[None]) -> Flow[None]:
        well = False
        try:
            yield from flow
            well = True
        finally:
            self._crowding.leave(well=well)

"""From the records' writer back into the loop: one wake-up for all that a commit made durable.

asyncio's own bridge wakes the loop for every future, and makes two callbacks and two checks of
each; where hundreds of requests share a commit, that cost as much as serving some of them.
"""

import asyncio
from collections import deque
from typing import Any


class Landing:
    """Where the outcomes of writes arrive, for one loop.

    Attributes:
        loop: in which they are awaited.
    """

    __slots__ = ("_arrived", "_woken", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._arrived: deque[Awaited] = deque()
        self._woken = False

    def await_one(self) -> "Awaited":
        """To be handed in with a change, and then awaited as its ``landed``."""
        return Awaited(self)

    def arrive(self, outcome: "Awaited") -> None:
        """On the writer's thread: a change is done."""
        # What is appended after `_wake` said that it is awake is either seen by it still, or wakes
        # it once more.
        self._arrived.append(outcome)
        if not self._woken:
            self._woken = True
            try:
                self.loop.call_soon_threadsafe(self._wake)
            except RuntimeError:
                # The loop is closed: nobody waits.
                self._arrived.clear()

    def _wake(self) -> None:
        self._woken = False
        while self._arrived:
            outcome = self._arrived.popleft()
            landed = outcome.landed
            if landed.done():
                continue
            if outcome.error is None:
                landed.set_result(outcome.result)
            else:
                landed.set_exception(outcome.error)


class Awaited:
    """The outcome of a write that a loop waits for. Whoever stops to wait does not undo the write.

    Attributes:
        landed: to be awaited.
        result: of the change.
        error: that undid it.
    """

    __slots__ = ("_landing", "error", "landed", "result")

    def __init__(self, landing: Landing) -> None:
        self._landing = landing
        self.landed: asyncio.Future[Any] = landing.loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def set_running_or_notify_cancel(self) -> bool:
        """As `Outcome`; it cannot be cancelled."""
        return True

    def set_result(self, result: Any) -> None:
        """As `Outcome`."""
        self.result = result
        self._landing.arrive(self)

    def set_exception(self, error: BaseException) -> None:
        """As `Outcome`."""
        self.error = error
        self._landing.arrive(self)

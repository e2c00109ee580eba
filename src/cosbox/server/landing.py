"""From the records' writer back into the loop: one wake-up for all that a commit made durable.

asyncio's own bridge wakes the loop for every future, and makes two callbacks and two checks of
each; where hundreds of requests share a commit, that cost as much as serving some of them.
"""

import asyncio
from collections import deque
from concurrent.futures import Future
from typing import Any


class Landing:
    """Where the outcomes of writes arrive, for one loop.

    Attributes:
        loop: in which they are awaited.
    """

    __slots__ = ("_arrived", "_woken", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._arrived: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._woken = False

    def of(self, write: "Future[Any]") -> "asyncio.Future[Any]":
        """The outcome of a write, to be awaited. Whoever stops to wait does not undo the write."""
        waiter = self.loop.create_future()
        write.add_done_callback(lambda done: self._arrive(waiter, done))
        return waiter

    def _arrive(self, waiter: "asyncio.Future[Any]", done: "Future[Any]") -> None:
        # On the writer's thread. What is appended after `_wake` said that it is awake is either
        # seen by it still, or wakes it once more.
        self._arrived.append((waiter, done))
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
            waiter, done = self._arrived.popleft()
            if waiter.done():
                continue
            error = done.exception()
            if error is None:
                waiter.set_result(done.result())
            else:
                waiter.set_exception(error)

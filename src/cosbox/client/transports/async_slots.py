"""How many transfers run at once; the others wait their turn."""

import asyncio
from collections import deque


class Slots:
    """A limit, first come first served. For one event loop.

    Unlike a semaphore's, a slot can be taken without waiting, over the limit: a transfer that gave
    up its slot while it was paused must be able to go on, or those that wait for it would never
    see it end.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Wait for a slot and take it."""
        if self._taken < self._limit:
            self._taken += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.give()  # it had come already
            raise

    def take_now(self) -> None:
        """Take a slot, whether or not there is one."""
        self._taken += 1

    def give(self) -> None:
        """Give a slot back."""
        self._taken -= 1
        while self._taken < self._limit and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                self._taken += 1
                turn.set_result(None)

"""Coroutines that are begun at once and become a task only where they have to wait.

Most requests are answered without waiting for anything. A task would have each of them wait for
its turn in the loop, behind all that arrived meanwhile, and costs as much as a tenth of the answer.
"""

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any


def begin(
    steps: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop
) -> asyncio.Task[None] | None:
    """Run a coroutine until it waits, and what is left of it in a task; None if nothing is left.

    What runs at once runs outside of any task: there, `asyncio.current_task` is of no use.
    """
    try:
        waited = steps.send(None)
    except StopIteration:
        return None
    rest = _rest(steps, waited)
    # To where it waits. A task that is cancelled before its first step throws into the coroutine,
    # and what has begun must hear of it.
    rest.send(None)
    return loop.create_task(rest)


async def _rest(steps: Coroutine[Any, Any, None], waited: Any) -> None:
    await _go_on(steps, waited)


@coroutine
def _go_on(steps: Coroutine[Any, Any, None], waited: Any) -> Generator[Any, Any, None]:
    in_task = False
    try:
        while True:
            try:
                outcome = yield waited
            except BaseException as error:  # noqa: BLE001 - the coroutine judges it
                waited = steps.throw(error)
            else:
                if in_task:
                    waited = steps.send(outcome)
            in_task = True
    except StopIteration:
        return

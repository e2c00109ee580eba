"""Blocking work, kept off the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

T = TypeVar("T")


async def in_thread(function: Callable[[], T], executor: Executor | None = None) -> T:
    """Run a function in a thread and wait for it.

    When it is cancelled, it waits all the same: what the function uses, such as an open file, is
    not to be taken from under it.
    """
    work = asyncio.get_running_loop().run_in_executor(executor, function)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        if not work.cancelled():
            work.exception()
        raise

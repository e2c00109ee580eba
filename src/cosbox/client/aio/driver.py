"""The driver of the client's flows in an event loop; `effects.run` is its other half."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from cosbox.client.aio.threads import in_thread
from cosbox.client.effects import Effect, Flow, Send, Sleep, T
from cosbox.client.transports.async_base import AsyncTransport
from cosbox.protocol.errors import TransportTimeoutError

Pause = Callable[[float], Awaitable[object]]
"""Waits for so many seconds."""

_GRACE: Final = 5.0
"""Seconds that a flow has for cleaning up once its task was cancelled."""


async def run_async(flow: Flow[T], transport: AsyncTransport, sleep: Pause) -> T:
    """Do what a flow asks for until it ends.

    A cancellation is raised where the flow stands. What it asks for after that, such as to abort a
    multipart upload, must be done soon.
    """
    failure: BaseException | None = None
    outcome: Any = None
    deadline: float | None = None
    while True:
        try:
            effect = flow.send(outcome) if failure is None else flow.throw(failure)
        except StopIteration as end:
            result: T = end.value
            return result
        failure = outcome = None
        try:
            if deadline is None:
                outcome = await _perform(effect, transport, sleep)
            else:
                outcome = await _hurriedly(_perform(effect, transport, sleep), deadline)
        except asyncio.CancelledError as error:
            failure = error
            deadline = asyncio.get_running_loop().time() + _GRACE
        except BaseException as error:  # noqa: BLE001 - the flow raises it again, or deals with it
            failure = error


async def _perform(effect: Effect, transport: AsyncTransport, sleep: Pause) -> Any:
    if isinstance(effect, Send):
        return await transport.send(effect.request, effect.timeouts)
    if isinstance(effect, Sleep):
        return await sleep(effect.seconds)
    return await in_thread(effect.function)


async def _hurriedly(work: Awaitable[Any], deadline: float) -> Any:
    try:
        async with asyncio.timeout_at(deadline):
            return await work
    except TimeoutError as error:
        raise TransportTimeoutError("no time is left after the cancellation") from error

"""The driver of the client's flows in an event loop; `cosbox.client.driver` is its other half."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from cosbox.client.aio.threads import in_thread
from cosbox.client.driver import fill
from cosbox.client.effects import Effect, Fill, Flow, Pour, Send, Share, Sleep, T, Work
from cosbox.client.transports.async_base import AsyncTransport, AwaitedBody
from cosbox.client.transports.base import HttpResponse
from cosbox.protocol.errors import TransportTimeoutError

Pause = Callable[[float], Awaitable[object]]
"""Waits for so many seconds."""

_PIECE: Final = 1024 * 1024
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
        return await _send(effect, transport)
    if isinstance(effect, Sleep):
        return await sleep(effect.seconds)
    if isinstance(effect, Work):
        return await in_thread(effect.function)
    if isinstance(effect, Pour):
        return await _pour(effect)
    if isinstance(effect, Fill):
        return await _fill(effect)
    return await _Crew(effect, transport, sleep).run()


async def _send(effect: Send, transport: AsyncTransport) -> HttpResponse:
    try:
        return await transport.send(effect.request, effect.timeouts)
    except asyncio.CancelledError:
        body = effect.request.body
        if isinstance(body, AwaitedBody):
            await body.settle()
        raise


async def _pour(effect: Pour) -> None:
    async with effect.body as body:
        while chunk := await body.read(_PIECE):
            await in_thread(partial(effect.into, chunk))
            effect.moved(len(chunk))


async def _fill(effect: Fill) -> bytes:
    body, missing = effect.body, effect.size
    if not isinstance(body, AwaitedBody):
        return await in_thread(lambda: fill(body, missing))
    pieces = []
    while missing and (data := await body.next(missing)):
        pieces.append(data)
        missing -= len(data)
    return b"".join(pieces)


class _Crew:
    """Tasks that run the flows of one `Share`."""

    def __init__(self, share: Share, transport: AsyncTransport, sleep: Pause) -> None:
        self._share = share
        self._transport = transport
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._failures: list[BaseException] = []

    async def run(self) -> None:
        """Run all flows."""
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(self._labour()) for _ in range(self._share.width)]

        def end() -> None:
            for task in tasks:
                if not task.cancelling():  # a second time, it would leave a thread behind
                    task.cancel()

        forget = self._share.stop.watch(lambda: loop.call_soon_threadsafe(end))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            forget()
            end()
            await asyncio.gather(*tasks, return_exceptions=True)
        self._share.stop.check()
        if self._failures:
            raise self._failures[0]

    async def _labour(self) -> None:
        try:
            await self._work()
        except BaseException as error:
            self._failures.append(error)
            raise

    async def _work(self) -> None:
        while True:
            async with self._turn:
                self._share.stop.check()
                job = await self._run(self._share.take())
            if job is None:
                return
            await self._run(job)

    async def _run(self, flow: Flow[T]) -> T:
        return await run_async(flow, self._transport, self._sleep)


async def _hurriedly(work: Awaitable[Any], deadline: float) -> Any:
    try:
        async with asyncio.timeout_at(deadline):
            return await work
    except TimeoutError as error:
        raise TransportTimeoutError("no time is left after the cancellation") from error

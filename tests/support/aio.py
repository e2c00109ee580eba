"""Running coroutines in tests, and a transport that answers them by a script."""

import asyncio
import contextlib
import gc
from dataclasses import dataclass

from cosbox.client.aio.client import AsyncCosS3Client
from cosbox.client.config import CosConfig
from cosbox.client.transports.async_base import AwaitedBody
from support.scripted import ID, KEY, Script, Sent, Time, ok


def run(coroutine, *, factory=None):
    """Run to the end in a new loop; fails if a task or an exception is left behind there."""
    left = []

    async def watched():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: left.append(context))
        loop.slow_callback_duration = 60
        try:
            return await asyncio.wait_for(coroutine, 60)
        finally:
            gc.collect()
            await asyncio.sleep(0)
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(task), 1)
            left.extend(task for task in tasks if not task.done())

    with asyncio.Runner(debug=True, loop_factory=factory) as runner:
        result = runner.run(watched())
    assert left == []
    return result


class Pieces:
    """The body of a streamed answer."""

    def __init__(self, *pieces):
        self.pieces = list(pieces)
        self.closed = 0

    async def read(self, size=-1):
        await asyncio.sleep(0)
        if not self.pieces:
            return b""
        piece = self.pieces.pop(0)
        if isinstance(piece, BaseException):
            raise piece
        if size < 0:
            return piece + await self.read()
        if len(piece) > size:
            self.pieces.insert(0, piece[size:])
        return piece[:size]

    def close(self):
        self.closed += 1


@dataclass
class AsyncScript(Script):
    """Plays its answers in order; an exception is raised instead, a coroutine function awaited."""

    async def send(self, request, timeouts):
        body, source = b"", request.body
        if isinstance(source, AwaitedBody):
            while chunk := await source.next(1 << 16):
                body += chunk
        elif source is not None:
            while chunk := source.read(1 << 16):
                body += chunk
        self.sent.append(Sent(request, timeouts, body))
        answer = self.answers.pop(0) if self.answers else ok()
        if isinstance(answer, BaseException):
            raise answer
        if asyncio.iscoroutinefunction(answer):
            return await answer(self.sent[-1])
        return answer

    async def close(self):
        self.closed = True


def async_client_of(*answers, retry=3, time=None, **config):
    """A client of a script, with a frozen clock, and the script."""
    settings = {"Region": "ap-guangzhou", "SecretId": ID, "SecretKey": KEY, **config}
    script = AsyncScript(list(answers))
    time = time or Time()

    async def sleep(seconds):
        time.sleep(seconds)

    client = AsyncCosS3Client(
        CosConfig(**settings), retry, transport=script, runtime=time.runtime(), sleep=sleep
    )
    return client, script

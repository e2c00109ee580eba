"""What every group of awaited calls stands on."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from cosbox.client.effects import Flow, T
from cosbox.client.methods.base import Callers
from cosbox.client.paging import Walk


class AsyncCalls(Callers):
    """Methods that hand their arguments to one call each, or to a flow of several."""

    async def _run(self, flow: Flow[T]) -> T:
        """Do what a flow asks for."""
        raise NotImplementedError

    async def _walk(self, walk: Walk[T]) -> AsyncIterator[T]:
        """What a walk brings, one after another."""
        while (found := await self._run(walk.next())) is not None:
            for item in found:
                yield item

    async def _call(
        self,
        name: str,
        bucket: object = None,
        key: object = None,
        args: Mapping[str, object] | None = None,
        **body: Any,
    ) -> Any:
        """Make one call and await its result; see `Caller.call`."""
        return await self._run(self._caller.call(name, bucket, key, args, **body))

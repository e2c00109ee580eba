"""What every group of calls stands on."""

from collections.abc import Iterator, Mapping
from typing import Any

from cosbox.client.effects import Flow, T
from cosbox.client.flow import Caller
from cosbox.client.paging import Walk


class Callers:
    """Methods that need the configuration, and send nothing by themselves."""

    _caller: Caller


class Calls(Callers):
    """Methods that hand their arguments to one call each, or to a flow of several."""

    def _run(self, flow: Flow[T]) -> T:
        """Do what a flow asks for."""
        raise NotImplementedError

    def _walk(self, walk: Walk[T]) -> Iterator[T]:
        """What a walk brings, one after another."""
        while (found := self._run(walk.next())) is not None:
            yield from found

    def _call(
        self,
        name: str,
        bucket: object = None,
        key: object = None,
        args: Mapping[str, object] | None = None,
        **body: Any,
    ) -> Any:
        """Make one call and wait for its result; see `Caller.call`."""
        return self._run(self._caller.call(name, bucket, key, args, **body))

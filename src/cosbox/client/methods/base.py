"""What every group of calls stands on."""

from collections.abc import Mapping
from typing import Any

from cosbox.client.flow import Caller


class Calls:
    """Methods that hand their arguments to one call each."""

    _caller: Caller

    def _call(
        self,
        name: str,
        bucket: object = None,
        key: object = None,
        args: Mapping[str, object] | None = None,
        **body: Any,
    ) -> Any:
        """Make one call and wait for its result; see `Caller.call`."""
        raise NotImplementedError

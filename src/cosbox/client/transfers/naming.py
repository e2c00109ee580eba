"""Which options of a transfer go to which of its requests."""

from collections.abc import Mapping
from typing import Final

from cosbox.protocol.errors import ParameterError
from cosbox.protocol.operations import OPERATIONS
from cosbox.protocol.suggest import unknown_name


def params_of(operation: str, *but: str) -> frozenset[str]:
    """The parameters of an operation, some excepted."""
    return frozenset(param.name for param in OPERATIONS[operation].params) - set(but)


OF_PUT: Final = params_of("put_object", "Body")
OF_CREATE: Final = params_of("create_multipart_upload")
OF_PART: Final = frozenset({"TrafficLimit"})
OF_COMPLETE: Final = frozenset({"ForbidOverwrite"})


def check_names(call: str, options: Mapping[str, object], known: frozenset[str]) -> None:
    """Refuse what a call does not know.

    Raises:
        ParameterError: it has no such parameter.
    """
    for name in options:
        if name not in known:
            raise ParameterError(
                unknown_name(f"{call} has no parameter {name!r}", name, sorted(known))
            )


def only(options: Mapping[str, object], names: frozenset[str]) -> dict[str, object]:
    """Those of the options that have one of these names."""
    return {name: value for name, value in options.items() if name in names}

"""The logger ``cosbox``."""

import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logging import Logger


@cache
def logger() -> "Logger":
    """What clients log to."""
    import logging  # noqa: PLC0415 - see debug_logger

    log = logging.getLogger("cosbox")
    log.addHandler(logging.NullHandler())
    return log


def debug_logger() -> "Logger | None":
    """The logger, if somebody listens at DEBUG. As long as nobody has loaded ``logging``, nobody
    can: it takes a tenth of the time in which a client is opened."""
    if "logging" not in sys.modules:
        return None
    log = logger()
    return log if log.isEnabledFor(10) else None

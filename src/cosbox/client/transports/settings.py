"""What is set for the connections of a transport."""

from collections.abc import Mapping
from typing import NamedTuple


class Settings(NamedTuple):
    """What a transport's connections have in common.

    Attributes:
        verify: whether to check certificates, or the CA bundle to check them by.
        certificate: the client's, or None.
        proxies: by scheme; None goes by the environment.
    """

    verify: bool | str
    certificate: str | tuple[str, str] | None
    proxies: Mapping[str, str] | None

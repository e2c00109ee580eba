"""A request as it was received and an answer as it will be sent, whoever carries them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cosbox.service.content import Stored
from cosbox.service.identity import Caller


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request without its body.

    Attributes:
        method: HTTP method.
        raw_path: as on the request line, not decoded.
        raw_query: likewise, without the question mark.
        headers: names in lower case, ``host`` among them; repeated ones joined by commas.
        caller: who asks, where that is known without a signature (a call in the same process).
    """

    method: str
    raw_path: str
    raw_query: str
    headers: Mapping[str, str]
    caller: Caller | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An answer.

    Attributes:
        status: HTTP status.
        headers: spelt as COS spells them, ``Content-Length`` among them.
        body: in memory, or read as it is sent.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Stored = b""

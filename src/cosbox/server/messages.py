"""A request as it was received and an answer as it will be sent, whoever carries them."""

from collections.abc import Mapping
from typing import NamedTuple

from cosbox.service.identity import Caller
from cosbox.service.reading import Stored


class Incoming(NamedTuple):
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


class Outgoing(NamedTuple):
    """An answer.

    Attributes:
        status: HTTP status.
        headers: spelt as COS spells them, ``Content-Length`` among them. The gateway adds the id
            of the request.
        body: in memory, or read as it is sent.
    """

    status: int
    headers: dict[str, str]
    body: bytes | Stored = b""

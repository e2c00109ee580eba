"""A request and an answer, between the operation table and whatever carries them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class Request(NamedTuple):
    """What is asked, before it is addressed and signed, or after it was received.

    Header names are lower case (HTTP does not care and the signature wants them so); values are
    text, UTF-8 on the wire. Query names are spelt as COS spells them; a sub-resource stands first.
    """

    method: str
    bucket: str | None = None
    key: str | None = None
    query: Mapping[str, str] = _NONE
    headers: Mapping[str, str] = _NONE
    body: bytes = b""


class Answer(NamedTuple):
    """What comes back. Header names are spelt as COS does: ``ETag``, ``x-cos-request-id``."""

    status: int
    headers: Mapping[str, str] = _NONE
    body: bytes = b""


class Call(NamedTuple):
    """An operation by name with its arguments in canonical form: nothing absent, nothing unknown.

    ``args`` holds text, integers, booleans, and dicts for what travels as XML. The body of an
    object is not among them; it is streamed beside the call.
    """

    operation: str
    bucket: str | None = None
    key: str | None = None
    args: Mapping[str, object] = _NONE

"""The request target: what stands between the method and the version."""

import re
from typing import NamedTuple

from cosbox.protocol.errors import Refusal

_ABSOLUTE = re.compile(rb"https?://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_AUTHORITY = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")


class Target(NamedTuple):
    """A target taken apart, every byte as it was sent.

    Attributes:
        path: with its percent-escapes.
        query: what follows the question mark; b"" without one.
        authority: of the absolute form; None for the others.
    """

    path: bytes
    query: bytes
    authority: bytes | None = None


def split_target(target: bytes) -> Target:
    """Take a target apart.

    Raises:
        Refusal: InvalidURI, for a fragment, user names, a scheme other than http and https, and
            whatever else is neither a path nor a URL.

    >>> split_target(b"/a%2Fb/../c?x=1")
    Target(path=b'/a%2Fb/../c', query=b'x=1', authority=None)
    >>> split_target(b"http://b-125.cos.local:80/key")
    Target(path=b'/key', query=b'', authority=b'b-125.cos.local:80')
    """
    if b"#" in target:
        raise Refusal("InvalidURI", "A request target has no fragment.")
    authority = None
    if target[:1] != b"/":
        match = _ABSOLUTE.fullmatch(target)
        if match is None or not match[1] or not is_authority(match[1]):
            raise Refusal("InvalidURI", "The request target is neither a path nor an http URL.")
        authority, target = match[1], match[2]
        if target[:1] != b"/":
            target = b"/" + target
    path, _, query = target.partition(b"?")
    return Target(path, query, authority)


def is_authority(text: bytes) -> bool:
    """Whether a Host header may say this: a name or address with an optional port, or nothing.

    >>> is_authority(b"127.0.0.1:8000"), is_authority(b"a/b"), is_authority(b"me@there")
    (True, False, False)
    """
    return _AUTHORITY.fullmatch(text) is not None

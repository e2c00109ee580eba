"""Byte ranges: the ``Range`` header, ``x-cos-copy-source-range`` and ``Content-Range``."""

import re
from typing import NamedTuple

from cosbox.protocol.errors import Refusal

_ONE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.ASCII | re.IGNORECASE)


class Span(NamedTuple):
    """Bytes ``start`` up to but not including ``stop``."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """How many bytes that is."""
        return self.stop - self.start


def resolve(header: str, size: int) -> Span | None:
    """The span of an object of ``size`` bytes that a ``Range`` header asks for.

    None where the header does not hold exactly one well-formed range: it is then ignored and the
    whole object answered, as RFC 9110 §14.2 allows (COS does not document this case).

    >>> resolve("bytes=0-9", 100)
    Span(start=0, stop=10)
    >>> resolve("bytes=-10", 100)
    Span(start=90, stop=100)
    >>> resolve("bytes=0-1,5-6", 100)

    Raises:
        Refusal: InvalidRange, when the range begins past the end.
    """
    match = _ONE_RANGE.fullmatch(header)
    if match is None:
        return None
    first, last = match.groups()
    # int() refuses absurdly long digit strings; nothing of more than 20 digits is an offset.
    if len(first) > 20 or len(last) > 20 or not (first or last):
        return None
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start = int(first)
        stop = min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise Refusal("InvalidRange", headers={"Content-Range": f"bytes */{size}"})
    return Span(start, stop)


def content_range(span: Span, size: int) -> str:
    """The ``Content-Range`` header of a 206 answer.

    >>> content_range(Span(8, 15), 16)
    'bytes 8-14/16'
    """
    return f"bytes {span.start}-{span.stop - 1}/{size}"


def parse_copy_range(text: str, size: int) -> Span:
    """The span of a copy source that ``x-cos-copy-source-range`` names; it must lie inside.

    >>> parse_copy_range("bytes=0-9", 100)
    Span(start=0, stop=10)

    Raises:
        Refusal: InvalidArgument when malformed, InvalidRange when outside the source.
    """
    match = _ONE_RANGE.fullmatch(text)
    if match is None or not all(match.groups()) or max(map(len, match.groups())) > 20:
        raise Refusal(
            "InvalidArgument", f"x-cos-copy-source-range must be bytes=first-last, not {text!r}"
        )
    start, stop = int(match[1]), int(match[2]) + 1
    if start >= stop or stop > size:
        raise Refusal("InvalidRange")
    return Span(start, stop)

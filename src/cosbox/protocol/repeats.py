"""Elements that repeat, as those of a listing do, read without a tree.

The first one is read as any element is. Those that follow are nearly always written like it, so
they are read by an expression that is made of the first. Where they are not, or where a value is
more than plain text, nothing is read here, and the whole document is read as others are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from cosbox.protocol.percent import decode
from cosbox.protocol.schema import Node

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_WORTH: Final = 4096
"""Bytes below which a tree is made as soon."""

_VALUE: Final = r"([^<>&\x00-\x1f\ufffe\uffff]+)"
"""Text that means itself. A tree would not have all of the others, or not as they are written."""

_UNKNOWN: Final = Node(name="")


def fold(data: bytes, name: str) -> tuple[bytes, str] | None:
    """A document that keeps of an element that repeats the first alone, and the text of the others.

    >>> fold(b"<R><A>%s</A></R>" % b"</A><A>".join([b"x" * 3000] * 3), "A")[1][:8]
    '<A>xxxxx'

    Returns:
        None where there are few, or where looking for them is not safe.
    """
    closing = b"</%s>" % name.encode()
    end = data.find(closing) + len(closing)
    last = data.rfind(closing) + len(closing)
    if last - end < _WORTH or _may_hide(data):
        return None
    try:
        text = data[end:last].decode()
    except UnicodeDecodeError:
        return None
    return data[:end] + data[last:], text


def _may_hide(data: bytes) -> bool:
    """Whether a comment, a CDATA section or an instruction may hold what looks like elements."""
    # One byte is found several times faster than two, the first of which is everywhere.
    if b"!" in data and b"<!" in data:
        return True
    return data.count(b"?") > 2 and data.count(b"<?") > 1


def read_like(first: Element, text: str, node: Node, *, url: bool) -> Sequence[Any] | None:
    """What the elements of a text stand for, if all of them are written like one that was read.

    Args:
        first: that one.
        text: from `fold`.
        node: their shape.
        url: percent-decode what travels so under ``encoding-type=url``.
    """
    if not len(first) or not _is_simple(first, node):
        return None
    expression = re.compile(_expression(first))
    found = expression.findall(text)
    if len(found) * _tags(first) != text.count("<"):
        return None
    columns = zip(*found, strict=True) if expression.groups > 1 else [found]
    return _column(first, node, iter(columns), url=url)


def _is_simple(element: Element, node: Node) -> bool:
    """Whether all that there is to it are the tags and the values in them."""
    if not element.tag.isalnum() or element.attrib or bool(len(element)) is bool(element.text):
        return False
    shapes = {child.name: child for child in node.children}
    seen = set()
    for child in element:
        shape = shapes.get(child.tag, _UNKNOWN)
        if child.tag in seen or shape.many or not _is_simple(child, shape):
            return False
        seen.add(child.tag)
    return True


def _expression(element: Element) -> str:
    inside = "".join(map(_expression, element)) or _VALUE
    return f"<{element.tag}>{inside}</{element.tag}>"


def _tags(element: Element) -> int:
    return 2 + sum(map(_tags, element))


def _column(
    element: Element, node: Node, columns: Iterator[Sequence[str]], *, url: bool
) -> Sequence[Any]:
    """What an element stands for in each of those that are written alike.

    Args:
        element: one of them.
        node: its shape.
        columns: the values of each leaf.
        url: percent-decode what travels so.
    """
    if not len(element):
        values = next(columns)
        if not (url and node.url):
            return values
        return [decode(value) if "%" in value else value for value in values]
    shapes = {child.name: child for child in node.children}
    names = [child.tag for child in element]
    parts = [_column(child, shapes.get(child.tag, _UNKNOWN), columns, url=url) for child in element]
    return [dict(zip(names, row)) for row in zip(*parts)]  # noqa: B905 - made to be as long

"""XML documents: read and written by the shapes of the operation table.

Reading is by ElementTree's C parser with three guards: the encoding is UTF-8 whatever the document
claims, a DOCTYPE (and with it every entity) is refused before parsing, and size is capped. Depth
needs no cap of its own: the readers walk no deeper than the shape they read, or than
`_MAX_GENERIC_DEPTH` where they meet something unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from cosbox.protocol.errors import Refusal
from cosbox.protocol.percent import decode, encode_path
from cosbox.protocol.repeats import fold, read_like
from cosbox.protocol.schema import Kind, Node

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_REQUEST_BYTES: Final = 2 * 1024 * 1024
"""The largest document a store reads: 1000 keys of 850 bytes with versions, every byte escaped,
stay below it."""

_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_XSI_TYPE: Final = f"{{{_XSI}}}type"
_DECLARATION: Final = "<?xml version='1.0' encoding='utf-8' ?>\n"
_URL_SAFE = re.compile(r"[A-Za-z0-9/_.~-]+")
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_UNSPEAKABLE_REFERENCE = re.compile(rb"&#x(?:[0-8bcef]|1[0-9a-f]|fff[ef]);")
_MAX_GENERIC_DEPTH: Final = 32
_BLANKS: Final = b" \t\r\n"

Value = Any


class MalformedDocument(ValueError):  # noqa: N818 - names what is wrong
    """The bytes are no XML document, or none that will be read."""


def parse(data: bytes) -> Element:
    """The root of a document.

    Raises:
        MalformedDocument: not well-formed, or with a DOCTYPE.
    """
    if b"\x00" in data:
        # Expat would take it for UTF-16, whatever it is told, and the next line look past it.
        raise MalformedDocument("it is not UTF-8")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise MalformedDocument("a DOCTYPE is not allowed")
    # Loaded here: most calls have no document.
    from xml.etree.ElementTree import ParseError, XMLParser  # noqa: PLC0415

    parser = XMLParser(encoding="utf-8")  # noqa: S314 - guarded above
    try:
        # COS keeps a slow answer alive with blanks before the declaration, which XML forbids.
        parser.feed(data.lstrip(_BLANKS))
        root: Element = parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise MalformedDocument(str(error)) from error
    return root


def _parse_answer(data: bytes) -> Element:
    """The same, of a document that `escape` may have written: what XML has no form for is read as
    the replacement character."""
    try:
        return parse(data)
    except MalformedDocument:
        mended = _UNSPEAKABLE_REFERENCE.sub("\ufffd".encode(), data)
        if mended == data:
            raise
        return parse(mended)


def is_speakable(text: str) -> bool:
    """Whether XML 1.0 can carry ``text`` at all (it has no form for most control characters)."""
    return _UNSPEAKABLE.search(text) is None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


# --------------------------------------------------------------------------------------------
# Reading what a store answered: leniently, everything kept


def result_reader(node: Node, *, url: bool) -> Callable[[bytes], Any]:
    """A function that turns an answer's document into what the caller is given.

    Leaves are text, or None when empty; repeated elements are lists; elements outside the shape
    are kept as they come.

    Args:
        node: the document's shape.
        url: percent-decode what travels so under ``encoding-type=url``.
    """
    read = _lenient(node, url=url)
    many = [child for child in node.children if child.many]

    def run(data: bytes) -> Any:
        for child in many:
            folded = fold(data, child.name)
            if folded is not None:
                found = read_folded(child, *folded)
                if found is not None:
                    return found
        return read(root_of(data))

    def read_folded(child: Node, document: bytes, text: str) -> dict[str, Any] | None:
        try:
            root = root_of(document)
        except MalformedDocument:
            return None  # it was cut where it cannot be
        first = root.findall(child.name)
        more = read_like(first[0], text, child, url=url) if len(first) == 1 else None
        if more is None:
            return None
        found: dict[str, Any] = read(root)
        found[child.name] += more
        return found

    def root_of(data: bytes) -> Element:
        root = _parse_answer(data)
        if _local(root.tag) != node.name:
            raise MalformedDocument(f"expected <{node.name}>, got <{_local(root.tag)[:60]}>")
        return root

    return run


def _text(element: Element) -> str | None:
    return element.text


def _unquoted(element: Element) -> str | None:
    text = element.text
    return decode(text) if text else text


def _lenient(node: Node, *, url: bool) -> Callable[[Element], Any]:
    if not node.children:
        return _unquoted if url and node.url else _text
    readers = {child.name: (child.many, _lenient(child, url=url)) for child in node.children}
    plain = {name for name, (many, reader) in readers.items() if reader is _text and not many}
    attribute = _attribute_of(node)

    def read(element: Element) -> dict[str, Any] | None:
        found: dict[str, Any] = {}
        if attribute and _XSI_TYPE in element.attrib:
            found[attribute] = element.attrib[_XSI_TYPE]
        for child in element:
            name = child.tag
            if name in plain:  # most of a listing
                found[name] = child.text
                continue
            known = readers.get(name)
            if known is None:
                name = _local(name)
                known = readers.get(name)
                if known is None:
                    _add(found, name, _generic(child))
                    continue
            many, reader = known
            if many:
                items = found.get(name)
                if items is None:
                    found[name] = [reader(child)]
                else:
                    items.append(reader(child))
            else:
                found[name] = reader(child)
        return found or None

    return read


def _add(found: dict[str, Any], name: str, value: Value) -> None:
    if name not in found:
        found[name] = value
    elif isinstance(found[name], list):
        found[name].append(value)
    else:
        found[name] = [found[name], value]


def _generic(element: Element, depth: int = 0) -> Value:
    if not len(element) or depth > _MAX_GENERIC_DEPTH:
        return element.text or None
    found: dict[str, Value] = {}
    for child in element:
        _add(found, _local(child.tag), _generic(child, depth + 1))
    return found


def read_error(data: bytes) -> dict[str, str]:
    """The elements of an error document, names in lower case; empty when it is none."""
    try:
        root = _parse_answer(data)
    except MalformedDocument:
        return {}
    if _local(root.tag) != "Error":
        return {}
    return {_local(child.tag).lower(): child.text or "" for child in root}


# --------------------------------------------------------------------------------------------
# Reading what a client asked: strictly


def request_reader(node: Node) -> Callable[[bytes], dict[str, Any]]:
    """A function that turns a request's document into the argument it stands for.

    It raises `Refusal` MalformedXML for anything outside the shape, XMLSizeLimit when too large.
    """
    read = _strict(node)

    def run(data: bytes) -> dict[str, Any]:
        if len(data) > MAX_REQUEST_BYTES:
            raise Refusal("XMLSizeLimit", f"The document is over {MAX_REQUEST_BYTES} bytes.")
        try:
            root = parse(data)
        except MalformedDocument as error:
            raise Refusal("MalformedXML", f"The XML cannot be read: {error}.") from error
        if _local(root.tag) != node.name:
            raise _malformed(f"the root must be {node.name}")
        value: dict[str, Any] = read(root)
        return value

    return run


def _malformed(why: str) -> Refusal:
    return Refusal("MalformedXML", f"The XML does not validate: {why}.")


def _strict(node: Node) -> Callable[[Element], Any]:
    if not node.children:
        return lambda element: _strict_leaf(node, element)
    # The official SDK writes as an element what should be an attribute.
    readers = {child.name: (child, _strict(child)) for child in node.children}
    required = [child.name for child in node.children if child.required]
    attribute = _attribute_of(node)

    def read(element: Element) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if attribute and _XSI_TYPE in element.attrib:
            found[attribute] = element.attrib[_XSI_TYPE]
        for child in element:
            name = _local(child.tag)
            if name not in readers:
                raise _malformed(f"{name[:60]} has no place in {node.name}")
            shape, reader = readers[name]
            value = reader(child)
            if shape.many:
                found.setdefault(name, []).append(value)
            elif name in found:
                raise _malformed(f"{name} stands twice in {node.name}")
            elif value not in (None, {}) or shape.required:
                found[name] = value
        for name in required:
            if name not in found:
                raise _malformed(f"{node.name} lacks {name}")
        return found

    return read


def _strict_leaf(node: Node, element: Element) -> str | int | bool | None:
    if len(element):
        raise _malformed(f"{node.name} must hold text")
    text = element.text or ""
    if node.kind is Kind.INTEGER:
        return _integer(node, text.strip())
    if node.kind is Kind.BOOLEAN:
        return _boolean(node, text.strip().lower())
    if node.required and not text:
        raise _malformed(f"{node.name} is empty")
    return text or None


def _integer(node: Node, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise _malformed(f"{node.name} must be a number")
    return int(text)


def _boolean(node: Node, text: str) -> bool | None:
    if text not in {"true", "false", ""}:
        raise _malformed(f"{node.name} must be true or false")
    return text == "true" if text else None


# --------------------------------------------------------------------------------------------
# Writing


def escape(text: str) -> str:
    """Text as XML holds it. What XML has no form for goes out as a character reference, as S3 does
    it: a lenient reader recovers it, a strict one complains; ``encoding-type=url`` avoids both."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    if "\r" in text:
        text = text.replace("\r", "&#13;")
    if not text.isprintable() and _UNSPEAKABLE.search(text):
        text = _UNSPEAKABLE.sub(lambda match: f"&#x{ord(match[0]):x};", text)
    return text


def _quoted(text: str) -> str:
    """Text as an attribute in double quotes holds it."""
    text = escape(text).replace('"', "&quot;")
    return text.replace("\t", "&#9;").replace("\n", "&#10;")


def writer(node: Node, *, url: bool = False) -> Callable[[Any], bytes]:
    """A function that writes the document that stands for a value, elements in the order of the
    shape. The value is a dict, or text where the root is a leaf; None and absent entries are left
    out.

    Args:
        node: the document's shape.
        url: percent-encode what ``encoding-type=url`` asks for.
    """
    add = _adder(node, url=url)

    def run(value: Any) -> bytes:
        out = [_DECLARATION]
        add(value, out)
        return "".join(out).encode()

    return run


def write(node: Node, value: Any, *, url: bool = False) -> bytes:
    """`writer`, for a shape that is written once."""
    return writer(node, url=url)(value)


def _adder(node: Node, *, url: bool) -> Callable[[Any, list[str]], None]:
    """A function that adds the pieces of an element to a list."""
    if not node.children:
        return _leaf_adder(node, url=url)
    name = node.name
    attribute = _attribute_of(node)
    steps = [
        (child.name, child.many, child.empty, _adder(child, url=url))
        for child in node.children
        if not child.attribute
    ]

    def add(value: Any, out: list[str]) -> None:
        kind = value.get(attribute) if attribute else None
        out.append(
            f'<{name} xmlns:xsi="{_XSI}" xsi:type="{_quoted(kind)}">' if kind else f"<{name}>"
        )
        for entry, many, empty, add_child in steps:
            held = value.get(entry)
            if held is None or held == "":
                if empty:
                    out.append(f"<{entry}/>")
            elif many:
                for item in held:
                    add_child(item, out)
            else:
                add_child(held, out)
        out.append(f"</{name}>")

    return add


def _leaf_adder(node: Node, *, url: bool) -> Callable[[Any, list[str]], None]:
    name = node.name
    encode = url and node.url

    def add(value: Any, out: list[str]) -> None:
        text = value if isinstance(value, str) else _leaf_text(value)
        if text.isalnum() and (not encode or text.isascii()):
            out.append(f"<{name}>{text}</{name}>")
        elif encode:
            if _URL_SAFE.fullmatch(text) is None:
                text = encode_path(text)
            out.append(f"<{name}>{text}</{name}>")
        else:
            out.append(f"<{name}>{escape(text)}</{name}>" if text else f"<{name}/>")

    return add


def _attribute_of(node: Node) -> str | None:
    return next((child.name for child in node.children if child.attribute), None)


def _leaf_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def write_error(code: str, message: str, details: Mapping[str, str], **rest: str) -> bytes:
    """An error document: Code, Message, the details, and what `rest` names (Resource, ...)."""
    elements = {"Code": code, "Message": message, **details, **rest}
    inner = "".join([f"\t<{name}>{escape(text)}</{name}>\n" for name, text in elements.items()])
    return f"{_DECLARATION}<Error>\n{inner}</Error>\n".encode()

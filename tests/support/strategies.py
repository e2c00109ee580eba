"""Hypothesis strategies for what the protocol carries, made from the operation table."""

from typing import Any

from hypothesis import strategies as st

from cosbox.protocol.metadata import MAX_METADATA_BYTES
from cosbox.protocol.names import MAX_KEY_BYTES
from cosbox.protocol.schema import Kind, Node, Operation, Param, Place

REGION = "ap-guangzhou"
_SPECIAL = [
    *("/", "//", ".", "..", "./", "../", "\\", " ", "+", "%", "%2F", "%25", "?", "#", "&", "="),
    *(";", "\x00", "\x7f", "\t", "\r\n", "\x1f", "\u2028", "\ufeff", "\ufffe", "<", "]]>", "'"),
    *('"', "&amp;", "中文", "é", "e\u0301", "😀", "\U0010ffff", "a", "Z", "0", "~", "*", ":", ","),
]
_PIECES = st.sampled_from(_SPECIAL)
_ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_XML = st.characters(
    exclude_categories=["Cs"],
    exclude_characters=[chr(c) for c in range(32) if chr(c) not in "\t\n\r"] + ["\ufffe", "\uffff"],
)
_HEADER = st.characters(
    exclude_categories=["Cs"], exclude_characters=[chr(c) for c in range(32) if c != 9] + ["\x7f"]
)
_TOKEN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~"

texts = st.lists(st.one_of(_PIECES, _ANY), max_size=12).map("".join)
"""Any Unicode, with what is special in URLs, XML and headers."""

filled = texts.filter(bool)
"""The same, not empty."""

header_values = st.text(_HEADER, max_size=30).map(lambda text: text.strip(" \t"))
"""What a header can carry, nothing included."""

xml_texts = st.one_of(
    st.text(_XML, min_size=1, max_size=20),
    st.sampled_from([" ", "\r", "\n ", "]]>", "<a>", "&#0;"]),
)
"""What XML can carry."""

integers = st.integers(0, 10**18 - 1)


def is_storable(key: str) -> bool:
    """Whether client and store both take a key."""
    if not key or key[0] in "/\\" or len(key.encode()) > MAX_KEY_BYTES:
        return False
    if any(control in key for control in "\x18\x19\x1a\x1b"):
        return False
    depth = 0
    for segment in key.split("/"):
        depth = max(0, depth - 1) if segment == ".." else depth + (segment not in {"", "."})
    return depth > 0


keys = st.one_of(texts, st.text(st.characters(exclude_categories=["Cs"]), max_size=40)).filter(
    is_storable
)
"""Keys that an object can have."""

names = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
appids = st.from_regex(r"[0-9]{1,10}", fullmatch=True)
buckets = st.builds("{}-{}".format, names, appids)


def _fits(metadata: dict[str, str]) -> bool:
    size = sum(len(name) + len(text.encode()) for name, text in metadata.items())
    return size <= MAX_METADATA_BYTES


metadata = st.dictionaries(
    st.text(_TOKEN, min_size=1, max_size=12).map("x-cos-meta-{}".format), header_values, max_size=5
).filter(_fits)
"""User metadata as a caller gives it."""


@st.composite
def copy_sources(draw: st.DrawFn) -> dict[str, str]:
    """A CopySource as a caller gives it."""
    source = {"Bucket": draw(buckets), "Key": draw(keys)}
    host = draw(
        st.sampled_from(
            [
                {"Region": REGION},
                {"Region": "cos.ap-beijing"},
                {"Endpoint": "cos.ap-x.myqcloud.com"},
                {"Endpoint": "127.0.0.1:8000"},
                {},
            ]
        )
    )
    version = draw(st.one_of(st.just({}), filled.map(lambda text: {"VersionId": text})))
    return {**source, **host, **version}


def documents(node: Node) -> st.SearchStrategy[Any]:
    """What a caller may give for a document of a request."""
    if not node.children:
        if node.kind is Kind.INTEGER:
            return st.one_of(st.integers(1, 10**9), st.integers(1, 10**9).map(str))
        if node.kind is Kind.BOOLEAN:
            return st.sampled_from([True, False, "true", "false", "True"])
        return xml_texts
    required = {}
    optional = {}
    for child in node.children:
        strategy = documents(child)
        if child.many:
            strategy = st.lists(strategy, min_size=1, max_size=3)
        elif child.children and child.required and not child.empty:
            strategy = strategy.filter(bool)
        (required if child.required else optional)[child.name] = strategy
    return st.fixed_dictionaries(required, optional=optional)


def _values(param: Param) -> st.SearchStrategy[Any]:
    if param.place is Place.METADATA:
        return metadata
    if param.place is Place.COPY_SOURCE:
        return copy_sources()
    if param.document is not None:
        return documents(param.document)
    if param.kind is Kind.INTEGER:
        numbers = st.integers(param.low or 0, 10**18 - 1 if param.high is None else param.high)
        return st.one_of(numbers, numbers.map(str))
    return header_values if param.place is Place.HEADER else texts


def arguments(operation: Operation) -> st.SearchStrategy[dict[str, Any]]:
    """The arguments of a call, beside Bucket, Key and Body."""
    params = [param for param in operation.params if param.place is not Place.BODY]
    required = {p.name: _values(p).filter(lambda v: v != "") for p in params if p.required}
    optional = {p.name: st.none() | _values(p) for p in params if not p.required}
    return st.fixed_dictionaries(required, optional=optional)


def results(node: Node) -> st.SearchStrategy[Any]:
    """What the document of an answer says, as the client is given it: only text, nothing empty but
    what is printed empty."""
    if not node.children:
        return xml_texts
    required = {}
    optional = {}
    for child in node.children:
        strategy = results(child)
        if child.many:
            optional[child.name] = st.lists(strategy, min_size=1, max_size=3)
        elif child.empty:
            required[child.name] = st.none() | strategy
        else:
            optional[child.name] = strategy
    shape = st.fixed_dictionaries(required, optional=optional)
    return shape if required else shape.filter(bool)

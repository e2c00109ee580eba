"""The vocabulary in which `cosbox.protocol.operations` describes each call.

Everything that reads the table (the client's and the server's codecs, the typed options and
results, the reference pages, the round-trip tests) understands these few classes and no more.
"""

from enum import Enum
from typing import Final, NamedTuple


class Scope(Enum):
    """What the URL of an operation names."""

    SERVICE = "service"
    BUCKET = "bucket"
    OBJECT = "object"


class Place(Enum):
    """Where a parameter travels."""

    QUERY = "query"
    HEADER = "header"
    METADATA = "metadata"  # a dict, one x-cos-meta-* header an entry
    COPY_SOURCE = "copy source"  # a dict, one header
    DOCUMENT = "document"  # a dict, the XML body
    BODY = "body"  # the bytes of an object or part, beside the call


class Kind(Enum):
    """What a value is, once it is off the wire."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"


class Returns(Enum):
    """What the caller of an operation is given."""

    NOTHING = "nothing"
    HEADERS = "headers"  # the answer's headers
    DOCUMENT = "document"  # the answer's XML
    BOTH = "both"  # the headers, overlaid with the XML
    STREAM = "stream"  # the headers, and the body as a stream


class Node(NamedTuple):
    """An element of an XML document, and the entry of a dict that stands for it.

    Attributes:
        name: of the element and of the dict's entry.
        kind: of a leaf. Documents that clients receive hold text only, as the seed shows them.
        children: of an element that is a dict.
        many: the element repeats; its entry is always a list.
        required: a request without it is malformed.
        url: the text is percent-encoded under ``encoding-type=url``.
        empty: the element is printed even when it holds nothing.
        attribute: travels as the attribute ``xsi:type`` of its parent.
        lenient: entries that callers add beside the children are dropped, not refused (the parts
            that a listing returned are handed to complete_multipart_upload as they are).
        doc: what it means, for the reference.
    """

    name: str
    kind: Kind = Kind.TEXT
    children: tuple["Node", ...] = ()
    many: bool = False
    required: bool = False
    url: bool = False
    empty: bool = False
    attribute: bool = False
    lenient: bool = False
    doc: str = ""


class Param(NamedTuple):
    """A parameter of a call.

    Attributes:
        name: as callers spell it.
        place: where it travels.
        wire: its name there.
        kind: what its value is.
        required: the call makes no sense without it.
        default: what the client sends when the caller says nothing.
        low: the smallest integer allowed.
        high: the largest.
        values: the values that COS documents; shown in the reference, enforced by the store.
        document: the shape of an XML body.
        doc: what it means, for the reference.
    """

    name: str
    place: Place
    wire: str = ""
    kind: Kind = Kind.TEXT
    required: bool = False
    default: int | str | None = None
    low: int | None = None
    high: int | None = None
    values: tuple[str, ...] = ()
    document: Node | None = None
    doc: str = ""


class ResultHeader(NamedTuple):
    """A header of a successful answer, for the reference and the typed results."""

    name: str
    doc: str = ""


class Operation(NamedTuple):
    """One call.

    Attributes:
        name: the client's method.
        title: what COS calls it.
        page: the number of its page in the COS documentation (product 436).
        doc: one sentence.
        method: HTTP method.
        scope: what the URL names.
        marker: the query parameter without value that selects it (``acl``, ``uploads``, ...).
        selectors: further query parameters or headers whose presence selects it.
        params: beside Bucket and Key.
        status: of a success.
        returns: what the caller is given.
        result_headers: headers worth naming.
        document: the XML of a successful answer.
        errors: codes that it may be refused with, beside those that every call shares.
        positional: parameters that may be given by position, with Bucket and Key, in order.
        retry: whether sending it twice does no more than sending it once.
    """

    name: str
    title: str
    page: int
    doc: str
    method: str
    scope: Scope
    marker: str = ""
    selectors: tuple[str, ...] = ()
    params: tuple[Param, ...] = ()
    status: int = 200
    returns: Returns = Returns.NOTHING
    result_headers: tuple[ResultHeader, ...] = ()
    document: Node | None = None
    errors: tuple[str, ...] = ()
    positional: tuple[str, ...] = ()
    retry: bool = True

    def param(self, name: str) -> Param:
        """The parameter called ``name``."""
        return next(param for param in self.params if param.name == name)


METADATA_PREFIX: Final = "x-cos-meta-"

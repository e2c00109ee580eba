"""Results to answers and back, by the operation table, and refusals to error documents and back.

A result is the dict that the seed shows. Entries that the operation's document names travel as
XML, all others as headers.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Final

from cosbox.protocol import xmlio
from cosbox.protocol.errors import CosServiceError, Refusal, TransportError, service_error
from cosbox.protocol.messages import Answer
from cosbox.protocol.operations import OPERATIONS
from cosbox.protocol.schema import Operation, Returns

_SPELLING: Final[Mapping[str, str]] = {
    name.lower(): name
    for name in (
        "Accept-Ranges", "Cache-Control", "Connection", "Content-Disposition", "Content-Encoding",
        "Content-Language", "Content-Length", "Content-Range", "Content-Type", "Date", "ETag",
        "Expires", "Last-Modified", "Location", "Server", "Transfer-Encoding", "Vary",
    )
}  # fmt: skip
"""How COS spells the headers that are not ``x-cos-*`` (those are lower case)."""

_RETRY_SECONDS: Final = "1"
"""What a store that is too busy asks for. Clients spread their retries themselves."""

_BARE_CODES: Final[Mapping[int, tuple[str, str]]] = {
    301: ("Redirect", "The store answered with a redirect, which COS calls do not follow."),
    302: ("Redirect", "The store answered with a redirect, which COS calls do not follow."),
    304: ("NotModified", "The object is not modified."),
    307: ("Redirect", "The store answered with a redirect, which COS calls do not follow."),
    403: ("AccessDenied", "Access Denied."),
    404: ("NoSuchResource", "The Resource You Head Not Exist"),
    405: ("MethodNotAllowed", "The specified method is not allowed against this resource."),
    412: ("PreconditionFailed", "Precondition not match."),
    416: ("InvalidRange", "The requested range cannot be satisfied."),
}
"""What a status means when the answer has no error document, as those to HEAD never have."""


_URL_ENCODED = re.compile(rb"<Encoding-?Type>url<", re.IGNORECASE)
"""COS spells the element in three ways."""


@lru_cache(maxsize=512)
def spell(name: str) -> str:
    """A header's name as COS spells it.

    >>> spell("etag"), spell("X-COS-Request-Id")
    ('ETag', 'x-cos-request-id')
    """
    lower = name.lower()
    return _SPELLING.get(lower) or (lower if lower.startswith("x-cos-") else name)


# --------------------------------------------------------------------------------------------
# The store


def encode(operation: Operation, result: Mapping[str, Any], *, status: int | None = None) -> Answer:
    """The answer that carries a result.

    Args:
        operation: what was asked.
        result: the entries of the result; ``EncodingType: 'url'`` among them encodes the rest.
        status: where it is not the operation's usual one (206 for a range).
    """
    status = operation.status if status is None else status
    node = operation.document
    if node is None:
        return Answer(status, {name: text for name, text in result.items() if text is not None})
    url = result.get("EncodingType") == "url"
    write = _writer(operation.name, url)
    if not node.children:
        return Answer(status, _XML, write(result.get(node.name)))
    names = _document_names(operation.name)
    headers = dict(_XML)
    headers.update({k: v for k, v in result.items() if k not in names and v is not None})
    return Answer(status, headers, write(result))


_XML: Final[Mapping[str, str]] = {"Content-Type": "application/xml"}


@cache
def _document_names(name: str) -> frozenset[str]:
    node = OPERATIONS[name].document
    return frozenset(child.name for child in node.children) if node else frozenset()


@cache
def _writer(name: str, url: bool) -> Callable[[Any], bytes]:
    node = OPERATIONS[name].document
    assert node is not None  # noqa: S101 - the caller looked
    return xmlio.writer(node, url=url)


def refuse(
    refusal: Refusal, *, resource: str, request_id: str, trace_id: str, head: bool = False
) -> Answer:
    """The answer that carries a refusal; without a body where HEAD was asked."""
    headers = {"Content-Type": "application/xml", **refusal.headers, "x-cos-trace-id": trace_id}
    if refusal.status == 503:
        headers["Retry-After"] = _RETRY_SECONDS
    body = b""
    if not head:
        body = xmlio.write_error(
            refusal.code,
            refusal.message,
            refusal.details,
            Resource=resource,
            RequestId=request_id,
            TraceId=trace_id,
        )
    return Answer(refusal.status, headers, body)


# --------------------------------------------------------------------------------------------
# The client


def decode(
    operation: Operation, headers: Sequence[tuple[str, str]], body: bytes, *, keep_encoded: bool
) -> dict[str, Any] | None:
    """The result that a successful answer holds; None for operations that return nothing.

    Args:
        operation: what was asked.
        headers: as received.
        body: the whole body; for a stream the caller adds its own ``Body``.
        keep_encoded: leave ``encoding-type=url`` text encoded, since the caller asked for that.

    Raises:
        TransportError: the body is not the document it should be.
    """
    returns = operation.returns
    if returns is Returns.NOTHING:
        return None
    result: dict[str, Any] = {}
    if returns is not Returns.DOCUMENT:
        for name, value in headers:
            spelled = spell(name)
            result[spelled] = f"{result[spelled]}, {value}" if spelled in result else value
    if operation.document is not None:
        result.update(_read_document(operation, body, keep_encoded=keep_encoded))
    return result


def _read_document(operation: Operation, body: bytes, *, keep_encoded: bool) -> dict[str, Any]:
    node = operation.document
    assert node is not None  # noqa: S101 - the caller looked
    url = not keep_encoded and _URL_ENCODED.search(body, 0, 4096) is not None
    try:
        value = _reader(operation.name, url)(body)
    except xmlio.MalformedDocument as error:
        raise TransportError(f"{operation.name}: the answer is not readable: {error}") from error
    if not node.children:
        return {node.name: value}
    return value or {}


@cache
def _reader(name: str, url: bool) -> Callable[[bytes], Any]:
    node = OPERATIONS[name].document
    assert node is not None  # noqa: S101 - the caller looked
    return xmlio.result_reader(node, url=url)


def is_failure(operation: Operation, status: int, body: bytes) -> bool:
    """Whether an answer is an error: by its status, or because the work failed after a 200 was
    sent (copies and completions send the status first)."""
    if status >= 300:
        return True
    return operation.returns is Returns.BOTH and b"<Error>" in body.lstrip()[:1024]


def error_of(
    operation: Operation,
    status: int,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    *,
    resource: str,
) -> CosServiceError:
    """The error that an answer stands for.

    Args:
        operation: what was asked.
        status: as received.
        headers: as received.
        body: as received; need not be an error document.
        resource: what the request was about, where the answer does not say.
    """
    named = {name.lower(): value for name, value in headers}
    digest = {name: text for name, text in xmlio.read_error(body).items() if text}
    code, message = _BARE_CODES.get(status, (f"HTTP{status}", "The answer has no error document."))
    digest.setdefault("code", code)
    digest.setdefault("message", message)
    digest.setdefault("resource", resource)
    for entry, header in (("requestid", "x-cos-request-id"), ("traceid", "x-cos-trace-id")):
        if header in named:
            digest.setdefault(entry, named[header])
    return service_error(
        operation.method,
        body.decode(errors="replace"),
        status,
        operation=operation.name,
        digest=digest,
    )

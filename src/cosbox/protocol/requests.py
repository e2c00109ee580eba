"""Calls to requests and back, by the operation table.

The client binds a caller's arguments to a canonical `Call` and encodes it; the store matches a
received request to its operation and decodes the same `Call`::

    decode(encode(bind(operation, arguments))) == bind(operation, arguments)
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from hashlib import md5
from typing import Any, Final, NamedTuple

from cosbox.protocol import metadata, xmlio
from cosbox.protocol.errors import ParameterError, Refusal
from cosbox.protocol.messages import Call, Request
from cosbox.protocol.names import normal_bucket, normal_key
from cosbox.protocol.operations import OPERATIONS, SUBRESOURCES
from cosbox.protocol.schema import Kind, Node, Operation, Param, Place, Scope
from cosbox.protocol.suggest import unknown_name
from cosbox.protocol.values import as_text

_MAX_DIGITS: Final = 18  # fits 64 bits, and keeps int() off absurd inputs


# --------------------------------------------------------------------------------------------
# The client: from a caller's arguments to a request


class Defaults(NamedTuple):
    """What a client's configuration adds to every call."""

    appid: str | None = None
    region: str | None = None


_NO_DEFAULTS: Final = Defaults()


def bind(
    operation: Operation,
    bucket: object,
    key: object,
    args: Mapping[str, object],
    defaults: Defaults = _NO_DEFAULTS,
) -> Call:
    """Check a caller's arguments and bring them into canonical form.

    None and "" count as absent. Numbers and booleans may be given as text, and text as numbers.

    >>> bind(OPERATIONS["get_object"], "b-125", "/a", {"Range": "bytes=0-9", "VersionId": None})
    Call(operation='get_object', bucket='b-125', key='a', args={'Range': 'bytes=0-9'})

    Raises:
        ParameterError: an argument is unknown, missing, or cannot be sent.
    """
    binding = _binding(operation.name)
    bound: dict[str, object] = {}
    for name, value in args.items():
        param = binding.params.get(name)
        if param is None:
            raise ParameterError(
                unknown_name(f"{operation.name} has no parameter {name!r}", name, binding.params)
            )
        if value is None or (isinstance(value, (str, bytes)) and not value):
            continue
        held = _bind_value(param, value, defaults)
        if held != {} or param.place is not Place.METADATA:
            bound[name] = held
    for name in binding.required:
        if name not in bound:
            raise ParameterError(f"{operation.name} needs {name}")
    for name, default in binding.defaults:
        bound.setdefault(name, default)
    return Call(
        operation.name,
        None if operation.scope is Scope.SERVICE else normal_bucket(bucket, defaults.appid),
        normal_key(key) if operation.scope is Scope.OBJECT else None,
        bound,
    )


class _Binding(NamedTuple):
    """What is bound of an operation's arguments, the body excepted."""

    params: dict[str, Param]
    required: tuple[str, ...]
    defaults: tuple[tuple[str, int | str], ...]


@cache
def _binding(name: str) -> _Binding:
    params = [param for param in OPERATIONS[name].params if param.place is not Place.BODY]
    return _Binding(
        params={param.name: param for param in params},
        required=tuple(param.name for param in params if param.required),
        defaults=tuple(
            (param.name, param.default)
            for param in params
            if param.default is not None and not param.required
        ),
    )


def _bind_value(param: Param, value: object, defaults: Defaults) -> object:
    if param.place is Place.METADATA:
        return metadata.bind_metadata(value)
    if param.place is Place.COPY_SOURCE:
        return metadata.bind_copy_source(value, defaults.region)
    if param.place is Place.DOCUMENT:
        assert param.document is not None  # noqa: S101 - the table's own consistency
        return bind_document(param.document, value, param.name)
    if param.kind is Kind.INTEGER:
        return _bind_integer(param, value)
    text = as_text(param.name, value)
    return metadata.check_header_value(param.name, text) if param.place is Place.HEADER else text


def _as_integer(name: str, value: object) -> int:
    text = as_text(name, value).strip()
    if not text.isascii() or not text.removeprefix("-").isdigit() or len(text) > _MAX_DIGITS:
        raise ParameterError(f"{name} must be a number of at most {_MAX_DIGITS} digits")
    return int(text)


def _bind_integer(param: Param, value: object) -> int:
    number = _as_integer(param.name, value)
    if param.low is not None and number < param.low:
        raise ParameterError(f"{param.name} must be at least {param.low}, not {number}")
    if param.high is not None and number > param.high:
        raise ParameterError(f"{param.name} must be at most {param.high}, not {number}")
    return number


def bind_document(node: Node, value: object, where: str) -> Any:
    """A caller's dict in the canonical form of an XML document.

    Raises:
        ParameterError: an entry is unknown, missing, or cannot be written.
    """
    if not node.children:
        return _bind_leaf(node, value, where)
    if not isinstance(value, Mapping):
        raise ParameterError(f"{where} must be a dict, not {type(value).__name__}")
    children = {child.name: child for child in node.children}
    bound: dict[str, Any] = {}
    for name, held in value.items():
        if name not in children:
            if node.lenient:
                continue
            raise ParameterError(unknown_name(f"{where} has no entry {name!r}", name, children))
        if held is None or held in ("", b""):
            continue
        child = children[name]
        if child.many:
            items = held if isinstance(held, (list, tuple)) else [held]
            bound[name] = [bind_document(child, item, f"{where}.{name}") for item in items]
        else:
            bound[name] = bind_document(child, held, f"{where}.{name}")
        if bound[name] in ({}, []) and not child.required:
            del bound[name]
    for child in node.children:
        if (
            child.required
            and bound.get(child.name) in (None, {}, [])
            and not (child.empty and child.name in bound)
        ):
            raise ParameterError(f"{where} needs {child.name}")
    return bound


def _bind_leaf(node: Node, value: object, where: str) -> str | int | bool:
    if node.kind is Kind.INTEGER:
        number = _as_integer(where, value)
        if number < 0:
            raise ParameterError(f"{where} must not be negative")
        return number
    text = as_text(where, value)
    if node.kind is Kind.BOOLEAN:
        if text.lower() not in {"true", "false"}:
            raise ParameterError(f"{where} must be 'true' or 'false', not {value!r}")
        return text.lower() == "true"
    if not xmlio.is_speakable(text):
        raise ParameterError(f"{where} has a character that XML cannot carry: {text!r}")
    return text


def encode(call: Call) -> Request:
    """The request that a call is sent as.

    >>> encode(Call("delete_object", "b-125", "a", {"VersionId": "v"})).query
    {'versionId': 'v'}
    """
    operation = OPERATIONS[call.operation]
    query: dict[str, str] = {operation.marker: ""} if operation.marker else {}
    headers: dict[str, str] = {}
    body = b""
    params = _binding(operation.name).params
    for name, value in call.args.items():
        param = params[name]
        place = param.place
        if place is Place.QUERY:
            query[param.wire] = str(value)
        elif place is Place.HEADER:
            headers[param.wire] = str(value)
        elif place is Place.METADATA:
            headers.update(value)  # type: ignore[call-overload]
        elif place is Place.COPY_SOURCE:
            headers[param.wire] = metadata.write_copy_source(value)  # type: ignore[arg-type]
        elif param.document is not None:
            body = _writer(operation.name, name)(value)
            headers["content-type"] = "application/xml"
            headers["content-md5"] = b64encode(md5(body, usedforsecurity=False).digest()).decode()
    return Request(operation.method, call.bucket, call.key, query, headers, body)


@cache
def _writer(operation: str, name: str) -> Callable[[Any], bytes]:
    node = OPERATIONS[operation].param(name).document
    assert node is not None  # noqa: S101 - the caller looked
    return xmlio.writer(node)


# --------------------------------------------------------------------------------------------
# The store: from a request to a call


_NOTHING: Final[frozenset[str]] = frozenset()


@lru_cache(maxsize=1024)
def _candidates(
    method: str, scope: Scope, asked: frozenset[str]
) -> list[tuple[frozenset[str], Operation]]:
    """Operations of a method, scope and sub-resources, the most particular first, each with the
    headers that select it."""
    found = []
    for operation in OPERATIONS.values():
        if operation.method != method or operation.scope is not scope:
            continue
        names = frozenset(operation.selectors) | ({operation.marker} if operation.marker else set())
        headers = frozenset(name for name in names if name.startswith("x-cos-"))
        if names - headers == asked:
            found.append((headers, operation))
    return sorted(found, key=lambda entry: -len(entry[0]))


def match(
    method: str,
    bucket: str | None,
    key: str | None,
    query: Mapping[str, str],
    headers: Mapping[str, str],
) -> Operation:
    """The operation that a received request asks for.

    >>> match("GET", "b-125", None, {"versions": ""}, {}).name
    'list_objects_versions'

    Raises:
        Refusal: NotImplemented for a sub-resource that is not offered, MethodNotAllowed for a
            method that the resource does not have, InvalidArgument for a parameter in another
            case than COS spells it.
    """
    if query:
        _check_spelling(query)
    scope = Scope.SERVICE if bucket is None else Scope.OBJECT if key is not None else Scope.BUCKET
    asked = SUBRESOURCES.intersection(query) if query else _NOTHING
    for needed, operation in _candidates(method, scope, asked):
        if needed <= headers.keys():
            return operation
    what = f"{method} {scope.value}" + "".join(f" ?{name}" for name in sorted(asked))
    offered = {name for each in OPERATIONS.values() for name in (each.marker, *each.selectors)}
    if asked - offered:
        raise Refusal("NotImplemented", f"{what} is not offered by this store.")
    raise Refusal("MethodNotAllowed", f"{what} is not a request that this resource takes.")


_SPELLING: Final[Mapping[str, str]] = {name.lower(): name for name in (*SUBRESOURCES, "versionId")}


def _check_spelling(query: Mapping[str, str]) -> None:
    """Refuse ``?Acl`` and ``?VersionId``: left aside as unknown, they would turn a request about a
    part of something into one about the whole."""
    for name in query:
        known = _SPELLING.get(name.lower(), name)
        if known != name:
            raise Refusal("InvalidArgument", f"The parameter {name} is spelt {known}.")


class _Plan(NamedTuple):
    """What of a request an operation reads, compiled once."""

    query: dict[str, tuple[str, Callable[[str], object] | None]]
    headers: dict[str, tuple[str, Callable[[str], object] | None]]
    required: tuple[tuple[str, str], ...]
    metadata: bool
    document: tuple[str, bool, Callable[[bytes], dict[str, Any]]] | None


@cache
def _plan(name: str) -> _Plan:
    operation = OPERATIONS[name]
    by_place: dict[Place, dict[str, tuple[str, Callable[[str], object] | None]]] = {
        Place.QUERY: {},
        Place.HEADER: {},
    }
    document = None
    for param in operation.params:
        if param.place is Place.COPY_SOURCE:
            by_place[Place.HEADER][param.wire] = (param.name, metadata.read_copy_source)
        elif param.place in by_place:
            reader = _integer_reader(param) if param.kind is Kind.INTEGER else None
            by_place[param.place][param.wire] = (param.name, reader)
        elif param.document is not None:
            document = (param.name, param.required, xmlio.request_reader(param.document))
    return _Plan(
        query=by_place[Place.QUERY],
        headers=by_place[Place.HEADER],
        required=tuple(
            (param.name, param.wire)
            for param in operation.params
            if param.required and param.place in {Place.QUERY, Place.HEADER, Place.COPY_SOURCE}
        ),
        metadata=any(param.place is Place.METADATA for param in operation.params),
        document=document,
    )


def _integer_reader(param: Param) -> Callable[[str], int]:
    low = param.low if param.low is not None else 0
    high = param.high

    def read(text: str) -> int:
        text = text.strip()
        if not text.isascii() or not text.isdigit() or len(text) > _MAX_DIGITS:
            raise Refusal("InvalidArgument", f"{param.wire} must be a number, not {text[:40]!r}.")
        number = int(text)
        if number < low or (high is not None and number > high):
            limit = f"{low} to {high}" if high is not None else f"at least {low}"
            raise Refusal("InvalidArgument", f"{param.wire} must be {limit}, not {number}.")
        return number

    return read


def decode(operation: Operation, request: Request) -> Call:
    """The call that a received request stands for.

    Raises:
        Refusal: InvalidArgument, MalformedXML, XMLSizeLimit, MissingRequestBodyError or
            InvalidCopySource.
    """
    plan = _plan(operation.name)
    args: dict[str, object] = {}
    for wire, text in request.query.items():
        if text and wire in plan.query:
            name, reader = plan.query[wire]
            args[name] = reader(text) if reader else text
    for wire, text in request.headers.items():
        if text and wire in plan.headers:
            name, reader = plan.headers[wire]
            args[name] = reader(text) if reader else text
    if plan.metadata and (found := metadata.metadata_of(request.headers)):
        args["Metadata"] = found
    for name, wire in plan.required:
        if name not in args:
            raise Refusal("InvalidArgument", f"{wire} is missing.")
    if plan.document:
        name, required, read_document = plan.document
        if request.body:
            args[name] = read_document(request.body)
        elif required:
            raise Refusal("MissingRequestBodyError", f"{operation.title} needs an XML body.")
    return Call(operation.name, request.bucket, request.key, args)


__all__ = [
    "Defaults",
    "as_text",
    "bind",
    "bind_document",
    "decode",
    "encode",
    "match",
]

"""Hypothesis strategies for requests that are nearly right."""

from typing import NamedTuple
from urllib.parse import quote

from hypothesis import strategies as st

from cosbox.protocol import xmlio
from cosbox.protocol.operations import OPERATIONS, SUBRESOURCES
from cosbox.protocol.requests import bind_document
from cosbox.protocol.schema import Kind, Place, Scope
from support import strategies as some
from support.fuzzing import BUCKET, PUBLIC, THEIRS, VERSIONED
from support.ways import NOBODY, OTHER, OWNER

_PARAMS = [param for operation in OPERATIONS.values() for param in operation.params]
DOCUMENTS = list(dict.fromkeys(param.document for param in _PARAMS if param.document))
_IN_HEADERS = {Place.HEADER, Place.COPY_SOURCE}
_QUERIES = sorted(SUBRESOURCES | {param.wire for param in _PARAMS if param.place is Place.QUERY})
_HEADERS = sorted(
    {param.wire for param in _PARAMS if param.place in _IN_HEADERS}
    | {"x-cos-meta-a", "x-cos-meta-", "x-cos-security-token", "expect", "content-type", "range"}
    | {"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "content-md5"}
    | {"x-cos-server-side-encryption", "x-cos-callback", "x-cos-sdk-retry", "accept-encoding"}
    | {"te", "connection", "upgrade", "via", "cookie", "authorization", "x-cos-storage-class"}
)
_METHODS = ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE"]
_VALUES = [
    *("", "0", "1", "-1", "1000", "10000", "10001", "99999999999999999999", "1.5", "NaN", "true"),
    *("false", "url", "/", "a", "a/", "{version}", "{upload}", '"{etag}"', "{etag}", "null", "*"),
    *("bytes=0-1", "bytes=-1", "bytes=9-0", "bytes=0-0,2-3", "bytes=99999999999999999999-"),
    *("Tue, 24 Nov 2026 08:00:00 GMT", "Thu, 99 Foo 9999 99:99:99 GMT", "0001-01-01T00:00:00Z"),
    *("public-read", "private", "default", "STANDARD", "ARCHIVE", "Copy", "Replaced", "Enabled"),
    *('id="100000000001"', 'id="100000000002",id="1"', "qcs::cam::anyone:anyone"),
    *(f"127.0.0.1/{BUCKET}/a", f"{BUCKET}.cos.x.myqcloud.com/a", f"{BUCKET}.h.x/a?versionId="),
    *(f"127.0.0.1/{THEIRS}/a", f"{VERSIONED}.cos.x.y.com/a?versionId={{version}}", "%", "%ff"),
    *("1B2M2Y8AsgTpgAmY7PhCfg==", "100-continue", "Upgrade", "chunked", "gzip", "a" * 2000),
]  # fmt: skip

values = st.sampled_from(_VALUES) | some.texts | st.integers(-10, 10**20).map(str)
buckets = st.sampled_from(
    [BUCKET, BUCKET, BUCKET, VERSIONED, PUBLIC, THEIRS, "missing-1250000000", "Bad", ""]
)


def _values(param):
    """For a parameter: values that it takes, and others."""
    if param.values:
        return st.sampled_from(param.values) | values
    if param.kind is Kind.INTEGER:
        return st.integers(0, 3).map(str) | values
    return values


keys = st.sampled_from(["a", "large", "gone", "cold", "new", "", "k" * 851, "../a"]) | some.texts


def _grow(node):
    """Elements that have to do with a shape, in any arrangement."""
    names = sorted(_names_of(node))

    def element(children):
        text = children.map("".join)
        return st.builds(
            "<{0}{2}>{1}</{0}>".format, st.sampled_from(names), text, st.sampled_from(_ATTRIBUTES)
        )

    leaf = st.lists(values.map(xmlio.escape) | st.sampled_from(_MARKUP), max_size=2)
    return st.recursive(leaf, lambda inner: st.lists(element(inner), max_size=4), max_leaves=12)


def _names_of(node):
    found = {node.name}
    for child in node.children:
        found |= _names_of(child)
    return found


_ATTRIBUTES = ["", ' xsi:type="Group"', ' xmlns="u"', ' xmlns:xsi="u" xsi:type="x"', " a", ' a="']
_MARKUP = ["<", ">", "&", "&a;", "&#0;", "&#xD800;", "]]>", "<![CDATA[", "<!--", "<!DOCTYPE a>"]


def mutated(data):
    """Bytes after some accidents."""
    return st.builds(_suffer, data, st.lists(_ACCIDENTS, min_size=1, max_size=4))


_ACCIDENTS = st.tuples(
    st.sampled_from(["insert", "delete", "double", "replace", "cut", "swap"]),
    st.floats(0, 1),
    st.integers(1, 40),
    st.binary(min_size=1, max_size=6)
    | st.sampled_from(
        [
            *(b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"\r\n\r\n", b"%00", b"%", b"/"),
            *(
                b"Content-Length: 5\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"0\r\n\r\n",
                b"<",
                b"&",
            ),
            *(b"\xff", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"Expect: 100-continue\r\n"),
        ]
    ),
)


def _suffer(data, accidents):
    for kind, where, size, piece in accidents:
        at = int(where * len(data))
        if kind == "insert":
            data = data[:at] + piece + data[at:]
        elif kind == "delete":
            data = data[:at] + data[at + size :]
        elif kind == "double":
            data = data[: at + size] + data[at:]
        elif kind == "replace":
            data = data[:at] + piece + data[at + len(piece) :]
        elif kind == "cut":
            data = data[:at]
        else:
            data = data[at : at + size] + data[:at] + data[at + size :]
    return data


def document(node):
    """Documents for a shape: right, wrong, and broken."""
    fine = some.documents(node).map(lambda value: _write(node, value))
    grown = _grow(node).map(lambda parts: f"<{node.name}>{''.join(parts)}</{node.name}>".encode())
    return fine | grown | mutated(fine | grown)


def _write(node, value):
    return xmlio.write(node, bind_document(node, value, node.name))


documents = st.one_of([document(node) for node in DOCUMENTS])
"""Documents for any call: right, wrong, and broken."""

bodies = st.one_of(
    st.just(b""), st.binary(max_size=50), documents, st.integers(0, 200_000).map(bytes)
)


class Hostile(NamedTuple):
    """A request that HTTP has nothing against. Texts may have ``{version}`` and the like."""

    method: str
    bucket: str
    key: str
    query: dict
    headers: dict
    body: bytes
    who: object

    @property
    def path(self):
        return f"/{self.bucket}/{self.key}" if self.bucket else f"/{self.key}"


def _some(known, names):
    return {name: known[name] for name in sorted(names)}


def _near(operation):
    """Requests for an operation, with values that it may not expect."""
    known = {param.wire: _values(param) for param in operation.params}
    queries = {p.wire for p in operation.params if p.place is Place.QUERY}
    headers = {p.wire for p in operation.params if p.place in _IN_HEADERS}
    needed = {name for name in operation.selectors if name.startswith("x-")}
    marked = {operation.marker: st.just("")} if operation.marker else {}
    marked |= {name: known.get(name, values) for name in set(operation.selectors) - needed}
    shapes = [param.document for param in operation.params if param.document]
    return st.builds(
        Hostile,
        st.just(operation.method),
        buckets,
        keys if operation.scope is Scope.OBJECT else st.just(""),
        st.fixed_dictionaries(marked, optional=_some(known, queries - set(marked))),
        st.fixed_dictionaries(_some(known, needed), optional=_some(known, headers - needed)),
        st.one_of([document(shape) for shape in shapes] or [bodies]),
        st.sampled_from([OWNER, OWNER, OWNER, OTHER, NOBODY]),
    )


_ANY = st.builds(
    Hostile,
    st.sampled_from(_METHODS),
    buckets,
    keys,
    st.dictionaries(st.sampled_from(_QUERIES) | some.texts, values, max_size=3),
    st.dictionaries(st.sampled_from(_HEADERS), values, max_size=4),
    bodies,
    st.sampled_from([OWNER, OTHER, NOBODY]),
)
hostile = st.one_of([_near(operation) for operation in OPERATIONS.values()]) | _ANY
"""Requests that reach the store's own logic: signed, and wrong in every other way."""


def url_of(request, names):
    """The request target."""
    pairs = "&".join(
        f"{quote(n, safe='')}={quote(names(v), safe='')}" for n, v in request.query.items()
    )
    return quote(request.path, safe="/") + (f"?{pairs}" if pairs else "")

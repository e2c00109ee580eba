"""Documents and heads that are nearly right: read as what they say, or refused."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosbox.protocol import addressing, signing, xmlio
from cosbox.protocol.errors import Refusal
from cosbox.protocol.metadata import read_copy_source
from cosbox.protocol.ranges import resolve
from cosbox.server.gateway import parse_query
from support import hostile
from support import strategies as some

MANY = settings.default.max_examples * 2


@pytest.mark.parametrize("node", hostile.DOCUMENTS, ids=lambda node: node.name)
@settings(max_examples=MANY // 2)
@given(data=st.data())
def test_documents(node, data):
    document = data.draw(hostile.document(node))
    with contextlib.suppress(Refusal):
        value = xmlio.request_reader(node)(document)
        assert isinstance(value, dict)


@settings(max_examples=MANY)
@given(st.binary(max_size=60) | hostile.mutated(st.just(b"<Error><Code>a</Code></Error>")))
def test_error_documents_as_a_client_reads_them(data):
    xmlio.read_error(data)


TARGETS = hostile.mutated(
    st.sampled_from([b"/b-1/a%2Fb+c?acl&prefix=%e4%bd%a0", b"/?q-sign-algorithm=sha1&q-ak=x"])
)


@settings(max_examples=MANY)
@given(TARGETS, some.texts | st.sampled_from(["h", "b-1.cos.x.y.com", "[::1]:80", "1.2.3.4:99"]))
def test_targets(target, host):
    path, _, query = target.decode("latin-1").partition("?")
    with contextlib.suppress(Refusal):
        addressing.locate(host, path)
    with contextlib.suppress(Refusal):
        parse_query(query)


@settings(max_examples=MANY)
@given(hostile.values, st.integers(0, 2**63))
def test_headers_with_a_grammar(text, size):
    for read in (read_copy_source, lambda value: resolve(value, size)):
        with contextlib.suppress(Refusal):
            read(text)


CREDENTIAL = signing.Credential("AKIDfuzz", "secret")
NOW = 1_800_000_000
QUERY = {"prefix": "a b", "acl": ""}
HEADERS = {"host": "h", "x-cos-acl": "private", "range": "bytes=0-1"}
FINE = signing.sign(
    CREDENTIAL, "GET", "/b/a b", query=QUERY, headers=HEADERS, start=NOW - 10, end=NOW + 10
)


def verify(signature, method="GET", path="/b/a b", query=QUERY, headers=HEADERS):
    signing.verify(
        signature, CREDENTIAL.secret_key, method, path, query=query, headers=headers, now=NOW
    )


def meaning(signature):
    """A signature without what does not change what it says."""
    names = (signature.header_list, signature.param_list)
    lists = [sorted(text.lower().split(";")) for text in names]
    return signature.sign_time, signature.key_time, signature.signature, lists


@settings(max_examples=MANY)
@given(hostile.mutated(st.just(FINE.header().encode())))
def test_signatures_after_an_accident(data):
    """Never taken for another one; either the same in other words, or refused."""
    try:
        found = signing.extract({"authorization": data.decode("utf-8", "replace")}, {})
        if found is not None:
            verify(found)
    except Refusal:
        return
    assert found is None or meaning(found) == meaning(FINE)


changed = st.dictionaries(some.texts.map(str.lower), some.texts, max_size=2)


@settings(max_examples=MANY)
@given(
    st.sampled_from(["GET", "PUT", "DELETE", "get"]),
    st.sampled_from(["/b/a b", "/b/a", "/b/a b/", "/B/a b"]) | some.texts,
    st.just(QUERY) | st.builds(lambda d: QUERY | d, changed) | changed,
    st.just(HEADERS) | st.builds(lambda d: HEADERS | d, changed) | changed,
)
def test_what_was_signed_is_what_is_served(method, path, query, headers):
    same = (
        method.lower() == "get"
        and path == "/b/a b"
        and all(query.get(name) == value for name, value in QUERY.items())
        and all(headers.get(name) == value for name, value in HEADERS.items())
    )
    if len({name.lower() for name in query}) != len(query):
        same = False
    with contextlib.nullcontext() if same else pytest.raises(Refusal):
        verify(FINE, method, path, query, headers)

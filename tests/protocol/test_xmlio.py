"""XML documents, hostile ones above all."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosbox.protocol import xmlio
from cosbox.protocol.errors import Refusal
from cosbox.protocol.operations import OPERATIONS
from cosbox.protocol.operations._parts import branch, leaf
from cosbox.protocol.schema import Kind
from support import strategies as some

READERS = {
    (operation.name, param.name): xmlio.request_reader(param.document)
    for operation in OPERATIONS.values()
    for param in operation.params
    if param.document
}
DELETE = READERS["delete_objects", "Delete"]

_BOMB = (
    b'<!DOCTYPE d [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">'
    b"]><Delete><Object><Key>&c;</Key></Object></Delete>"
)
_FINE = "<Delete><Object><Key>a</Key></Object></Delete>"

HOSTILE = {
    "empty": b"",
    "blank": b" \n\t",
    "doctype": b"<!DOCTYPE Delete><Delete><Object><Key>a</Key></Object></Delete>",
    "external entity": b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Delete>&x;</Delete>',
    "entity bomb": _BOMB,
    "unknown entity": b"<Delete><Object><Key>&nbsp;</Key></Object></Delete>",
    "utf-16": _FINE.encode("utf-16"),
    "utf-16 without mark": _FINE.encode("utf-16-le"),
    "utf-16 bomb": _BOMB.decode().encode("utf-16"),
    "utf-32": _FINE.encode("utf-32"),
    "latin-1": b"<Delete><Object><Key>\xe9</Key></Object></Delete>",
    "overlong": b"<Delete><Object><Key>\xc0\xaf</Key></Object></Delete>",
    "surrogate": b"<Delete><Object><Key>\xed\xa0\x80</Key></Object></Delete>",
    "nul": b"<Delete><Object><Key>a\x00</Key></Object></Delete>",
    "nul reference": b"<Delete><Object><Key>&#0;</Key></Object></Delete>",
    "truncated": _FINE.encode()[:-1],
    "two roots": _FINE.encode() * 2,
    "text after": _FINE.encode() + b"x",
    "deep": b"<Delete>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</Delete>",
    "deep in the shape": b"<Delete>"
    + b"<Object>" * 100_000
    + b"</Object>" * 100_000
    + b"</Delete>",
    "deep and broken": b"<a>" * 600_000,
    "many attributes": b"<Delete " + b" ".join(b'a%d="1"' % i for i in range(100_000)) + b"/>",
    "many namespaces": b"<Delete " + b" ".join(b'xmlns:a%d="u"' % i for i in range(50_000)) + b"/>",
    "long name": b"<" + b"a" * 2_000_000 + b"/>",
    "another root": b"<Remove><Object><Key>a</Key></Object></Remove>",
    "an element too many": b"<Delete><Object><Key>a</Key><Nonsense/></Object></Delete>",
    "twice": b"<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>",
    "lacking": b"<Delete><Object><VersionId>a</VersionId></Object></Delete>",
    "empty key": b"<Delete><Object><Key/></Object></Delete>",
    "nothing to delete": b"<Delete><Quiet>true</Quiet></Delete>",
    "nested text": b"<Delete><Object><Key>a<b/></Key></Object></Delete>",
    "no boolean": b"<Delete><Quiet>yes</Quiet><Object><Key>a</Key></Object></Delete>",
}


@pytest.mark.parametrize("document", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_documents_are_malformed_and_nothing_else(document: bytes) -> None:
    started = time.process_time()
    with pytest.raises(Refusal) as caught:
        DELETE(document)
    assert caught.value.code == "MalformedXML"
    assert len(caught.value.message) < 500
    assert time.process_time() - started < 5  # linear ones take milliseconds


def test_a_document_over_the_cap_is_not_even_parsed() -> None:
    with pytest.raises(Refusal) as caught:
        DELETE(b"<" * (xmlio.MAX_REQUEST_BYTES + 1))
    assert caught.value.code == "XMLSizeLimit"


@given(document=st.binary(max_size=200))
def test_random_bytes(document: bytes) -> None:
    for reader in READERS.values():
        with pytest.raises(Refusal):
            reader(document)


TAGS = st.sampled_from(
    [
        "Delete",
        "Object",
        "Key",
        "VersionId",
        "Quiet",
        "x:Key",
        "AccessControlPolicy",
        "Grant",
        "Grantee",
    ]
)


@given(
    data=st.recursive(
        some.xml_texts.map(xmlio.escape),
        lambda inner: st.builds(
            lambda tag, attribute, parts: f"<{tag}{attribute}>{''.join(parts)}</{tag}>",
            TAGS,
            st.sampled_from(["", ' a="1"', ' xmlns="u"', ' xmlns:x="u"', ' xsi:type="y"']),
            st.lists(inner, max_size=4),
        ),
        max_leaves=12,
    )
)
def test_documents_that_nearly_fit(data: str) -> None:
    for reader in READERS.values():
        try:
            assert isinstance(reader(data.encode()), dict)
        except Refusal as refusal:
            assert refusal.status == 400  # noqa: PT017 - one of two good ends


def test_the_encoding_is_utf_8_whatever_the_document_claims() -> None:
    for claim in ("latin-1", "utf-16", "nonsense", "UTF-7"):
        document = f"<?xml version='1.0' encoding='{claim}'?>{_FINE.replace('>a<', '>é<')}".encode()
        assert DELETE(document) == {"Object": [{"Key": "é"}]}


@pytest.mark.parametrize(
    "document",
    [
        "<Delete xmlns='http://any'><Object><Key>a</Key></Object></Delete>",
        "<x:Delete xmlns:x='u'><x:Object><x:Key>a</x:Key></x:Object></x:Delete>",
        "\ufeff<Delete><Object><Key>a</Key></Object></Delete>",
        "\n <?xml version='1.0'?>\n<!-- hello --><Delete> <Object>\n<Key>a</Key></Object></Delete>",
        "<Delete><Object><Key>a<!-- split --></Key><VersionId/></Object><Quiet/></Delete>",
        "<Delete><Object><Key><![CDATA[a]]></Key></Object></Delete>",
    ],
    ids=["namespace", "prefix", "mark", "blanks", "empty elements", "cdata"],
)
def test_documents_that_clients_send(document: str) -> None:
    found = DELETE(document.encode())
    assert found.pop("Quiet", None) is None
    assert found == {"Object": [{"Key": "a"}]}


SHAPE = branch(
    "Root",
    leaf("Text"),
    leaf("Coded", url=True),
    leaf("Number", kind=Kind.INTEGER),
    leaf("Flag", kind=Kind.BOOLEAN),
    branch("Item", leaf("Kind", attribute=True), leaf("Text"), many=True),
)


ITEMS = st.fixed_dictionaries({"Text": some.xml_texts}, optional={"Kind": some.xml_texts})


@given(
    text=some.xml_texts,
    coded=some.filled,
    number=some.integers,
    flag=st.booleans(),
    items=st.lists(
        st.fixed_dictionaries({"Text": some.xml_texts}, optional={"Kind": some.xml_texts}),
        min_size=1,
    ),
)
def test_what_is_written_is_read(text, coded, number, flag, items) -> None:
    value = {"Text": text, "Coded": coded, "Number": number, "Flag": flag, "Item": items}
    document = xmlio.write(SHAPE, value, url=True)
    read = xmlio.result_reader(SHAPE, url=True)(document)
    assert read == {**value, "Number": str(number), "Flag": str(flag).lower()}
    plain = {**value, "Coded": "x"}
    assert xmlio.request_reader(SHAPE)(xmlio.write(SHAPE, plain)) == plain


@given(text=some.texts)
def test_text_cannot_leave_its_element(text: str) -> None:
    escaped = xmlio.escape(text)
    assert "<" not in escaped
    assert "]]>" not in escaped
    if xmlio.is_speakable(text):
        assert xmlio.parse(f"<a>{escaped}</a>".encode()).text == (text or None)
    else:
        with pytest.raises(xmlio.MalformedDocument):
            xmlio.parse(f"<a>{escaped}</a>".encode())


@given(data=st.binary(max_size=60) | some.texts.map(lambda text: f"<Error>{text}</Error>".encode()))
def test_an_error_document_that_is_none_is_empty(data: bytes) -> None:
    assert isinstance(xmlio.read_error(data), dict)


def test_an_answer_nested_without_end_is_read_or_refused() -> None:
    read = xmlio.result_reader(SHAPE, url=False)
    found = read(b"<Root>" + b"<New>" * 100_000 + b"</New>" * 100_000 + b"</Root>")
    assert list(found) == ["New"]


@given(st.text(max_size=20))
def test_answers_are_read_whatever_text_they_hold(text):
    node = branch("Root", leaf("Key"))
    found = xmlio.result_reader(node, url=False)(xmlio.writer(node)({"Key": f"k{text}"}))
    expected = "".join(each if xmlio.is_speakable(each) else "\ufffd" for each in text)
    assert found == {"Key": f"k{expected}"}
    error = xmlio.read_error(xmlio.write_error("Code", text, {}, Resource="/"))
    assert error["code"] == "Code"

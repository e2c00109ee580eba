"""Pages that are read by an expression give what a tree gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosbox.protocol import xmlio
from cosbox.protocol.operations import OPERATIONS
from cosbox.protocol.repeats import fold, read_like

CONTENTS = {
    "LastModified": "2026-11-24T12:00:00.000Z",
    "ETag": '"d41d8cd98f00b204e9800998ecf8427e"',
    "Size": "4096",
    "Owner": {"ID": "1250000000", "DisplayName": "1250000000"},
    "StorageClass": "STANDARD",
}
ROOT = "list_objects"


def page(items, **more):
    node = OPERATIONS[ROOT].document
    value = {"Name": "examplebucket-1250000000", "MaxKeys": "1000", **more, "Contents": items}
    return xmlio.write(node, value, url=True)


def item(key, **more):
    return {"Key": key, **CONTENTS, **more}


def read(data, name=ROOT):
    return xmlio.result_reader(OPERATIONS[name].document, url=True)(data)


def read_as_tree(data, name=ROOT):
    """A comment keeps it from being read otherwise."""
    root = OPERATIONS[name].document.name.encode()
    return read(data.replace(b"</%s>" % root, b"<!-- --></%s>" % root), name)


def is_folded(data, name="Contents"):
    node = OPERATIONS[ROOT].document
    folded = fold(data, name)
    if folded is None:
        return False
    document, text = folded
    first = xmlio.parse(document).find(name)
    shape = next(child for child in node.children if child.name == name)
    return read_like(first, text, shape, url=True) is not None


def test_a_page_is_read_without_a_tree():
    data = page([item(f"a b/{number}") for number in range(100)], EncodingType="url")
    assert is_folded(data)
    found = read(data)
    assert found == read_as_tree(data)
    assert found["Contents"][42] == item("a b/42")


def test_so_are_prefixes():
    prefixes = [{"Prefix": f"dir {number}/"} for number in range(300)]
    data = page([], CommonPrefixes=prefixes, EncodingType="url")
    assert is_folded(data, "CommonPrefixes")
    assert read(data)["CommonPrefixes"] == prefixes


def test_both_on_one_page():
    prefixes = [{"Prefix": f"p/{number}/"} for number in range(300)]
    items = [item(f"k/{number}") for number in range(100)]
    found = read(page(items, CommonPrefixes=prefixes, EncodingType="url"))
    assert (found["CommonPrefixes"], found["Contents"]) == (prefixes, items)


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (b"<Size>4096</Size>", b"<Size/>"),
        (b"<Size>4096</Size>", b"<Size></Size>"),
        (b"<Size>4096</Size>", b""),
        (b"<Size>4096</Size>", b"<Size>4<!-- -->096</Size>"),
        (b"<Size>4096</Size>", b"<Size><![CDATA[4]]>096</Size>"),
        (b"<Size>4096</Size>", b"<Size>4&#48;96</Size>"),
        (b"<Size>4096</Size>", b"<Size unit='byte'>4096</Size>"),
        (b"<Size>4096</Size>", b"<Size>1</Size><Size>2</Size>"),
        (b"<Size>4096</Size>", b"<Size>1<b>2</b>3</Size>"),
        (b"<Size>4096</Size>", b"<Size>4096</Size><New>thing</New>"),
        (b"<Size>4096</Size>", b"\n  <Size>4096</Size>\n"),
        (b"<Size>4096</Size>", b"text<Size>4096</Size>text"),
        (b"<Size>4096</Size>", b"<Size>4096\r\n</Size>"),
        (b"<Size>4096</Size>", b"<Size >4096</Size>"),
        (b"<Owner>", b"<Owner>text"),
        (b"</Contents>", b"</Contents>\n"),
        (b"</Contents>", b"</Contents>text"),
        (b"</Contents>", b"</Contents><CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>"),
        (b"</Contents>", b"</Contents><Odd><Contents>x</Contents></Odd>"),
        (b"</Contents>", b"</Contents><?pi <Contents>x</Contents>?>"),
        (b"</Contents>", b"</Contents><!-- <Contents>x</Contents> -->"),
    ],
)
@pytest.mark.parametrize("where", ["first", "one", "last", "all"])
def test_what_is_written_otherwise_is_read_as_a_tree_has_it(written, instead, where):
    data = page([item(f"k{number}", Size="4096") for number in range(60)], EncodingType="url")
    pieces = data.split(written)
    last = len(pieces) - 2
    chosen = {"first": {0}, "one": {last // 2}, "last": {last}, "all": range(last + 1)}[where]
    joints = [instead if at in chosen else written for at in range(last + 1)]
    data = b"".join(piece + joint for piece, joint in zip(pieces, [*joints, b""], strict=True))
    assert read(data) == read_as_tree(data)


@pytest.mark.parametrize("bad", [b"\x01", b"\xff", b"&nothing;", b"<", b"</Size>", b"\xef\xbf\xbf"])
def test_what_is_no_xml_is_refused(bad):
    data = page([item(f"k{number}") for number in range(60)], EncodingType="url")
    middle = data.index(b"4096", len(data) // 2)
    data = data[:middle] + bad + data[middle:]
    with pytest.raises(xmlio.MalformedDocument):
        read(data)


TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
ITEMS = st.lists(
    st.fixed_dictionaries(
        {"Key": TEXTS, "Size": TEXTS},
        optional={
            "StorageClass": TEXTS,
            "Owner": st.dictionaries(st.sampled_from(["ID", "DisplayName"]), TEXTS),
        },
    ),
    max_size=5,
)


@given(ITEMS, st.booleans())
def test_any_page_is_read_as_a_tree_has_it(items, encoded):
    more = {"EncodingType": "url"} if encoded else {}
    data = page([*items, *items * 30], **more)
    try:
        expected = read_as_tree(data)
    except xmlio.MalformedDocument:
        with pytest.raises(xmlio.MalformedDocument):
            read(data)
    else:
        assert read(data) == expected

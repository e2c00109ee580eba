"""Byte ranges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosbox.protocol.errors import Refusal
from cosbox.protocol.ranges import Span, content_range, parse_copy_range, resolve
from support import strategies as some

sizes = st.integers(0, 50)
positions = st.integers(0, 60)
junk = some.texts | st.text("bytes=0123456789-, ", max_size=20).map("bytes={}".format)


@given(size=sizes, first=positions, last=positions)
def test_a_range_is_a_slice(size: int, first: int, last: int) -> None:
    content = bytes(range(size))
    for header, expected in (
        (f"bytes={first}-{last}", content[first : last + 1]),
        (f"bytes={first}-", content[first:]),
        (f"bytes=-{last}", content[-last:] if last else b""),
    ):
        try:
            span = resolve(header, size)
        except Refusal as refusal:
            assert not expected
            assert refusal.headers == {"Content-Range": f"bytes */{size}"}  # noqa: PT017 - see above
            continue
        if span is None:
            assert last < first
        else:
            assert content[span.start : span.stop] == expected
            assert span.length == len(expected) > 0
            assert content_range(span, size) == f"bytes {span.start}-{span.stop - 1}/{size}"


@pytest.mark.parametrize(
    "header",
    [
        *("", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1-0", "lines=0-1", "bytes=0-1,3-4"),
        *("bytes=٣-٤", "bytes=0-1;", "bytes=--1", "bytes=" + "9" * 5000 + "-"),
    ],
    ids=lambda header: header[:20] or "empty",
)
def test_what_is_not_one_range_is_ignored(header: str) -> None:
    assert resolve(header, 100) is None


def test_blanks_and_case_do_not_matter() -> None:
    assert resolve(" Bytes = 1 - 2 ", 10) == Span(1, 3)


@given(header=junk, size=sizes)
def test_whatever_is_received_only_a_refusal_escapes(header: str, size: int) -> None:
    for read in (resolve, parse_copy_range):
        try:
            span = read(header, size)
        except Refusal as refusal:
            assert refusal.code in {"InvalidRange", "InvalidArgument"}  # noqa: PT017 - a good end
        else:
            assert span is None or 0 <= span.start < span.stop <= size


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("bytes=0-", "InvalidArgument"),
        ("bytes=-5", "InvalidArgument"),
        ("0-5", "InvalidArgument"),
        ("bytes=5-4", "InvalidRange"),
        ("bytes=0-10", "InvalidRange"),
        ("bytes=10-10", "InvalidRange"),
    ],
)
def test_the_range_of_a_copy_lies_inside_its_source(text: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_copy_range(text, 10)
    assert caught.value.code == code


def test_the_whole_of_a_copy_source() -> None:
    assert parse_copy_range("bytes=0-9", 10) == Span(0, 10)

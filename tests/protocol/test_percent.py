"""Percent-encoding is that of the standard library, for every text."""

from urllib.parse import quote, unquote, unquote_to_bytes

from hypothesis import given
from hypothesis import strategies as st

from cosbox.protocol import percent

TEXTS = st.text(st.characters(codec="utf-8"))


@given(TEXTS)
def test_it_encodes_as_the_standard_library_does(text):
    assert percent.encode(text) == quote(text, safe="-_.~")
    assert percent.encode_path(text) == quote(text, safe="/-_.~")


@given(TEXTS | st.text("%0aAfF2", max_size=12))
def test_it_decodes_as_the_standard_library_does(text):
    assert percent.decode(text) == unquote(text)
    assert percent.decode_bytes(text) == unquote_to_bytes(text)


@given(TEXTS)
def test_what_was_encoded_is_decoded(text):
    assert percent.decode(percent.encode(text)) == text
    assert percent.decode_bytes(percent.encode_path(text)) == text.encode()

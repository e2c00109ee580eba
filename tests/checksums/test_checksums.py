"""CRC-64/XZ and MD5 against vectors, each other, and their own algebra."""

import hashlib
import subprocess
import sys

import fastcrc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosbox.checksums import Digest, combine, crc64, table

VECTORS = {
    b"": 0,
    b"123456789": 11051210869376104954,
    b"[Object Content]": 16749565679157681890,
    b"[Object Part]": 4510578591875220731,
}
ENGINES = [crc64, table.crc64, fastcrc.crc64.xz]


@pytest.mark.parametrize("engine", ENGINES, ids=["chosen", "python", "fastcrc"])
@pytest.mark.parametrize("data", VECTORS)
def test_vectors(engine, data):
    assert engine(data) == VECTORS[data]


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_engines_agree_and_chain(head, tail):
    whole = table.crc64(head + tail)
    for engine in ENGINES:
        assert engine(head + tail) == whole
        assert engine(tail, engine(head)) == whole
        assert engine(memoryview(b"x" + tail)[1:], engine(bytearray(head))) == whole


def test_large_input_chains_too():
    """fastcrc has another code path, without the GIL, from 16 KiB on."""
    data = bytes(range(256)) * 512
    assert crc64(data[100_000:], crc64(data[:100_000])) == crc64(data) == table.crc64(data)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_combine_is_the_crc_of_the_concatenation(head, tail):
    assert combine(crc64(head), crc64(tail), len(tail)) == crc64(head + tail)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**40), st.integers(0, 2**40))
def test_combine_over_lengths_too_large_to_read(crc, first, second):
    """Appending zeros of two lengths, one after the other, is appending their sum."""
    assert combine(combine(crc, 0, first), 0, second) == combine(crc, 0, first + second)


def test_combine_refuses_a_negative_length():
    with pytest.raises(ValueError, match="negative"):
        combine(1, 2, -1)


@given(st.lists(st.binary(max_size=100), max_size=10))
def test_digest_does_not_depend_on_the_chunks(chunks):
    digest = Digest()
    for chunk in chunks:
        digest.update(memoryview(chunk))
    whole = b"".join(chunks)
    assert digest.size == len(whole)
    assert digest.crc64 == crc64(whole)
    assert digest.md5 == hashlib.md5(whole).digest()
    assert digest.hexdigest == hashlib.md5(whole).hexdigest()


def test_digest_counts_bytes_and_not_items():
    digest = Digest()
    digest.update(memoryview(bytes(16)).cast("Q"))
    assert digest.size == 16


def test_import_without_fastcrc():
    """Where no wheel exists the package still imports, and the numbers are the same."""
    script = (
        "import sys; sys.modules['fastcrc'] = None\n"
        "from cosbox.checksums import crc64\n"
        "print(crc64(b'123456789'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "11051210869376104954"

"""The CRC of a whole from the CRCs of its pieces, without reading them again.

Appending n bytes multiplies the CRC so far by x^8n, as polynomials over GF(2) modulo that of the
CRC; the CRC of what was appended is then added, which is XOR. The presets of CRC-64/XZ (all ones
before and after) cancel out of this.
"""

from functools import lru_cache

from cosbox.checksums.field import MASK, POLYNOMIAL

_ONE = 1 << 63
_X_TO_THE_8 = _ONE >> 8


def combine(crc1: int, crc2: int, len2: int) -> int:
    """The CRC-64/XZ of ``a + b`` from those of ``a`` and ``b`` and the length of ``b`` in bytes.

    >>> from cosbox.checksums import crc64
    >>> combine(crc64(b"12345"), crc64(b"6789"), 4) == crc64(b"123456789")
    True

    Raises:
        ValueError: the length is negative.
    """
    return _multiply(crc1, _appending(len2)) ^ crc2


@lru_cache(maxsize=1024)
def _appending(length: int) -> int:
    """x to the 8 * length. The parts of an upload share one length, so this is asked again."""
    if length < 0:
        raise ValueError("a length cannot be negative")
    result, square = _ONE, _X_TO_THE_8
    while length:
        if length & 1:
            result = _multiply(result, square)
        square = _multiply(square, square)
        length >>= 1
    return result


def _multiply(a: int, b: int) -> int:
    product = 0
    while a:
        if a & _ONE:
            product ^= b
        a = a << 1 & MASK
        b = b >> 1 ^ (POLYNOMIAL if b & 1 else 0)
    return product

"""The polynomial of CRC-64/XZ, and how wide what it leaves is."""

from typing import Final

POLYNOMIAL: Final = 0xC96C5795D7870F42
"""ECMA-182 with its bits reflected: the lowest bit is the highest power."""

MASK: Final = 0xFFFF_FFFF_FFFF_FFFF

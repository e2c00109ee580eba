"""CRC-64/XZ in Python alone, for systems where fastcrc has no wheel: correct, and slow."""

import struct

from cosbox.checksums.field import MASK, POLYNOMIAL


def _tables() -> list[list[int]]:
    """For each of 8 positions, what a byte there does to the register 8 bytes on."""
    first = []
    for byte in range(256):
        register = byte
        for _ in range(8):
            register = (register >> 1) ^ (POLYNOMIAL if register & 1 else 0)
        first.append(register)
    tables = [first]
    for _ in range(7):
        last = tables[-1]
        tables.append([(entry >> 8) ^ first[entry & 0xFF] for entry in last])
    return tables


_WORD = struct.Struct("<Q")
_T0, _T1, _T2, _T3, _T4, _T5, _T6, _T7 = _tables()


def crc64(data: bytes | bytearray | memoryview, crc: int = 0) -> int:
    """As `cosbox.checksums.crc64`."""
    view = memoryview(data).cast("B")
    register = crc ^ MASK
    words = len(view) // 8
    # Eight bytes a step (slicing-by-8): a third of the time of the plain loop.
    for (word,) in _WORD.iter_unpack(view[: words * 8]):
        mixed = register ^ word
        register = (
            _T7[mixed & 0xFF]
            ^ _T6[mixed >> 8 & 0xFF]
            ^ _T5[mixed >> 16 & 0xFF]
            ^ _T4[mixed >> 24 & 0xFF]
            ^ _T3[mixed >> 32 & 0xFF]
            ^ _T2[mixed >> 40 & 0xFF]
            ^ _T1[mixed >> 48 & 0xFF]
            ^ _T0[mixed >> 56]
        )
    for byte in view[words * 8 :]:
        register = (register >> 8) ^ _T0[(register ^ byte) & 0xFF]
    return register ^ MASK

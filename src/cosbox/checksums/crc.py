"""CRC-64/XZ: by fastcrc, or in Python where its wheel is missing."""

from collections.abc import Callable
from typing import Final

_Data = bytes | bytearray | memoryview


def _engine() -> Callable[[_Data, int], int]:
    try:
        from fastcrc import crc64 as fast  # noqa: PLC0415 - the one place that may lack it
    except ImportError:
        from cosbox.checksums import table  # noqa: PLC0415 - it is made when it is loaded

        return table.crc64
    return fast.xz


_update: Final = _engine()


def crc64(data: _Data, crc: int = 0) -> int:
    """The CRC-64/XZ of ``data``, or of what gave ``crc`` followed by ``data``.

    >>> crc64(b"123456789")
    11051210869376104954
    >>> crc64(b"6789", crc64(b"12345"))
    11051210869376104954
    """
    return _update(data, crc)

"""The packed form of a list of extents: 24 bytes each, in order."""

import struct
from collections.abc import Iterable

from cosbox.storage.errors import RecordsDamaged
from cosbox.storage.rows import Extent

_ONE = struct.Struct("<QQQ")


def pack_extents(extents: Iterable[Extent]) -> bytes:
    """The extents as bytes.

    >>> unpack_extents(pack_extents([Extent(7, 0, 100)]))
    [Extent(blob=7, offset=0, length=100)]
    """
    return b"".join([_ONE.pack(*extent) for extent in extents])


def unpack_extents(packed: bytes) -> list[Extent]:
    """The extents again.

    Raises:
        RecordsDamaged: it is no such list.
    """
    try:
        return [Extent._make(fields) for fields in _ONE.iter_unpack(packed)]
    except struct.error as error:
        raise RecordsDamaged("a list of blobs in the records cannot be read") from error

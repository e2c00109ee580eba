"""MD5, CRC64 and size of a body, in one pass."""

import hashlib

from cosbox.checksums.crc import crc64


class Digest:
    """What COS records of a body, fed piece by piece and never copying it.

    >>> digest = Digest()
    >>> digest.update(b"1234")
    >>> digest.update(memoryview(b"56789"))
    >>> digest.size, digest.crc64, digest.hexdigest
    (9, 11051210869376104954, '25f9e794323b453885f5181f1b624d0b')
    """

    __slots__ = ("_md5", "crc64", "size")

    crc64: int
    """CRC-64/XZ of what was fed so far."""

    size: int
    """How many bytes that were."""

    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.crc64 = 0
        self.size = 0

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Feed the next bytes. A memoryview must be contiguous."""
        self._md5.update(data)
        self.crc64 = crc64(data, self.crc64)
        self.size += data.nbytes if isinstance(data, memoryview) else len(data)

    @property
    def md5(self) -> bytes:
        """The MD5 of what was fed so far, as ``Content-MD5`` has it before base64."""
        return self._md5.digest()

    @property
    def hexdigest(self) -> str:
        """The MD5 in lower-case hex, as an ETag has it."""
        return self._md5.hexdigest()

"""The checksums of COS: MD5 for the ETag, CRC-64/XZ for ``x-cos-hash-crc64ecma``."""

from cosbox.checksums.combining import combine
from cosbox.checksums.crc import crc64
from cosbox.checksums.digest import Digest

__all__ = ["Digest", "combine", "crc64"]

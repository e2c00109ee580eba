"""Blobs of which only a part is read, where what is read becomes an object of its own.

A checksum is of a whole blob. Who copies a part of one would give rotten bytes a new checksum of
their own, and nobody could tell any more. So the blob is read whole before; and as big objects are
copied part by part, what was right a while ago is not read again.
"""

import threading
import time
from typing import Final

from cosbox.checksums import crc64
from cosbox.service.content import CHUNK
from cosbox.storage.blobs import Blobs
from cosbox.storage.errors import BlobMissing
from cosbox.storage.records import Records

LASTS: Final = 3600.0
"""Seconds for which a blob that was right is not read again."""

_REMEMBERED: Final = 10_000
_LOCKS: Final = 16


class Rotten(BlobMissing):
    """What was read is not what was written."""


class Verified:
    """Remembers which blobs were right lately. Safe to use from any thread."""

    def __init__(self) -> None:
        # Who asks for the same blob at the same time waits for the first, and reads nothing.
        self._locks = [threading.Lock() for _ in range(_LOCKS)]
        self._right: dict[int, float] = {}

    def require(self, records: Records, blobs: Blobs, blob_id: int) -> None:
        """Return if the blob is what was written; blocks on the disk.

        Raises:
            Rotten: it is not.
            BlobMissing: it is gone.
            StorageError: it cannot be read.
        """
        with self._locks[blob_id % _LOCKS]:
            if time.monotonic() < self._right.get(blob_id, 0.0):
                return
            with records.read() as snapshot:
                blob = snapshot.blob(blob_id)
            if blob is None:
                raise BlobMissing(f"blob {blob_id} has no record")
            if _crc_of(blobs, blob_id) != blob.crc64:
                raise Rotten(f"blob {blob_id} does not have its checksum")
            while len(self._right) >= _REMEMBERED:
                self._right.pop(next(iter(self._right)), None)
            self._right[blob_id] = time.monotonic() + LASTS


def _crc_of(blobs: Blobs, blob_id: int) -> int:
    crc, at = 0, 0
    with blobs.open(blob_id) as reader:
        while chunk := reader.read(at, CHUNK):
            crc = crc64(chunk, crc)
            at += len(chunk)
    return crc

"""What is made of pieces of blobs, by copies of ranges: its checksum cannot be told from those of
the blobs, so it is read as a whole, as a client would read it.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from cosbox.checksums import crc64
from cosbox.service.upkeep.fsck_records import Names
from cosbox.service.upkeep.report import Finding, Kind
from cosbox.storage.errors import BlobMissing
from cosbox.storage.extents import unpack_extents
from cosbox.storage.folder import FolderAudit
from cosbox.storage.rows import Extent
from cosbox.storage.sqlite.audit import Holder

_CHUNK: Final = 1024 * 1024


def check_pieces(audit: FolderAudit, holders: Iterable[Holder]) -> Iterator[Finding]:
    """Compare the checksums of versions and parts whose blobs are sound.

    Raises:
        StorageError: a blob that could be read before cannot be read now.
    """
    for holder in holders:
        extents = unpack_extents(holder.extents)
        try:
            crc = _crc_of(audit, extents)
        except BlobMissing:
            # It was let go of since: whether a blob is missing was looked at before.
            continue
        if crc == holder.crc64 or sum(extent.length for extent in extents) != holder.size:
            continue
        with audit.records.snapshot() as snapshot:
            if snapshot.still_holds(holder):
                text = f"its checksum is {holder.crc64}, and that of its bytes is {crc}"
                place = Names(snapshot).place(holder)
                yield Finding(kind=Kind.CONTENT, text=text, place=place)


def _crc_of(audit: FolderAudit, extents: Iterable[Extent]) -> int:
    crc = 0
    for extent in extents:
        for chunk in _read(audit, extent):
            crc = crc64(chunk, crc)
    return crc


def _read(audit: FolderAudit, extent: Extent) -> Iterator[bytes]:
    at, end = extent.offset, extent.offset + extent.length
    with audit.records.snapshot() as snapshot:
        data = snapshot.blob_data(extent.blob)
    if data is not None:
        yield data[at:end]
        return
    with audit.blobs.open(extent.blob) as reader:
        while at < end and (chunk := reader.read(at, min(_CHUNK, end - at))):
            at += len(chunk)
            yield chunk

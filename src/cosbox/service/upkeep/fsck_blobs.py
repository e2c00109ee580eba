"""Blobs against their records: that they are there, as long as was recorded, and rot nowhere.

This takes long, so no snapshot is held while it lasts. Whatever looks wrong is asked for again in a
new one: a file may have been deleted, or recorded, since the record of it was read.
"""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from cosbox.checksums import crc64
from cosbox.service.upkeep.report import Finding, Kind, Tally, counter_text
from cosbox.storage.blobs import Blobs
from cosbox.storage.errors import BlobMissing, StorageBusy, StorageError
from cosbox.storage.files import layout
from cosbox.storage.folder import FolderAudit
from cosbox.storage.sqlite.audit import BlobRow

_PAGE: Final = 256
_CHUNK: Final = 1024 * 1024


class Bad(NamedTuple):
    """What is wrong with a blob."""

    kind: Kind
    text: str


_MISSING: Final = Bad(Kind.MISSING, "its file is gone")


def check_blobs(
    audit: FolderAudit, tally: Tally, *, data: bool, step: Callable[[], None]
) -> dict[int, Bad]:
    """Find the blobs that cannot be read as they were written. `name_bad` tells which of them
    still matter: the others were let go of meanwhile.

    Args:
        audit: the store.
        tally: what is looked at is counted here.
        data: read them all; else only see that files are there and how long they are.
        step: called now and then, to show that it goes on.
    """
    bad: dict[int, Bad] = {}
    after = 0
    while True:
        with audit.records.snapshot() as snapshot:
            rows = snapshot.blob_rows(after, _PAGE)
            for row in rows:
                if row.held is None:
                    continue
                held = snapshot.blob_data(row.id) if data else None
                if fault := check_inline(row.size, row.crc64, row.held, held):
                    bad[row.id] = fault
                elif data:
                    tally.read += row.size
        if not rows:
            return bad
        for row in rows:
            if row.held is None:
                tally.files += 1
                if fault := examine(audit, row, tally, data=data, step=step):
                    bad[row.id] = fault
            step()
        after = rows[-1].id


def check_inline(size: int, expected: int, held: int, data: bytes | None) -> Bad | None:
    """What is wrong with a blob that is in the records, if anything is; None for its bytes leaves
    the checksum alone."""
    if held != size:
        return Bad(Kind.LENGTH, f"{size} bytes were recorded, and there are {held}")
    if data is not None and crc64(data) != expected:
        return Bad(Kind.CHECKSUM, "the bytes in the records do not have their checksum")
    return None


def examine(
    audit: FolderAudit, row: BlobRow, tally: Tally, *, data: bool, step: Callable[[], None]
) -> Bad | None:
    """What is wrong with the file of a blob, if anything is.

    Raises:
        StorageBusy: there is no telling for now.
    """
    try:
        size = audit.blobs.size(row.id)
    except BlobMissing:
        return _MISSING
    except StorageBusy:
        raise
    except StorageError as error:
        return Bad(Kind.UNREADABLE, f"its file cannot be looked at: {error}")
    if size != row.size:
        return Bad(Kind.LENGTH, f"{row.size} bytes were recorded, and its file has {size}")
    if not data:
        return None

    def count(size: int) -> None:
        tally.read += size
        step()

    return read_through(audit.blobs, row.id, row.size, row.crc64, step=count)


def read_through(
    blobs: Blobs, blob_id: int, size: int, expected: int, *, step: Callable[[int], None]
) -> Bad | None:
    """Read the file of a blob from the disk; what is wrong with it, if anything is.

    Args:
        blobs: the files.
        blob_id: of the blob.
        size: in bytes, as recorded.
        expected: its checksum, as recorded.
        step: called with the number of bytes after each that were read.

    Raises:
        StorageBusy: there is no telling for now.
    """
    crc, at = 0, 0
    try:
        with blobs.open(blob_id) as reader:
            reader.forget()
            while chunk := reader.read(at, _CHUNK):
                crc = crc64(chunk, crc)
                at += len(chunk)
                step(len(chunk))
            # Nor shall it have pushed out what clients read again and again.
            reader.forget()
    except BlobMissing:
        return _MISSING
    except StorageBusy:
        raise
    except StorageError as error:
        return Bad(Kind.UNREADABLE, f"its file cannot be read: {error}")
    if at != size:
        return Bad(Kind.LENGTH, f"{size} bytes were recorded, and {at} could be read")
    if crc != expected:
        return Bad(Kind.CHECKSUM, "the bytes of its file do not have their checksum")
    return None


def check_files(
    audit: FolderAudit, named: AbstractSet[int | None], least: dict[str, int]
) -> Iterator[Finding]:
    """Find files that no record names.

    Args:
        audit: the store.
        named: blobs without a record that objects name all the same; their files are not nobody's.
        least: what counters must be; raised where a file has a number that was not given out yet.
    """
    unrecorded = last = following = 0
    for ids, strangers in audit.blobs.survey():
        for path in strangers:
            yield Finding(kind=Kind.STRANGER, text=f"{path} is no file of the store's")
        if not ids:
            continue
        first = min(ids) // layout.PER_FOLDER * layout.PER_FOLDER
        # The files were listed before this moment, so each of them is recorded or reserved in it,
        # unless its record went meanwhile: then the file went before.
        with audit.records.snapshot() as snapshot:
            recorded = snapshot.recorded_files(first, first + layout.PER_FOLDER)
            reserved = first in snapshot.reserved()
            following = snapshot.next_blob()
        last = max(last, *ids)
        for blob_id in sorted(ids - recorded - named):
            if not audit.blobs.exists(blob_id):
                continue
            if reserved:
                unrecorded += 1
            else:
                text = f"no record names its file {audit.blobs.path(blob_id)}"
                yield Finding(kind=Kind.ORPHAN, text=text, blob=blob_id)
    if last and last >= max(following, least.get("next_blob", 0)):
        least["next_blob"] = last + 1
        yield Finding(kind=Kind.COUNTER, text=counter_text("next_blob", last + 1, following))
    if unrecorded:
        text = f"files of uploads under way, or of a dead process: {unrecorded}"
        yield Finding(kind=Kind.UNRECORDED, text=text)

"""What an engine for large blobs must do: files in a folder today, Ceph or S3 later.

A blob is written once, made durable, and then only read until it is deleted. It is the record of
it that makes it visible; a blob without a record is nobody's.

Every engine passes ``tests/conformance/test_blobs.py``.
"""

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Protocol, Self


class BlobWriter(Protocol):
    """A blob being written, by one thread at a time."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append. Raises `StorageFull` when there is no room."""
        ...

    def flush(self) -> None:
        """Wait until what was written so far is durable, where that makes `commit` shorter. The
        one call that may run beside `write`. After it failed, only `abort` is allowed."""
        ...

    def commit(self) -> None:
        """Make the blob, and its name, durable."""
        ...

    def abort(self) -> None:
        """Leave nothing behind. Allowed at any time before `commit` returned, and after it where
        the record of the blob failed."""
        ...


class BlobReader(Protocol):
    """A blob open for reading. Stays readable when the blob is deleted meanwhile."""

    def read(self, offset: int, length: int) -> bytes:
        """Bytes at ``offset``: ``length`` of them, fewer only at the end of the blob."""
        ...

    def fileno(self) -> int:
        """The descriptor of a file that is the blob, byte by byte."""
        ...

    def stamp(self) -> tuple[int, ...]:
        """Numbers of which one changes when anybody writes to the blob."""
        ...

    def forget(self) -> None:
        """Let what follows be read from the disk, not from what the system has of it in memory,
        as far as that can be had."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Blobs(Protocol):
    """A place for blobs. Safe to use from any thread."""

    def create(self, blob_id: int, size: int = 0) -> BlobWriter:
        """Begin one that will have so many bytes or more. Raises `StorageFull` where it is clear
        that there is no room for them."""
        ...

    def open(self, blob_id: int) -> BlobReader:
        """Raises `BlobMissing`."""
        ...

    def delete(self, blob_id: int) -> None:
        """Remove a blob, durably: its record may go only after it. Deleting what is not there is no
        error."""
        ...

    def delete_many(self, blob_ids: Iterable[int]) -> int:
        """The same for several, which is quicker than one by one; how many there were."""
        ...

    def ids(self) -> Iterator[int]:
        """The ids of all blobs there are, in any order."""
        ...

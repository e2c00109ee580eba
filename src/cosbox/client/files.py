"""Files that bodies are written into: whole or not at all, unpacked on the way if need be."""

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from cosbox.protocol.errors import CosClientError

_CHUNK: Final = 1024 * 1024
_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32
_PACKINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})


@contextmanager
def replacing(path: str | os.PathLike[str], *, in_place: bool) -> Iterator[BinaryIO]:
    """A file to write into that takes its name when the block ends, and is removed if it fails.

    Args:
        path: the name; what stands there is replaced, a device or pipe is written to.
        in_place: write under that name from the beginning.

    Raises:
        OSError: the file cannot be written.
    """
    target = Path(path)
    if target.exists() and not target.is_file():
        # There is nothing to replace, and nothing to remove.
        with target.open("wb") as file:
            yield file
        return
    if in_place:
        written, file = target, target.open("wb")
    else:
        target = Path(os.path.realpath(target))
        written = target.with_name(f".cosbox-{os.urandom(8).hex()}.part")
        file = written.open("xb")
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if written is not target:
            written.replace(target)
            sync_folder(target.parent)
    except BaseException:
        written.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable.

    Raises:
        OSError: that failed.
    """
    if os.name != "posix":
        return  # folders cannot be opened there
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Sink:
    """Writes chunks into a file, as they are or unpacked."""

    def __init__(self, file: BinaryIO, encoding: str, *, unpack: bool) -> None:
        """Write into ``file`` what has this Content-Encoding; with ``unpack``, gzip and deflate
        are undone."""
        self._file = file
        self._packed = unpack and encoding.strip().lower() in _PACKINGS
        self._unpack = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._fresh = True

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            CosClientError: they are not packed as the Content-Encoding says.
            OSError: the file cannot be written.
        """
        if not self._packed:
            self._file.write(chunk)
            return
        try:
            self._file.writelines(self._unpacked(chunk))
        except zlib.error as error:
            raise _misread(error) from error

    def _unpacked(self, data: bytes) -> Iterator[bytes]:
        """The content of a gzip or zlib stream, of as many members as it has."""
        while data:
            self._fresh = False
            yield self._unpack.decompress(data, _CHUNK)
            data = self._unpack.unconsumed_tail
            if self._unpack.eof:
                data = self._unpack.unused_data
                self._unpack = zlib.decompressobj(_GZIP_OR_ZLIB)
                self._fresh = True

    def end(self) -> None:
        """There are no more.

        Raises:
            CosClientError: the packing is not at its end.
            OSError: the file cannot be written.
        """
        if not self._packed:
            return
        try:
            self._file.write(self._unpack.flush())
        except zlib.error as error:
            raise _misread(error) from error
        if not (self._fresh or self._unpack.eof):
            raise CosClientError("the body is packed, and its packing ends too early")


def _misread(error: zlib.error) -> CosClientError:
    return CosClientError(f"the body is not packed as its Content-Encoding says: {error}")

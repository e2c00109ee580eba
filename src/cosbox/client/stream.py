"""`StreamBody`: the bytes of an object, pulled by the caller."""

import io
import os
import secrets
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from cosbox.checksums import crc64
from cosbox.client.transports.base import ResponseBody
from cosbox.protocol.errors import CosClientError, IntegrityError, TransportError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK: Final = 1024 * 1024
_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32


class StreamBody:
    """What ``get_object`` returns as ``Body``.

    Read it whole, in pieces, or into a file; close it, or leave a ``with`` block, if it is not read
    to its end. It holds a connection until then, and belongs to one thread at a time.

    A body that breaks off raises TransportError. When the whole object was asked for and the store
    says what its CRC64 is, the last read compares and raises IntegrityError.
    """

    def __init__(
        self,
        source: ResponseBody,
        *,
        length: int | None = None,
        crc64: int | None = None,
        encoding: str = "",
    ) -> None:
        """Wrap the body of an answer.

        Args:
            source: the bytes.
            length: how many there are.
            crc64: of all of them.
            encoding: the Content-Encoding.
        """
        self._source: ResponseBody | None = source
        self._length = length
        self._expected = crc64
        self._encoding = encoding
        self._crc = 0
        self._got = 0

    def __len__(self) -> int:
        """The Content-Length; 0 where the store did not say."""
        return self._length or 0

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[bytes]:
        return self.get_stream()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_source", None) is not None:
            self.close()

    @property
    def remaining(self) -> int | None:
        """How many bytes are still to be read; None where the store did not say."""
        return None if self._length is None else self._length - self._got

    def close(self) -> None:
        """Let go of the connection. Reading on gives b""."""
        source, self._source = self._source, None
        if source is not None:
            source.close()

    def read(self, size: int | None = -1) -> bytes:
        """``size`` bytes, fewer only at the end; all that are left when it is negative.

        Raises:
            TransportError: the body broke off.
            IntegrityError: it is not what the store's checksum describes.
        """
        if size is None or size < 0:
            pieces = []
            while data := self._some(-1):
                pieces.append(data)
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        data = self._some(size) if size else b""
        if not data or len(data) == size:
            return data
        pieces = [data]
        missing = size - len(data)
        while missing and (data := self._some(missing)):
            pieces.append(data)
            missing -= len(data)
        return b"".join(pieces)

    def get_stream(self, chunk_size: int = _CHUNK) -> Iterator[bytes]:
        """The bytes in chunks of ``chunk_size`` at the most.

        Raises:
            TransportError: the body broke off.
            IntegrityError: it is not what the store's checksum describes.
        """
        while data := self._some(chunk_size or _CHUNK):
            yield data

    def get_raw_stream(self) -> io.BufferedReader:
        """The bytes as a binary file to read from; closing it closes this body.

        Raises:
            TransportError: while it is read, the body broke off.
            IntegrityError: while it is read, it is not what the store's checksum describes.
        """
        return io.BufferedReader(_RawBody(self), buffer_size=128 * 1024)

    def get_stream_to_file(
        self,
        file_name: str | os.PathLike[str],
        disable_tmp_file: bool = False,
        auto_decompress: bool = False,
    ) -> None:
        """Write the bytes into a file, which appears complete or not at all.

        They go to a temporary file in the same folder, which is synced and then takes the name.

        Args:
            file_name: the file; one that exists is replaced.
            disable_tmp_file: write into the file itself; it is removed if that fails.
            auto_decompress: unpack gzip or deflate when the Content-Encoding says so.

        Raises:
            TransportError: the body broke off.
            IntegrityError: it is not what the store's checksum describes.
            CosClientError: it is not packed as its Content-Encoding says.
            OSError: the file cannot be written.
        """
        with self:
            target = Path(file_name)
            if target.exists() and not target.is_file():
                # A device or a pipe: there is nothing to replace, and nothing to remove.
                with target.open("wb") as file:
                    self._write_to(file, auto_decompress)
                return
            if disable_tmp_file:
                path, file = target, target.open("wb")
            else:
                target = Path(os.path.realpath(target))
                path = target.with_name(f".cosbox-{secrets.token_hex(8)}.part")
                file = path.open("xb")
            try:
                with file:
                    self._write_to(file, auto_decompress)
                    file.flush()
                    os.fsync(file.fileno())
                if path is not target:
                    path.replace(target)
            except BaseException:
                path.unlink(missing_ok=True)
                raise

    def _write_to(self, file: BinaryIO, auto_decompress: bool) -> None:
        packed = auto_decompress and self._encoding.strip().lower() in {"gzip", "x-gzip", "deflate"}
        file.writelines(_unpacked(self.get_stream()) if packed else self.get_stream())

    def _some(self, size: int) -> bytes:
        """Up to ``size`` bytes as they come; b"" at the end, which was then checked."""
        source = self._source
        if source is None:
            return b""
        try:
            data = source.read(size)
            self._got += len(data)
            if self._expected is not None:
                self._crc = crc64(data, self._crc)
            if not data or self._got == self._length:
                self._finish(source)
        except BaseException:
            self.close()
            raise
        return data

    def _finish(self, source: ResponseBody) -> None:
        if self._length is not None and (self._got != self._length or source.read(1)):
            raise TransportError(
                f"the body has {self._got} bytes so far, and should have {self._length}"
            )
        if self._expected is not None and self._crc != self._expected:
            raise IntegrityError(
                f"the body's CRC64 is {self._crc}, and the store says {self._expected}"
            )
        self.close()


class _RawBody(io.RawIOBase):
    """A `StreamBody` as what `io` builds files on."""

    def __init__(self, body: StreamBody) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        data = self._body._some(len(view))  # noqa: SLF001 - the other half of one class
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()


def _unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The content of a gzip or zlib stream, of as many members as it has."""
    unpack = zlib.decompressobj(_GZIP_OR_ZLIB)
    fresh = True
    try:
        for chunk in chunks:
            data = chunk
            while data:
                fresh = False
                yield unpack.decompress(data, _CHUNK)
                data = unpack.unconsumed_tail
                if unpack.eof:
                    data = unpack.unused_data
                    unpack = zlib.decompressobj(_GZIP_OR_ZLIB)
                    fresh = True
        yield unpack.flush()
    except zlib.error as error:
        raise CosClientError(
            f"the body is not packed as its Content-Encoding says: {error}"
        ) from error
    if not (fresh or unpack.eof):
        raise CosClientError("the body is packed, and its packing ends too early")

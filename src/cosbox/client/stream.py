"""`StreamBody`: the bytes of an object, pulled by the caller."""

import io
import os
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from cosbox.client.checking import Check
from cosbox.client.transports.base import ResponseBody
from cosbox.client.transports.held import HeldBody

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK: Final = 1024 * 1024
_RAW: Final = 32 * 1024
"""Bytes that a raw stream reads ahead. To let go of 64 KiB, C libraries tidy up all of the heap."""


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
        self._check = Check(length, crc64)
        self._encoding = encoding

    def __len__(self) -> int:
        """The Content-Length; 0 where the store did not say."""
        return self._check.length or 0

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
        return self._check.remaining

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

    def get_raw_stream(self) -> io.BufferedIOBase:
        """The bytes as a binary file to read from; closing it closes this body.

        Raises:
            TransportError: now or while it is read, the body broke off.
            IntegrityError: now or while it is read, it is not what the store's checksum describes.
        """
        if isinstance(self._source, HeldBody):
            return io.BytesIO(self.read())
        return io.BufferedReader(_RawBody(self), buffer_size=_RAW)

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
        from cosbox.client.files import Sink, replacing  # noqa: PLC0415 - for those who have files

        with self, replacing(file_name, in_place=disable_tmp_file) as file:
            sink = Sink(file, self._encoding, unpack=auto_decompress)
            for chunk in self.get_stream():
                sink.write(chunk)
            sink.end()

    def _some(self, size: int) -> bytes:
        """Up to ``size`` bytes as they come; b"" at the end, which was then checked."""
        source = self._source
        if source is None:
            return b""
        try:
            data = source.read(size)
            if self._check.add(data):
                # What was read to its end has no more.
                self._check.finish(source.read(1) if size >= 0 and self._check.full else b"")
                self.close()
        except BaseException:
            self.close()
            raise
        return data


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

    def readall(self) -> bytes:
        return self._body.read()

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()

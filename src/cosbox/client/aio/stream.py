"""`AsyncStreamBody`: the bytes of an object, awaited by the caller."""

import os
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Final, Self

from cosbox.client.aio.threads import in_thread
from cosbox.client.checking import Check
from cosbox.client.files import Sink, replacing
from cosbox.client.transports.base import AsyncResponseBody

_CHUNK: Final = 1024 * 1024


class AsyncStreamBody:
    """What the async client's ``get_object`` returns as ``Body``.

    Read it whole, in pieces, or into a file; close it, or leave an ``async with`` block, if it is
    not read to its end. It holds a connection until then, and is read by one task at a time. A read
    that is cancelled closes it.

    A body that breaks off raises TransportError. When the whole object was asked for and the store
    says what its CRC64 is, the last read compares and raises IntegrityError.

    >>> import asyncio, cosbox, tempfile
    >>> async def main(folder):
    ...     async with cosbox.open_async(folder) as client:
    ...         await client.create_bucket(Bucket="examplebucket-1250000000")
    ...         await client.put_object("examplebucket-1250000000", b"hello", "a.txt")
    ...         answer = await client.get_object("examplebucket-1250000000", "a.txt")
    ...         async with answer["Body"] as body:
    ...             return [chunk async for chunk in body]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     asyncio.run(main(folder))
    [b'hello']
    """

    def __init__(
        self,
        source: AsyncResponseBody,
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
        self._source: AsyncResponseBody | None = source
        self._check = Check(length, crc64)
        self._encoding = encoding

    def __len__(self) -> int:
        """The Content-Length; 0 where the store did not say."""
        return self._check.length or 0

    def __bool__(self) -> bool:
        return True

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.get_stream()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._let_go()

    @property
    def remaining(self) -> int | None:
        """How many bytes are still to be read; None where the store did not say."""
        return self._check.remaining

    async def close(self) -> None:
        """Let go of the connection. Reading on gives b""."""
        self._let_go()

    def _let_go(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()

    async def read(self, size: int | None = -1) -> bytes:
        """``size`` bytes, fewer only at the end; all that are left when it is negative.

        Raises:
            TransportError: the body broke off.
            IntegrityError: it is not what the store's checksum describes.
        """
        pieces = []
        missing = -1 if size is None or size < 0 else size
        while missing and (data := await self.read_some(missing if missing > 0 else _CHUNK)):
            pieces.append(data)
            if missing > 0:
                missing -= len(data)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def get_stream(self, chunk_size: int = _CHUNK) -> AsyncIterator[bytes]:
        """The bytes in chunks of ``chunk_size`` at the most.

        Raises:
            TransportError: the body broke off.
            IntegrityError: it is not what the store's checksum describes.
        """
        while data := await self.read_some(chunk_size or _CHUNK):
            yield data

    async def get_stream_to_file(
        self,
        file_name: str | os.PathLike[str],
        disable_tmp_file: bool = False,
        auto_decompress: bool = False,
    ) -> None:
        """Write the bytes into a file, which appears complete or not at all.

        They go to a temporary file in the same folder, which is synced and then takes the name.
        Threads do the writing.

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
        async with self:
            placing = replacing(file_name, in_place=disable_tmp_file)
            file = await in_thread(placing.__enter__)
            try:
                sink = Sink(file, self._encoding, unpack=auto_decompress)
                async for chunk in self:
                    await in_thread(lambda data=chunk: sink.write(data))  # type: ignore[misc]
                await in_thread(sink.end)
            except BaseException as error:
                failure = error
                await in_thread(lambda: placing.__exit__(type(failure), failure, None))
                raise
            await in_thread(lambda: placing.__exit__(None, None, None))

    async def read_some(self, size: int) -> bytes:
        """Up to ``size`` bytes as they come; b"" at the end, which was then checked.

        Raises:
            TransportError: the body broke off.
            IntegrityError: it is not what the store's checksum describes.
        """
        source = self._source
        if source is None:
            return b""
        try:
            data = await source.read(size)
            if self._check.add(data):
                self._check.finish(await source.read(1) if self._check.full else b"")
                self._let_go()
        except BaseException:
            self._let_go()
            raise
        return data

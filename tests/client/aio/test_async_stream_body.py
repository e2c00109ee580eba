"""`AsyncStreamBody` on its own."""

import asyncio
import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosbox.checksums import crc64
from cosbox.client.aio.stream import AsyncStreamBody
from cosbox.protocol.errors import CosClientError, IntegrityError, TransportError
from support.aio import Pieces, run

DATA = bytes(range(256)) * 400


def body_of(*pieces, length=None, crc=None, encoding=""):
    source = Pieces(*pieces)
    whole = b"".join(piece for piece in pieces if isinstance(piece, bytes))
    body = AsyncStreamBody(
        source,
        length=len(whole) if length is None else length,
        crc64=crc64(whole) if crc is None else crc,
        encoding=encoding,
    )
    return body, source


@given(
    st.lists(st.binary(min_size=1, max_size=9)),
    st.lists(st.one_of(st.integers(-1, 12), st.none()), max_size=30),
)
def test_read_is_a_files_read(pieces, sizes):
    body, source = body_of(*pieces)
    model = io.BytesIO(b"".join(pieces))

    async def scene():
        for size in sizes:
            data = await body.read(size)
            assert isinstance(data, bytes)
            assert data == model.read(size)
        assert await body.read() == model.read()
        assert await body.read() == b""

    asyncio.run(scene())
    assert source.closed == 1


def test_a_length_that_is_not_known():
    body = AsyncStreamBody(Pieces(b"abc"))
    assert (len(body), body.remaining, bool(body)) == (0, None, True)
    assert run(body.read()) == b"abc"


@pytest.mark.parametrize("how", ["read", "exact", "iterate", "file"])
@pytest.mark.parametrize(
    ("kwargs", "pieces", "error"),
    [
        ({}, (DATA[:10], TransportError("broke")), TransportError),
        ({"length": len(DATA)}, (DATA[:-1],), TransportError),
        ({"length": len(DATA)}, (DATA, b"more"), TransportError),
        ({"crc": 1}, (DATA,), IntegrityError),
        ({"crc": 1}, (), IntegrityError),
    ],
)
def test_a_body_that_is_not_whole_is_never_passed_off_as_whole(
    how, kwargs, pieces, error, tmp_path
):
    body, source = body_of(*pieces, **kwargs)

    async def use():
        match how:
            case "read":
                await body.read()
            case "exact":
                await body.read(len(DATA))
                await body.read(1)
            case "iterate":
                _ = [chunk async for chunk in body]
            case "file":
                await body.get_stream_to_file(tmp_path / "target")

    with pytest.raises(error):
        run(use())
    assert source.closed == 1
    assert list(tmp_path.iterdir()) == []


def test_files(tmp_path):
    target = tmp_path / "target"
    run(body_of(DATA)[0].get_stream_to_file(target, disable_tmp_file=True))
    assert target.read_bytes() == DATA
    packed = gzip.compress(DATA)
    run(body_of(packed, encoding="gzip")[0].get_stream_to_file(str(target), auto_decompress=True))
    assert target.read_bytes() == DATA
    body, _ = body_of(packed[:-9], encoding="gzip")
    with pytest.raises(CosClientError, match="packed"):
        run(body.get_stream_to_file(target, auto_decompress=True))
    assert target.read_bytes() == DATA
    body, source = body_of(DATA)
    with pytest.raises(FileNotFoundError):
        run(body.get_stream_to_file(tmp_path / "nothing" / "target"))
    assert source.closed == 1
    assert list(tmp_path.iterdir()) == [target]


def test_a_block_closes_it():
    body, source = body_of(DATA)

    async def scene():
        async with body as entered:
            assert entered is body
            await body.read(10)
        await body.close()
        return await body.read()

    assert run(scene()) == b""
    assert source.closed == 1

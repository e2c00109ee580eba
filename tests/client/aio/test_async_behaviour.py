"""What the async client does beyond the calls: async bodies, many tasks at once, tasks that are
cancelled. Over HTTP and on a folder; the calls themselves are in ``tests/conformance/calls``."""

import asyncio
import contextlib
import functools
import gc
import inspect
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import cosbox
from support.rawserver import RawServer, answers
from support.serving import KEYS, Serving

BUCKET = "async-1250000000"
LARGE = os.urandom(3_000_000)


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    with Serving(tmp_path_factory.mktemp("async") / "store") as serving:
        yield serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("async") / "folder"


@pytest.fixture(params=["http", "folder"])
def opened(request, serving, folder):
    """Opens a client in the running loop."""

    def open_client(**more):
        if request.param == "folder":
            return cosbox.open_async(folder)
        conf = cosbox.CosConfig(
            Endpoint=f"127.0.0.1:{serving.port}", SecretId=KEYS["COSBOX_SECRET_ID"],
            SecretKey=KEYS["COSBOX_SECRET_KEY"], **more,
        )  # fmt: skip
        return cosbox.AsyncCosS3Client(conf, retry=0)

    return open_client


def in_loop(test):
    """Run a test in a loop, with a client and a bucket that is there."""

    wants_path = "tmp_path" in inspect.signature(test).parameters

    @functools.wraps(test)
    def run(opened, tmp_path):
        async def main():
            async with opened() as client:
                with contextlib.suppress(cosbox.ConflictError):
                    await client.create_bucket(Bucket=BUCKET)
                async with asyncio.timeout(60):
                    await test(client, **({"tmp_path": tmp_path} if wants_path else {}))

        asyncio.run(main())

    del run.__wrapped__
    return run


async def pieces():
    for start in range(0, len(LARGE), 70_000):
        await asyncio.sleep(0)
        yield LARGE[start : start + 70_000]


async def read(client, key):
    async with (await client.get_object(Bucket=BUCKET, Key=key))["Body"] as body:
        return await body.read()


@in_loop
async def test_an_async_iterator_is_a_body(client):
    await client.put_object(Bucket=BUCKET, Body=pieces(), Key="unknown")
    await client.put_object(
        Bucket=BUCKET, Body=pieces(), Key="known", ContentLength=str(len(LARGE))
    )

    assert await read(client, "unknown") == LARGE
    assert await read(client, "known") == LARGE


@in_loop
async def test_a_stream_reader_is_a_body(client):
    reader = asyncio.StreamReader()

    async def feed():
        async for piece in pieces():
            reader.feed_data(piece)
        reader.feed_eof()

    feeding = asyncio.create_task(feed())
    await client.put_object(Bucket=BUCKET, Body=reader, Key="reader")
    await feeding

    assert await read(client, "reader") == LARGE


@in_loop
async def test_the_body_of_another_object_is_a_body(client):
    await client.put_object(Bucket=BUCKET, Body=LARGE, Key="from")
    answer = await client.get_object(Bucket=BUCKET, Key="from")
    await client.put_object(Bucket=BUCKET, Body=answer["Body"], Key="to")

    assert await read(client, "to") == LARGE


@in_loop
async def test_a_body_that_fails_stores_nothing(client):
    async def broken():
        yield b"x" * 100_000
        raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        await client.put_object(Bucket=BUCKET, Body=broken(), Key="broken")

    assert not await client.object_exists(Bucket=BUCKET, Key="broken")


@in_loop
async def test_a_blocking_source_does_not_hold_up_the_loop(client):
    release = threading.Event()

    def blocking():
        yield b"first"
        release.wait(20)
        yield b"second"

    putting = asyncio.create_task(client.put_object(Bucket=BUCKET, Body=blocking(), Key="blocking"))
    await client.put_object(Bucket=BUCKET, Body=b"1", Key="meanwhile")
    assert await read(client, "meanwhile") == b"1"
    assert not putting.done()
    release.set()
    await putting

    assert await read(client, "blocking") == b"firstsecond"


@in_loop
async def test_two_hundred_at_once(client):
    async def both(number):
        data = f"{number}".encode() * 100
        await client.put_object(Bucket=BUCKET, Body=data, Key=f"many/{number}")
        return await read(client, f"many/{number}") == data

    assert all(await asyncio.gather(*map(both, range(200))))
    listed = [entry["Key"] async for entry in client.iter_objects(Bucket=BUCKET, Prefix="many/")]
    assert len(listed) == 200


@in_loop
async def test_a_cancelled_upload_stores_nothing(client):
    started = asyncio.Event()

    async def endless():
        while True:
            yield bytes(100_000)
            started.set()
            await asyncio.sleep(0.001)

    putting = asyncio.create_task(client.put_object(Bucket=BUCKET, Body=endless(), Key="cancelled"))
    await started.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting

    assert not await client.object_exists(Bucket=BUCKET, Key="cancelled")


@in_loop
async def test_a_cancelled_read_leaves_the_client_usable(client):
    await client.put_object(Bucket=BUCKET, Body=LARGE, Key="large")
    for _ in range(30):
        reading = asyncio.create_task(read(client, "large"))
        await asyncio.sleep(0.001)
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading

    assert await read(client, "large") == LARGE


@in_loop
async def test_bodies_that_are_left_alone(client):
    """More of them than there are connections: each gives its own back when it is dropped."""
    await client.put_object(Bucket=BUCKET, Body=LARGE, Key="left")
    for _ in range(25):
        answer = await client.get_object(Bucket=BUCKET, Key="left")
        await answer["Body"].read(10)
        del answer
        gc.collect()

    assert await read(client, "left") == LARGE


@in_loop
async def test_a_file_appears_whole(client, tmp_path):
    await client.put_object(Bucket=BUCKET, Body=LARGE, Key="file")
    answer = await client.get_object(Bucket=BUCKET, Key="file")
    await answer["Body"].get_stream_to_file(tmp_path / "file")

    assert (tmp_path / "file").read_bytes() == LARGE
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@in_loop
async def test_a_refusal_is_the_same_error(client):
    with pytest.raises(cosbox.NotFoundError, match="NoSuchKey") as caught:
        await client.get_object(Bucket=BUCKET, Key="nowhere")
    assert caught.value.get_request_id()


def test_a_peer_that_breaks_off():
    def script(conn):
        conn.head()
        conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nx-cos-request-id: r\r\n\r\nonly this")

    async def main(port):
        conf = cosbox.CosConfig(Endpoint=f"127.0.0.1:{port}", SecretId="id", SecretKey="secretkey")
        async with cosbox.AsyncCosS3Client(conf, retry=0) as client:
            with pytest.raises(cosbox.TransportError, match="9"):
                await (await client.get_object(Bucket=BUCKET, Key="k"))["Body"].read()

    with RawServer(script, answers) as server:
        asyncio.run(main(server.port))


def test_a_peer_that_stands_still():
    def script(conn):
        conn.head()
        conn.wait()

    async def main(port):
        conf = cosbox.CosConfig(
            Endpoint=f"127.0.0.1:{port}", SecretId="id", SecretKey="secretkey", Timeout=1
        )
        async with cosbox.AsyncCosS3Client(conf, retry=0) as client:
            with pytest.raises(cosbox.TransportTimeoutError):
                await client.head_object(Bucket=BUCKET, Key="k")

    with RawServer(script) as server:
        asyncio.run(main(server.port))
        server.ended.set()


def test_one_folder_in_several_loops(folder):
    async def main(number):
        async with cosbox.open_async(folder) as client:
            with contextlib.suppress(cosbox.ConflictError):
                await client.create_bucket(Bucket=BUCKET)
            await client.put_object(Bucket=BUCKET, Body=b"%d" % number, Key=f"loops/{number}")
            return await read(client, f"loops/{number}")

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda number: asyncio.run(main(number)), range(8)))
    assert results == [b"%d" % number for number in range(8)]

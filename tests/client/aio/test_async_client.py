"""The async client on a folder and on a server: bodies in and out, many at once."""

import asyncio
import io
import os
import threading

import pytest
import uvloop

import cosbox
from cosbox.checksums import crc64
from cosbox.client.aio.stream import AsyncStreamBody
from cosbox.protocol.errors import (
    ConflictError,
    CosClientError,
    NotFoundError,
    ParameterError,
)
from support.aio import run
from support.serving import KEYS, Serving

DATA = os.urandom(3_000_000)


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    with Serving(tmp_path_factory.mktemp("served")) as serving:
        yield serving


@pytest.fixture(params=["embedded", "http", "http on uvloop"])
def play(request, serving, tmp_path):
    """Runs ``scene(client, bucket)``."""
    names = iter(f"b{os.urandom(6).hex()}-1250000000" for _ in range(9))

    async def staged(client, scene):
        async with client:
            bucket = next(names)
            await client.create_bucket(bucket)
            return await scene(client, bucket)

    def play(scene, **config):
        if request.param == "embedded":
            return run(staged(cosbox.open_async(tmp_path / "store"), scene))
        conf = cosbox.CosConfig(
            Endpoint=f"127.0.0.1:{serving.port}",
            SecretId=KEYS["COSBOX_SECRET_ID"],
            SecretKey=KEYS["COSBOX_SECRET_KEY"],
            **config,
        )
        factory = uvloop.new_event_loop if "uvloop" in request.param else None
        return run(staged(cosbox.AsyncCosS3Client(conf), scene), factory=factory)

    return play


async def read(client, bucket, key, **options):
    return await (await client.get_object(bucket, key, **options))["Body"].read()


def feed(descriptor):
    with os.fdopen(descriptor, "wb") as file:
        file.write(DATA)


def test_every_kind_of_body_arrives(play, tmp_path):
    path = tmp_path / "source"
    path.write_bytes(DATA)

    async def pieces(*, pause=0):
        for at in range(0, len(DATA), 100_000):
            await asyncio.sleep(pause)
            yield DATA[at : at + 100_000]

    async def scene(client, bucket):
        reader = asyncio.StreamReader(limit=len(DATA) + 1)
        reader.feed_data(DATA)
        reader.feed_eof()
        out, into = os.pipe()
        thread = threading.Thread(target=feed, args=(into,))
        thread.start()
        with path.open("rb") as file, os.fdopen(out, "rb") as pipe:
            bodies = {
                "bytes": DATA,
                "bytearray": bytearray(DATA),
                "memoryview": memoryview(DATA),
                "file": file,
                "memory file": io.BytesIO(DATA),
                "pipe": pipe,
                "generator": (DATA[at : at + 1000] for at in range(0, len(DATA), 1000)),
                "async generator": pieces(),
                "slow async generator": pieces(pause=0.001),
                "async reader": reader,
            }
            for key, body in bodies.items():
                result = await client.put_object(bucket, body, key)
                assert result["x-cos-hash-crc64ecma"] == str(crc64(DATA)), key
                assert await read(client, bucket, key) == DATA
            assert file.tell() == len(DATA)
        await asyncio.to_thread(thread.join)
        again = (await client.get_object(bucket, "file"))["Body"]
        await client.put_object(bucket, again, "another answer")
        assert await read(client, bucket, "another answer") == DATA
        await client.put_object(bucket, "中文", "text")
        assert await read(client, bucket, "text") == "中文".encode()
        await client.put_object(bucket, None, "nothing")
        assert await read(client, bucket, "nothing") == b""

    play(scene)


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537])
def test_async_bodies_of_every_size_with_a_length_and_without(play, size):
    async def once():
        if size:
            yield DATA[:size]

    async def scene(client, bucket):
        for options in ({}, {"ContentLength": size}):
            await client.put_object(bucket, once(), "a", **options)
            assert await read(client, bucket, "a") == DATA[:size]

    play(scene)


async def broken():
    yield b"some" * 20_000
    raise LookupError("of the caller")


async def some():
    yield b"some"


@pytest.mark.parametrize(
    ("make", "options", "error"),
    [
        (broken, {}, LookupError),
        (broken, {"ContentLength": 1_000_000}, LookupError),
        (some, {"ContentLength": 10}, CosClientError),
        (some, {"ContentLength": 3}, CosClientError),
        (some, {"ContentMD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, cosbox.CosServiceError),
        (some, {"EnableMD5": True}, ParameterError),
    ],
    ids=["raises", "raises with length", "shorter", "longer", "other digest", "cannot be hashed"],
)
def test_a_body_that_is_not_whole_is_not_stored(play, make, options, error):
    async def scene(client, bucket):
        with pytest.raises(error):
            await client.put_object(bucket, make(), "a", **options)
        assert not await client.object_exists(bucket, "a")
        await client.put_object(bucket, b"after", "b")

    play(scene)


def test_files_in_parts_and_hashed(play, tmp_path):
    path = tmp_path / "large"
    content = DATA * 8
    path.write_bytes(content)
    told = []

    async def scene(client, bucket):
        result = await client.upload_file(
            bucket,
            "large",
            path,
            PartSize=8,
            EnableMD5=True,
            progress_callback=lambda done, whole: told.append((done, whole)),
        )
        assert result["ETag"].endswith('-3"')
        answer = await client.get_object(bucket, "large")
        await answer["Body"].get_stream_to_file(tmp_path / "target")
        assert (tmp_path / "target").read_bytes() == content
        await client.put_object_from_local_file(bucket, path, "whole", EnableMD5=True)
        assert await read(client, bucket, "whole", Range="bytes=5-9") == content[5:10]
        with pytest.raises(FileNotFoundError):
            await client.upload_file(bucket, "a", tmp_path / "nothing")

    play(scene)
    assert told[-1] == (len(content), len(content))


def test_a_body_is_read_in_every_way(play):
    async def scene(client, bucket):
        await client.put_object(bucket, DATA, "a")
        body = (await client.get_object(bucket, "a"))["Body"]
        assert isinstance(body, AsyncStreamBody)
        assert (len(body), bool(body), body.remaining) == (len(DATA), True, len(DATA))
        assert await body.read(10) == DATA[:10]
        assert await body.read(1_500_000) == DATA[10:1_500_010]
        assert body.remaining == len(DATA) - 1_500_010
        assert await body.read() == DATA[1_500_010:]
        assert await body.read(5) == b""
        body = (await client.get_object(bucket, "a"))["Body"]
        assert b"".join([chunk async for chunk in body]) == DATA
        async with (await client.get_object(bucket, "a"))["Body"] as body:
            chunks = [chunk async for chunk in body.get_stream(1000)]
            assert {len(chunk) for chunk in chunks[:-1]} <= set(range(1, 1001))
            assert b"".join(chunks) == DATA
        for _ in range(30):  # left early, and dropped
            body = (await client.get_object(bucket, "a"))["Body"]
            await body.read(10)
            await body.close()
            assert await body.read() == b""
            await client.get_object(bucket, "a")

    play(scene)


def test_many_at_once(play):
    async def one(client, bucket, number):
        body = str(number).encode() * (number % 7 * 3000)
        await client.put_object(bucket, body, f"key-{number}")
        assert await read(client, bucket, f"key-{number}") == body

    async def scene(client, bucket):
        await asyncio.gather(*(one(client, bucket, number) for number in range(200)))
        found = [entry["Key"] async for entry in client.iter_objects(bucket, MaxKeys=60)]
        assert found == sorted(f"key-{number}" for number in range(200))

    play(scene)
    play(scene, PoolMaxSize=64)


def test_answers_that_are_all_asked_for_before_one_is_read(play):
    """None waits for a connection that another holds while nobody reads it."""

    async def scene(client, bucket):
        await client.put_object(bucket, DATA, "a")
        answers = await asyncio.gather(*(client.get_object(bucket, "a") for _ in range(30)))
        for answer in answers:
            assert await answer["Body"].read() == DATA

    play(scene, PoolConnections=1, PoolMaxSize=2)


def test_errors_are_those_of_the_sync_client(play):
    async def scene(client, bucket):
        with pytest.raises(NotFoundError) as missing:
            await client.get_object(bucket, "nothing")
        assert missing.value.get_error_code() == "NoSuchKey"
        assert missing.value.get_request_id()
        await client.put_object(bucket, b"", "a")
        with pytest.raises(ConflictError, match="BucketNotEmpty"):
            await client.delete_bucket(bucket)
        with pytest.raises(ParameterError, match="did you mean 'VersionId'"):
            await client.get_object(bucket, "a", VesionId="1")

    play(scene)


def test_after_close_it_says_so(play):
    async def scene(client, bucket):
        await client.put_object(bucket, DATA, "a")
        await client.close()
        await client.close()
        with pytest.raises(ParameterError, match="closed"):
            await client.put_object(bucket, b"", "b")

    play(scene)


def test_over_http_a_body_can_be_read_after_close(serving, tmp_path):
    conf = cosbox.CosConfig(
        Endpoint=f"127.0.0.1:{serving.port}",
        SecretId=KEYS["COSBOX_SECRET_ID"],
        SecretKey=KEYS["COSBOX_SECRET_KEY"],
    )

    async def scene():
        async with cosbox.AsyncCosS3Client(conf) as client:
            await client.create_bucket("late-1250000000")
            await client.put_object("late-1250000000", DATA, "a")
            body = (await client.get_object("late-1250000000", "a"))["Body"]
        assert await body.read() == DATA

    run(scene())


def test_one_client_in_several_loops(serving):
    conf = cosbox.CosConfig(
        Endpoint=f"127.0.0.1:{serving.port}",
        SecretId=KEYS["COSBOX_SECRET_ID"],
        SecretKey=KEYS["COSBOX_SECRET_KEY"],
    )
    client = cosbox.AsyncCosS3Client(conf)
    for _ in range(3):
        run(client.list_buckets())
    threads = [threading.Thread(target=lambda: run(client.list_buckets())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run(client.close())


def test_what_no_client_can_be_made_of():
    conf = cosbox.CosConfig(Endpoint="127.0.0.1:1", Anonymous=True)
    with pytest.raises(ParameterError, match="CosConfig"):
        cosbox.AsyncCosS3Client({"Region": "a"})
    with pytest.raises(ParameterError, match="retry"):
        cosbox.AsyncCosS3Client(conf, -1)
    client = cosbox.AsyncCosS3Client(conf)
    assert repr(client) == "AsyncCosS3Client(CosConfig('http://127.0.0.1:1'))"
    assert client.get_conf() is conf
    assert client.get_retry_exe_times() == 0

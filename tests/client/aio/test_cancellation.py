"""A cancelled task ends its transfer, leaves nothing behind, and the client goes on."""

import asyncio
import io
import os
import threading
import time

import pytest

import cosbox
from cosbox.client.transports.async_slots import Slots
from support.aio import AsyncScript, async_client_of, run
from support.rawserver import RawServer, answers
from support.scripted import BUCKET, ok
from support.stores import open_files

DATA = os.urandom(3_000_000)


def client_of(server, **config):
    conf = cosbox.CosConfig(Endpoint=server.host, Anonymous=True, Proxies={}, **config)
    return cosbox.AsyncCosS3Client(conf, retry=0)


async def cancelled(coroutine, *, after=0.1, once=None):
    """Begin, cancel after some time or once something happens, and see that it ended at once."""
    task = asyncio.ensure_future(coroutine)
    await (asyncio.wait_for(once.wait(), 20) if once else asyncio.sleep(after))
    assert not task.done()
    task.cancel()
    begun = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - begun < 3


class Watch:
    """A script that tells when its peer has gone."""

    def __init__(self, before=lambda conn: None):
        self.before = before
        self.gone = threading.Event()

    def __call__(self, conn):
        conn.head()
        self.before(conn)
        try:
            while conn.sock.recv(1 << 20):
                pass
        except OSError:
            pass
        self.gone.set()


def begins_an_answer(conn):
    conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nsome")


async def endless():
    yield b"some"
    await asyncio.sleep(1000)


async def whole(client):
    return await (await client.get_object(BUCKET, "a"))["Body"].read()


SCENES = {
    "waiting for an answer": (Watch, lambda client: client.list_buckets()),
    "sending an async body": (Watch, lambda client: client.put_object(BUCKET, endless(), "a")),
    "receiving": (lambda: Watch(begins_an_answer), whole),
}


@pytest.mark.parametrize("name", SCENES)
def test_the_connection_is_closed_and_the_client_goes_on(name):
    make, use = SCENES[name]
    watch = make()

    async def scene():
        async with client_of(server, PoolConnections=1, PoolMaxSize=1) as client:
            await cancelled(use(client))
            assert await asyncio.to_thread(watch.gone.wait, 10)
            # The only slot is free again.
            await client.put_object(BUCKET, b"after", "a")

    with RawServer(watch, answers) as server:
        run(scene())


def test_a_call_that_waits_for_its_turn():
    async def scene():
        async with client_of(server, PoolConnections=1, PoolMaxSize=1) as client:
            first = asyncio.ensure_future(client.list_buckets())
            await asyncio.sleep(0.05)
            waiting = [asyncio.ensure_future(client.list_buckets()) for _ in range(5)]
            await cancelled(client.list_buckets())
            for task in waiting[1:4]:
                task.cancel()
            await asyncio.wait(waiting[1:4])
            first.cancel()
            await asyncio.wait([first])
            await asyncio.gather(waiting[0], waiting[4])

    with RawServer(Watch(), bucketless) as server:
        run(scene())
    assert server.accepted == 2


def bucketless(conn):
    while conn.head():
        conn.answer(b"<ListAllMyBucketsResult></ListAllMyBucketsResult>")


def test_a_turn_that_comes_with_the_cancellation_is_passed_on():
    async def scene():
        slots = Slots(1)
        await slots.take()
        first, second, third = (asyncio.ensure_future(slots.take()) for _ in range(3))
        await asyncio.sleep(0)
        slots.give()
        first.cancel()
        second.cancel()
        await asyncio.wait([first, second])
        assert first.cancelled()
        await asyncio.wait_for(third, 1)
        slots.take_now()
        slots.give()
        fourth = asyncio.ensure_future(slots.take())
        await asyncio.sleep(0)
        assert not fourth.done()
        slots.give()
        await asyncio.wait_for(fourth, 1)

    run(scene())


def test_a_blocking_source_is_left_behind():
    out, into = os.pipe()

    async def scene():
        async with client_of(server) as client:
            with os.fdopen(out, "rb") as pipe:
                await cancelled(client.put_object(BUCKET, pipe, "a"))
                await client.put_object(BUCKET, b"after", "b")
                os.close(into)  # or the thread would wait for ever
                await asyncio.sleep(0.05)

    with RawServer(Watch(), answers) as server:
        run(scene())


def test_a_file_can_be_sent_again_after_a_cancellation(tmp_path):
    path = tmp_path / "source"
    path.write_bytes(DATA * 4)

    def stops_reading(conn):
        conn.wait()

    async def scene():
        async with client_of(server) as client:
            with path.open("rb") as file:
                await cancelled(client.put_object(BUCKET, file, "a"))
                file.seek(5)
                await client.put_object(BUCKET, file, "a")
                assert file.tell() == len(DATA) * 4

    with RawServer(stops_reading, answers) as server:
        run(scene())


def test_no_thread_reads_a_file_any_more_when_its_cancellation_is_told():
    class Slow(io.RawIOBase):
        at = reading = 0

        def seekable(self):
            return True

        def tell(self):
            return self.at

        def seek(self, offset, whence=0):
            self.at = offset + (1 << 24 if whence == os.SEEK_END else 0)
            return self.at

        def read(self, size=-1):
            self.reading += 1
            time.sleep(0.3)  # a slow disk, so that the cancellation comes while it is read
            self.reading -= 1
            return bytes(size)

    async def scene():
        file = Slow()
        async with client_of(server) as client:
            await cancelled(client.put_object(BUCKET, file, "a"))
            assert file.reading == 0

    with RawServer(Watch()) as server:
        run(scene())


class Hanging:
    """An answer that does not come."""

    def __init__(self):
        self.asked = asyncio.Event()

    def answer(self):
        async def answer(_sent):
            self.asked.set()
            await asyncio.sleep(1000)

        return answer


@pytest.fixture
def uploading():
    """Makes a client whose second part hangs, and its upload."""
    data = bytes(3 << 20)
    document = b"<R><UploadId>7</UploadId></R>".replace(b"R>", b"InitiateMultipartUploadResult>")
    nothing = b"<ListMultipartUploadsResult></ListMultipartUploadsResult>"
    part = ok([("ETag", '"e"')])

    def make(hanging, *after):
        client, script = async_client_of(
            ok(body=nothing), ok(body=document), part, hanging.answer(), *after
        )
        return client.upload_stream(BUCKET, "a", data, PartSize=1, MAXThread=1), script

    return make


def test_a_multipart_upload_is_aborted(uploading):
    async def scene():
        hanging = Hanging()
        upload, script = uploading(hanging, ok(status=204))
        await cancelled(upload, once=hanging.asked)
        assert script.sent[-1].request.method == "DELETE"
        assert "uploadId=7" in script.sent[-1].request.target

    run(scene())


def test_a_second_cancellation_ends_the_cleaning_up(uploading):
    async def scene():
        hanging, again = Hanging(), Hanging()
        upload, script = uploading(hanging, again.answer())
        task = asyncio.ensure_future(upload)
        await hanging.asked.wait()
        task.cancel()
        await cancelled(task, once=again.asked)
        assert script.sent[-1].request.method == "DELETE"

    run(scene())


def test_cleaning_up_has_little_time(monkeypatch, uploading):
    monkeypatch.setattr("cosbox.client.aio.driver._GRACE", 0.2)

    async def scene():
        hanging = Hanging()
        upload, script = uploading(hanging, Hanging().answer())
        await cancelled(upload, once=hanging.asked)
        assert script.sent[-1].request.method == "DELETE"

    run(scene())


def test_a_wait_before_a_retry():
    async def slow(_seconds):
        await asyncio.sleep(1000)

    async def scene():
        script = AsyncScript([cosbox.TransportError("broke")])
        conf = cosbox.CosConfig(Region="ap-guangzhou", Anonymous=True)
        client = cosbox.AsyncCosS3Client(conf, transport=script, sleep=slow)
        await cancelled(client.list_buckets())
        assert len(script.sent) == 1

    run(scene())


# --------------------------------------------------------------------------------------------
# On a folder


def test_an_upload_into_a_folder_leaves_no_file(tmp_path):
    async def slowly():
        for at in range(0, len(DATA), 50_000):
            await asyncio.sleep(0.01)
            yield DATA[at : at + 50_000]

    async def scene():
        async with cosbox.open_async(tmp_path) as client:
            await client.create_bucket(BUCKET)
            for after in (0.001, 0.03, 0.1, 0.2):
                await cancelled(client.put_object(BUCKET, slowly(), "a"), after=after)
            assert not await client.object_exists(BUCKET, "a")
            await client.put_object(BUCKET, DATA, "b")
            answer = await client.get_object(BUCKET, "b")
            await cancelled(dawdle(answer["Body"]))
            assert await whole_of(client, "b") == DATA
            blobs = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
            assert [path.stat().st_size for path in blobs] == [len(DATA)]
            assert [path for path in open_files(tmp_path) if "blobs" in path] == []

    run(scene())


async def dawdle(body):
    async with body:
        async for _ in body.get_stream(1000):
            await asyncio.sleep(0.01)


async def whole_of(client, key):
    return await (await client.get_object(BUCKET, key))["Body"].read()


@pytest.mark.parametrize("turns", range(0, 40, 3))
def test_a_put_is_done_or_not_done(tmp_path, turns):
    async def scene():
        async with cosbox.open_async(tmp_path) as client:
            await client.create_bucket(BUCKET)
            await client.put_object(BUCKET, b"old", "a")
            task = asyncio.ensure_future(client.put_object(BUCKET, io.BytesIO(DATA), "a"))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert await whole_of(client, "a") in {b"old", DATA}
        with cosbox.open(tmp_path) as client:
            assert client.get_object(BUCKET, "a")["Body"].read() in {b"old", DATA}

    run(scene())

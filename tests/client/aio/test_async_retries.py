"""The async driver: what flows ask for is done, what goes wrong is told to them."""

import asyncio

import pytest

from cosbox.client.aio.driver import run_async
from cosbox.client.effects import Sleep, Work
from cosbox.client.transports.base import HttpResponse
from cosbox.protocol.errors import CosServiceError, IntegrityError, ParameterError, TransportError
from support.aio import Pieces, async_client_of, run
from support.scripted import BUCKET, Time, ok, refused


def test_a_call_is_repeated_after_a_wait():
    time = Time()
    client, script = async_client_of(
        TransportError("broke"), refused(503, "SlowDown"), ok(), time=time
    )
    run(client.put_object(BUCKET, b"body", "a"))
    assert [sent.body for sent in script.sent] == [b"body"] * 3
    assert time.slept == [0.1, 0.2]
    assert client.get_retry_exe_times() == 2
    run(client.close())
    assert script.closed


def test_a_file_is_repeated_from_where_it_stood(tmp_path):
    path = tmp_path / "source"
    path.write_bytes(b"0123456789")
    client, script = async_client_of(TransportError("broke"), TransportError("broke"), ok())
    with path.open("rb") as file:
        file.seek(4)
        run(client.put_object(BUCKET, file, "a"))
    assert [sent.body for sent in script.sent] == [b"456789"] * 3


async def once():
    yield b"body"


def test_what_comes_once_is_sent_once():
    client, script = async_client_of(TransportError("broke"), ok())
    with pytest.raises(TransportError, match="broke"):
        run(client.put_object(BUCKET, once(), "a"))
    assert len(script.sent) == 1


def test_attempts_come_to_an_end():
    client, script = async_client_of(*[refused(500, "InternalError")] * 9, retry=2)
    with pytest.raises(CosServiceError) as caught:
        run(client.list_buckets())
    assert len(script.sent) == 3
    assert "failed 3 times" in str(caught.value.__notes__)


def test_what_was_sent_is_compared_with_what_was_stored():
    client, _ = async_client_of(ok([("x-cos-hash-crc64ecma", "1")]))
    with pytest.raises(IntegrityError):
        run(client.put_object(BUCKET, once(), "a"))


def test_an_answer_that_is_refused_closes_its_stream():
    body = Pieces()
    client, _ = async_client_of(HttpResponse(304, [], stream=body))
    with pytest.raises(CosServiceError):
        run(client.get_object(BUCKET, "a", IfNoneMatch='"e"'))
    assert body.closed == 1


def test_effects():
    seen = []

    async def sleep(seconds):
        seen.append(seconds)

    def flow():
        yield Sleep(3)
        assert (yield Work(lambda: 7)) == 7
        try:
            yield Work(lambda: 1 // 0)
        except ZeroDivisionError:
            return "done"
        return "not done"

    async def scene():
        return await run_async(flow(), None, sleep)

    assert run(scene()) == "done"
    assert seen == [3]


def test_work_that_was_begun_is_waited_for():
    began, ended = asyncio.Event(), []

    async def scene():
        loop = asyncio.get_running_loop()

        def work():
            loop.call_soon_threadsafe(began.set)
            import time

            time.sleep(0.2)
            ended.append(True)

        def flow():
            yield Work(work)

        task = asyncio.ensure_future(run_async(flow(), None, asyncio.sleep))
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == [True]

    run(scene())


def test_a_call_without_a_loop_that_watches_sockets():
    from cosbox.client.transports.async_engine import Engine

    class Proactor(asyncio.BaseEventLoop):
        pass

    loop = Proactor()
    with pytest.raises(ParameterError, match="SelectorEventLoop"):
        Engine(loop, 1)
    loop.close()

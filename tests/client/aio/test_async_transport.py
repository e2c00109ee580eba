"""What only shows in an event loop: turns, memory, time, and what is left behind."""

import asyncio
import gc
import os
import socket
import subprocess
import sys
import textwrap
import time

import pytest
import uvloop

import cosbox
from cosbox.client.transports import async_engine
from cosbox.client.transports.async_curl import AsyncCurlTransport
from cosbox.client.transports.async_sockets import LoopSockets
from cosbox.client.transports.base import HttpRequest, Timeouts
from cosbox.protocol.errors import CosClientError, ParameterError, TransportError
from support.aio import run
from support.rawserver import RawServer, answers
from support.scripted import BUCKET


@pytest.fixture(params=["epoll", "loop", "uvloop"])
def play(request, monkeypatch):
    """Runs ``scene(transport)``."""
    if request.param == "loop":
        monkeypatch.setattr(async_engine, "sockets_of", LoopSockets)

    async def staged(scene, pool_size):
        transport = AsyncCurlTransport(proxies={}, pool_size=pool_size)
        try:
            return await scene(transport)
        finally:
            await transport.close()

    def play(scene, *, pool_size=10):
        factory = uvloop.new_event_loop if request.param == "uvloop" else None
        return run(staged(scene, pool_size), factory=factory)

    return play


def get(server, target="/", **more):
    return HttpRequest("GET", "http", server.host, target, **more)


def test_those_who_wait_for_their_turn_do_not_time_out(play):
    def slow(conn):
        while conn.head():
            time.sleep(0.02)
            conn.answer(b"x")

    async def scene(transport):
        limits = Timeouts(connect=0.5, stall=0.5, total=0.5)
        requests = [transport.send(get(server), limits) for _ in range(100)]
        answers = await asyncio.gather(*requests)
        assert {answer.body for answer in answers} == {b"x"}

    with RawServer(slow) as server:
        play(scene, pool_size=2)
    assert server.accepted == 2


def test_a_thousand_at_once(play):
    async def scene(transport):
        answers = await asyncio.gather(
            *(transport.send(get(server, f"/{n}"), Timeouts()) for n in range(1000))
        )
        assert {answer.status for answer in answers} == {200}

    with RawServer() as server:
        play(scene, pool_size=20)
    assert server.accepted <= 20
    assert len(server.heads) == 1000


def test_a_slow_reader_holds_up_the_sender_and_not_the_others(play):
    sent = []

    def large(conn):
        conn.head()
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n")
        for _ in range(500):
            conn.send(bytes(100_000))
            sent.append(100_000)

    async def scene(transport):
        answer = await transport.send(get(server, stream=True), Timeouts(stall=0.3))
        assert len(await answer.stream.read(10)) == 10
        await asyncio.sleep(0.5)  # longer than the limit: it is the reader that is slow
        held = sum(sent)
        assert held < 20_000_000
        other = await transport.send(get(server), Timeouts(stall=5))
        assert other.status == 200
        assert sum(sent) == held
        size = 10
        while piece := await answer.stream.read(65_536):
            size += len(piece)
        assert size == 50_000_000

    with RawServer(large, answers) as server:
        play(scene, pool_size=1)


def test_what_is_dropped_is_closed(play):
    def large(conn):
        while conn.head():
            conn.answer(bytes(5_000_000))

    async def scene(transport):
        for _ in range(5):
            answer = await transport.send(get(server, stream=True), Timeouts())
            await answer.stream.read(10)
            del answer
            gc.collect()
            await asyncio.sleep(0.01)
        answer = await transport.send(get(server), Timeouts())
        assert len(answer.body) == 5_000_000

    with RawServer(large) as server:
        play(scene, pool_size=1)


def test_two_readers_of_one_body(play):
    def begins(conn):
        conn.head()
        conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        conn.wait()

    async def scene(transport):
        answer = await transport.send(get(server, stream=True), Timeouts())
        first = asyncio.ensure_future(answer.stream.read(1))
        await asyncio.sleep(0.02)
        with pytest.raises(CosClientError, match="another task"):
            await answer.stream.read(1)
        first.cancel()
        await asyncio.wait([first])

    with RawServer(begins) as server:
        play(scene)


def test_connections_are_used_again_by_both_kinds(play):
    async def scene(transport):
        for _ in range(5):
            await transport.send(get(server), Timeouts())
            answer = await transport.send(get(server, stream=True), Timeouts())
            await answer.stream.read()

    with RawServer() as server:
        play(scene)
    assert server.accepted == 1


def test_after_close(play):
    async def scene(transport):
        await transport.send(get(server), Timeouts())
        waiting = asyncio.ensure_future(transport.send(get(server), Timeouts()))
        turn = asyncio.ensure_future(transport.send(get(server), Timeouts()))
        await asyncio.sleep(0)
        await transport.close()
        await transport.close()
        with pytest.raises(ParameterError, match="closed"):
            await transport.send(get(server), Timeouts())
        assert (await waiting).status == 200
        with pytest.raises(ParameterError, match="closed"):
            await turn

    with RawServer() as server:
        play(scene, pool_size=1)


@pytest.mark.parametrize("error", [ValueError("odd"), OSError("disk"), CosClientError("ours")])
def test_what_a_body_raises_comes_out(error):
    async def pieces():
        yield b"x" * 10
        raise error

    def blocking():
        yield b"x" * 10
        raise error

    async def scene():
        conf = cosbox.CosConfig(Endpoint=server.host, Anonymous=True, Proxies={})
        async with cosbox.AsyncCosS3Client(conf) as client:
            for body in (pieces(), blocking()):
                with pytest.raises(type(error)) as caught:
                    await client.put_object(BUCKET, body, "a", ContentLength=1000)
                assert caught.value is error
            await client.put_object(BUCKET, b"after", "a")

    with RawServer(answers) as server:
        run(scene())


def test_a_refusal_during_an_upload_that_waits(play):
    """The answer counts, although the body has not come to its end."""

    def refuses(conn):
        conn.head()
        conn.answer(b"<Error><Code>AccessDenied</Code></Error>", status=b"403 Forbidden")
        conn.wait()

    async def endless():
        while True:
            yield b"some"
            await asyncio.sleep(0.02)

    async def scene():
        conf = cosbox.CosConfig(Endpoint=server.host, Anonymous=True, Proxies={})
        async with cosbox.AsyncCosS3Client(conf) as client:
            with pytest.raises(cosbox.AccessDeniedError):
                await client.put_object(BUCKET, endless(), "a")

    with RawServer(refuses) as server:
        run(scene())


def test_a_source_that_takes_its_time_is_no_stall():
    async def slow():
        for _ in range(4):
            await asyncio.sleep(0.2)
            yield b"some"

    async def scene():
        conf = cosbox.CosConfig(Endpoint=server.host, Anonymous=True, Proxies={}, Timeout=(5, 0.15))
        async with cosbox.AsyncCosS3Client(conf, retry=0) as client:
            await client.put_object(BUCKET, slow(), "a")

    with RawServer() as server:
        run(scene())
    assert len(server.heads) == 1


def test_a_stale_connection_under_an_async_source_that_can_begin_again(tmp_path):
    path = tmp_path / "source"
    path.write_bytes(os.urandom(2_000_000))
    bodies = []

    def once_and_close(conn):
        conn.head()
        conn.answer(b"")

    def keeps(conn):
        conn.head()
        bodies.append(conn.body(2_000_000))
        conn.answer()

    async def scene():
        conf = cosbox.CosConfig(Endpoint=server.host, Anonymous=True, Proxies={})
        async with cosbox.AsyncCosS3Client(conf, retry=1) as client:
            await client.put_object(BUCKET, b"", "a")
            await asyncio.sleep(0.05)
            with path.open("rb") as file:
                await client.put_object(BUCKET, file, "a")

    with RawServer(once_and_close, keeps) as server:
        run(scene())
    assert bodies[-1] == path.read_bytes()


def test_a_loop_that_ended_with_a_transfer_under_way():
    def silent(conn):
        conn.head()
        conn.wait()

    transport = AsyncCurlTransport(proxies={})

    async def begin():
        task = asyncio.ensure_future(transport.send(get(server, stream=True), Timeouts()))
        await asyncio.sleep(0.05)
        return task

    with RawServer(silent, answers) as server:
        asyncio.run(begin())
        assert asyncio.run(transport.send(get(server), Timeouts())).status == 200
        asyncio.run(transport.close())


def test_nobody_there():
    with RawServer() as server:
        pass

    async def scene():
        transport = AsyncCurlTransport(proxies={})
        with pytest.raises(TransportError, match=str(server.port)) as caught:
            await transport.send(get(server), Timeouts(connect=5))
        assert caught.value.unsent
        await transport.close()

    run(scene())


FORKED = """
    import asyncio, os, sys
    from cosbox.client.transports.async_curl import AsyncCurlTransport
    from cosbox.client.transports.base import HttpRequest, Timeouts

    transport = AsyncCurlTransport(proxies={})

    async def ask(times):
        for _ in range(times):
            answer = await transport.send(HttpRequest("GET", "http", sys.argv[1], "/"), Timeouts())
            assert answer.status == 200

    with asyncio.Runner() as runner:
        runner.run(ask(2))
        child = os.fork()
        if not child:
            asyncio.events._set_running_loop(None)
            asyncio.run(ask(2))
            asyncio.run(transport.close())
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        runner.run(ask(2))
        runner.run(transport.close())
"""


def test_a_child_has_connections_of_its_own():
    with RawServer() as server:
        script = textwrap.dedent(FORKED)
        subprocess.run([sys.executable, "-c", script, server.host], check=True, timeout=30)
    assert server.accepted == 2
    assert len(server.heads) == 6

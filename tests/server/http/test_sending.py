"""Files that the front sends by itself (`http.response.zerocopysend`)."""

import random
import time
from pathlib import Path

import pytest

from cosbox.server.http.exchange import ClientGone
from cosbox.server.http.limits import Limits
from support.rawhttp import Running, wait_until

OFFERED = "http.response.zerocopysend"


class Sender:
    """An app that answers with parts of a file, between bytes of its own.

    Args:
        file: open.
        parts: offset and length of each.
        length: that is declared; None declares none.
    """

    def __init__(self, file, parts, length):
        self.file = file
        self.parts = parts
        self.length = length
        self.errors = []
        self.offers = []

    async def __call__(self, scope, receive, send):
        self.offers.append(OFFERED in scope.get("extensions", ()))
        try:
            await self._answer(send)
        except Exception as error:
            self.errors.append(error)
            raise

    async def _answer(self, send):
        headers = [(b"Content-Length", b"%d" % self.length)] if self.length is not None else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for offset, count in self.parts:
            part = {"type": OFFERED, "file": self.file, "offset": offset, "count": count}
            await send({**part, "more_body": True})
            await send({"type": "http.response.body", "body": b"|", "more_body": True})
        await send({"type": "http.response.body", "body": b"."})


@pytest.fixture
def content():
    return random.Random(1).randbytes(5 << 20)


@pytest.fixture
def file(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    with path.open("rb") as file:
        yield file


def get(method=b"GET"):
    return method + b" / HTTP/1.1\r\nHost: h\r\n\r\n"


def sockets():
    entries = [entry for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return sum(str(entry.readlink()).startswith("socket:") for entry in entries)


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_parts_of_a_file_between_bytes(file, content, loop):
    app = Sender(file, [(0, 5 << 20), (100, 1), (1000, 3 << 20)], (8 << 20) + 5)
    with Running(app, Limits(), loop=loop) as running, running.client() as client:
        expected = (
            content + b"|" + content[100:101] + b"|" + content[1000 : 1000 + (3 << 20)] + b"|."
        )
        for _ in range(3):
            client.send(get())
            assert client.reply().body == expected
        client.send(get(b"HEAD"))
        assert client.reply(head=True).headers["Content-Length"] == str((8 << 20) + 5)
        client.send(get() + get())
        assert client.reply().body == client.reply().body == expected
    assert app.errors == []
    assert all(app.offers)


def test_a_client_that_reads_late_gets_all_of_it(file, content):
    app = Sender(file, [(0, 5 << 20)] * 4, (20 << 20) + 5)
    with Running(app, Limits()) as running, running.client(receive_buffer=4096) as client:
        client.send(get())
        time.sleep(0.3)  # meanwhile the kernel has taken what it takes
        assert client.reply().body == (content + b"|") * 4 + b"."


def test_a_client_that_leaves_leaves_nothing_open(file):
    app = Sender(file, [(0, 5 << 20)] * 4, (20 << 20) + 5)
    with Running(app, Limits()) as running:
        before = sockets()
        for _ in range(5):
            with running.client(receive_buffer=4096) as client:
                client.send(get())
                client.sock.recv(1000)
        wait_until(lambda: len(app.errors) == 5)
        wait_until(lambda: sockets() == before)
    assert {type(error) for error in app.errors} == {ClientGone}


def test_a_client_that_does_not_read_is_cut(file):
    app = Sender(file, [(0, 5 << 20)] * 4, (20 << 20) + 5)
    limits = Limits(write_timeout=0.5, min_rate=0)
    with Running(app, limits) as running, running.client(receive_buffer=4096) as client:
        before = sockets()
        client.send(get())
        wait_until(lambda: app.errors)
        wait_until(lambda: sockets() < before + 1)
    assert isinstance(app.errors[0], ClientGone)


def test_a_file_that_is_shorter_than_was_said_breaks_the_connection(file, caplog):
    app = Sender(file, [(4 << 20, 2 << 20)], (2 << 20) + 2)
    with Running(app, Limits()) as running, running.client() as client:
        client.send(get())
        with pytest.raises(EOFError):
            client.reply()
    assert isinstance(app.errors[0], EOFError)
    caplog.clear()


@pytest.mark.parametrize("length", [None, 100])
def test_the_length_must_be_known_and_kept_to(file, length, caplog):
    app = Sender(file, [(0, 101)], length)
    with Running(app, Limits()) as running, running.client() as client:
        client.send(get())
        with pytest.raises((EOFError, ValueError)):
            client.reply()
    assert isinstance(app.errors[0], RuntimeError)
    caplog.clear()

"""Files that go to a client without passing through this process (sendfile), where that can be."""

import asyncio
import errno
import os
import sys
from collections.abc import Callable
from typing import Any, Final, Protocol

EXTENSION: Final = "http.response.zerocopysend"
"""The name that ASGI gives it; offered in the scope, and the type of the message."""

AVAILABLE: Final = sys.platform == "linux"

_AT_ONCE: Final = 1024 * 1024
"""After so many bytes, others have their turn."""


_LATER: Final = 0.05
"""Seconds after which it is tried again to open what could not be opened."""


class File(Protocol):
    """An open file."""

    def fileno(self) -> int:
        """Its descriptor."""
        ...


class Outlet(Protocol):
    """The connection that a file is sent on."""

    transport: asyncio.Transport
    write_paused: bool

    def pause_writing(self) -> None:
        """The client does not keep up."""

    def resume_writing(self) -> None:
        """The client caught up, or is gone."""

    async def drain(self) -> None:
        """Wait for that."""


async def send_file(
    outlet: Outlet, file: File, offset: int, count: int, sent: Callable[[int], bool]
) -> None:
    """Send a part of a file, behind all that was written to the transport.

    Args:
        outlet: where to.
        file: it should be in the system's memory: to read it from a disk holds up the loop.
        offset: of the first byte.
        count: of bytes.
        sent: told how many went after each step; whether to go on.

    Raises:
        OSError: the connection is broken, or the file cannot be read.
        EOFError: the file ends too early.
    """
    transport = outlet.transport
    await _flush(outlet)
    loop: Any = asyncio.get_running_loop()
    descriptor = await _own_descriptor(transport, sent)
    try:
        while count and sent(0):
            try:
                done = os.sendfile(descriptor, file.fileno(), offset, min(count, _AT_ONCE))
            except BlockingIOError:
                await _writable(outlet, loop, descriptor)
                continue
            if not done:
                raise EOFError("the file ends before what was to be sent of it")
            offset += done
            count -= done
            sent(done)
            await asyncio.sleep(0)
    finally:
        os.close(descriptor)


async def _own_descriptor(transport: asyncio.Transport, sent: Callable[[int], bool]) -> int:
    """One more of the connection: the loop does not let anybody watch the transport's own."""
    while True:
        try:
            return os.dup(transport.get_extra_info("socket").fileno())
        except OSError as error:
            if error.errno not in {errno.EMFILE, errno.ENFILE} or not sent(0):
                raise
        # The head has gone out already, so it is waited until another one lets go of his.
        await asyncio.sleep(_LATER)


async def _flush(outlet: Outlet) -> None:
    transport = outlet.transport
    transport.set_write_buffer_limits(high=0)
    if outlet.write_paused:
        await outlet.drain()
    transport.set_write_buffer_limits()


async def _writable(outlet: Outlet, loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
    outlet.pause_writing()
    loop.add_writer(descriptor, outlet.resume_writing)
    try:
        await outlet.drain()
    finally:
        loop.remove_writer(descriptor)
        outlet.resume_writing()

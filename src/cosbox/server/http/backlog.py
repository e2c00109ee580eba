"""How many bytes a client has still to take."""

import asyncio
import struct
import sys

if sys.platform != "win32":
    import fcntl
    import termios

    def _in_kernel(descriptor: int) -> int:
        try:
            answer = fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4))
        except OSError:
            return 0
        return int(struct.unpack("i", answer)[0])
else:

    def _in_kernel(_descriptor: int) -> int:
        return 0


def unread(transport: asyncio.Transport, *, past_it: bool = False) -> int:
    """Bytes written to the transport that the client's machine has not acknowledged.

    The transport's own buffer does not tell whether a client reads on: megabytes can leave the
    kernel's before it takes more from there. 0 as long as the transport's buffer is empty.

    Args:
        transport: to the client.
        past_it: there is more to come that is not written to the transport.
    """
    held = transport.get_write_buffer_size()
    if not held and not past_it:
        return 0
    sock = transport.get_extra_info("socket")
    descriptor = sock.fileno() if sock is not None else -1
    return held + (_in_kernel(descriptor) if descriptor >= 0 else 0)

"""The listening socket, and how many more a process may have."""

import dataclasses
import socket
import sys
from typing import Final

from cosbox.server.http.limits import Limits

BACKLOG: Final = 2048

_OWN_FILES: Final = 256
"""Descriptors that the store itself may need: the database, locks, folders being synced."""


_EACH_TRANSFER: Final = 2
"""The file that is read or written, and one more for the connection that it goes out on."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that connections can be made to from now on.

    Raises:
        OSError: the name is unknown, the port is taken, or not allowed.
    """
    flags = socket.AI_PASSIVE
    family, kind, number, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=flags
    )[0]
    listener = socket.socket(family, kind, number)
    try:
        if sys.platform != "win32":
            # On Windows this option would let two servers share a port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket, host: str) -> str:
    """Where a client finds it.

    >>> with listen("127.0.0.1", 0) as listener:
    ...     url_of(listener, "127.0.0.1").rpartition(":")[0]
    'http://127.0.0.1'
    """
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"


def fitting(limits: Limits) -> Limits:
    """The limits, with no more connections and transfers than this process may have open files. The
    number of those is raised first as far as the system lets it."""
    if sys.platform == "win32":
        return limits
    import resource  # noqa: PLC0415 - POSIX only

    wanted = limits.connections + _EACH_TRANSFER * limits.transfers + _OWN_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return limits
    left = soft - min(_OWN_FILES, soft // 2)
    transfers = max(1, min(limits.transfers, left // (2 * _EACH_TRANSFER)))
    connections = max(1, left - _EACH_TRANSFER * transfers)
    return dataclasses.replace(limits, connections=connections, transfers=transfers)

"""How much, how many and how long the HTTP front allows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one process grants its clients. Sizes are bytes, times are seconds.

    Attributes:
        request_target: the longest request target (path and query string).
        header_bytes: all header lines of a request together.
        header_count: header lines of a request.
        header_timeout: for a whole header block, from its first byte; and for the first byte of a
            new connection.
        idle_timeout: for a connection between two requests.
        body_timeout: how long a body that is waited for may stand still.
        write_timeout: how long a client may leave an answer unread.
        min_rate: bytes per second that a body has to arrive with, and an answer to be read with,
            on average over ``body_timeout`` and ``write_timeout``; 0 for any.
        answer_timeout: how long the store may take to begin an answer once it has the request.
        linger_timeout: how long a connection that is being closed may still be written to by the
            client, so that it sees the answer before the end.
        linger_bytes: how much of what it writes then is read and thrown away.
        body_buffer: how much of a body is taken from the network before the app asks for it.
        connections: above this number a new connection is answered with SlowDown.
        requests: under way at once; above this number a request is answered with SlowDown.
        transfers: large bodies on their way in or out at once; likewise.
        rest: how long the next request of a connection is left unread after a SlowDown, so that
            clients which ask again at once do not keep the server busy with refusing.
    """

    request_target: int = 16 * 1024
    header_bytes: int = 64 * 1024
    header_count: int = 200
    header_timeout: float = 20.0
    idle_timeout: float = 75.0
    body_timeout: float = 60.0
    write_timeout: float = 60.0
    min_rate: int = 1024
    answer_timeout: float = 300.0
    linger_timeout: float = 3.0
    linger_bytes: int = 1024 * 1024
    body_buffer: int = 1024 * 1024
    connections: int = 4096
    requests: int = 1024
    transfers: int = 512
    rest: float = 1.0

    @property
    def sweep_interval(self) -> float:
        """How often timeouts are looked at: each second, or more often for very short ones."""
        shortest = min(
            self.header_timeout,
            self.idle_timeout,
            self.body_timeout,
            self.write_timeout,
            self.linger_timeout,
            self.answer_timeout,
        )
        return max(0.02, min(1.0, shortest / 4))

"""A proxy on loopback between a client and a store: it counts requests, and does wrong on demand.

It passes on what it reads, byte by byte as it came; `support.faults` says what it can do instead.
"""

import contextlib
import select
import socket
import struct
import threading
import time

from support import faults
from support.faults import Fault, Seen

PIECE = 256 * 1024
CHUNKED = -1
UNTIL_CLOSE = -2
_NEVER = 1 << 62
_RESET = struct.pack("ii", 1, 0)
_DOCUMENT = (
    "<?xml version='1.0' encoding='utf-8' ?><Error><Code>{}</Code><Message>by chance</Message>"
    "<Resource>r</Resource><RequestId>chaos</RequestId><TraceId>chaos</TraceId></Error>"
)


class GoneError(ConnectionError):
    """One of the two peers has left, or is made to believe that the other has."""


class Wire:
    """A connection, and what was read of it too early."""

    def __init__(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.held = b""
        self.buffer = memoryview(bytearray(PIECE))
        self.piece = PIECE

    def more(self):
        """Read some more ahead; whether there was something."""
        data = self.sock.recv(PIECE)
        self.held += data
        return bool(data)

    def until(self, mark):
        """All up to and including a mark; empty when the peer has left."""
        while mark not in self.held:
            if not self.more():
                return b""
        text, self.held = self.held.split(mark, 1)
        return text + mark

    def pieces(self, length):
        """A body in views that are good until the next; its framing is part of it."""
        if length == CHUNKED:
            size = 1
            while size:
                line = self.until(b"\r\n")
                if not line:
                    raise GoneError
                yield memoryview(line)
                size = int(line, 16)
                yield from self.pieces(size + 2)
            return
        while length:
            if self.held:
                data = memoryview(self.held)
                data = data if length < 0 else data[:length]
                self.held = bytes(self.held[len(data) :])
            else:
                room = self.piece if length < 0 else min(length, self.piece)
                data = self.buffer[: self.sock.recv_into(self.buffer[:room])]
            if not data:
                if length == UNTIL_CLOSE:
                    return
                raise GoneError
            if length > 0:
                length -= len(data)
            yield data

    def readable(self):
        """Whether something, or the end, is there to be read."""
        return bool(self.held) or bool(select.select([self.sock], [], [], 0)[0])

    def hang_up(self):
        """End the connection; who reads from it, in another thread, is told so."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self, *, reset=False):
        with contextlib.suppress(OSError):
            if reset:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        if not reset:
            self.hang_up()
        self.sock.close()


class Chaos:
    """The proxy.

    Attributes:
        port: where it listens.
        store: the port that it passes requests on to; may be changed.
        choose: given a `Seen`, the `Fault` to do or None; may be changed.
        bandwidth: bytes of bodies per second in all, or None; may be changed.
        seen: the requests that came by.
        moved: bytes of bodies that went by.
    """

    def __init__(self, store, choose=lambda seen: None, *, bandwidth=None):
        self.store = store
        self.choose = choose
        self.bandwidth = bandwidth
        self.seen = []
        self.moved = 0
        self.closing = threading.Event()
        self._lock = threading.Condition()
        self._links = set()
        self._busy = 0
        self._free_at = 0.0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(10)
        self.hang_up()
        with self._lock:
            self._lock.wait_for(lambda: not self._links, 10)

    def hang_up(self):
        """End every connection, as a network that goes away."""
        with self._lock:
            links = list(self._links)
        for link in links:
            for wire in (link.client, link.store):
                if wire is not None:
                    wire.hang_up()

    def mark(self):
        """Where the log stands, for `since`."""
        return len(self.seen)

    def since(self, mark, call=None):
        """The requests since a mark, all or those of a call."""
        return [seen for seen in self.seen[mark:] if call in {None, seen.call}]

    def wait(self, true, timeout=30):
        """Wait until something about the proxy is true; whether it is."""
        with self._lock:
            return self._lock.wait_for(true, timeout)

    def wait_moved(self, count, timeout=30):
        """Wait until so many bytes have gone by in all; whether they did."""
        return self.wait(lambda: self.moved >= count, timeout)

    def wait_seen(self, fits, mark=0, timeout=30):
        """Wait for a request; whether it came."""
        return self.wait(lambda: any(map(fits, self.seen[mark:])), timeout)

    def wait_idle(self, timeout=30):
        """Wait until no request is under way; whether it is so."""
        return self.wait(lambda: not self._busy, timeout)

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            link = Link(self, Wire(sock))
            with self._lock:
                self._links.add(link)
            threading.Thread(target=self._run, args=(link,), daemon=True).start()

    def _run(self, link):
        try:
            with contextlib.suppress(OSError):
                link.run()
        finally:
            link.end()
            with self._lock:
                self._links.discard(link)
                self._lock.notify_all()

    def widen(self):
        """Let bytes pass as fast as they can again."""
        self.bandwidth, self._free_at = None, 0.0

    @contextlib.contextmanager
    def noted(self, head):
        """The log's entry of a request; it is under way as long as the context."""
        with self._lock:
            seen = Seen.of(len(self.seen), head)
            self.seen.append(seen)
            self._busy += 1
            self._lock.notify_all()
        try:
            seen.fault = self.choose(seen)
            yield seen
        finally:
            with self._lock:
                self._busy -= 1
                self._lock.notify_all()

    def piece(self):
        """How much is passed on at once."""
        return min(PIECE, max(1024, int(self.bandwidth / 100))) if self.bandwidth else PIECE

    def passed(self, count):
        """Count bytes, and wait as the bandwidth demands."""
        with self._lock:
            self.moved += count
            self._lock.notify_all()
            if not self.bandwidth:
                return
            now = time.monotonic()
            self._free_at = free = max(self._free_at, now - 0.02) + count / self.bandwidth
        while self.bandwidth and (pause := free - time.monotonic()) > 0:
            if self.closing.wait(min(pause, 0.05)):
                return


class Link:
    """One connection of a client, and the one to the store that goes with it."""

    def __init__(self, chaos, client):
        self.chaos = chaos
        self.client = client
        self.store = None

    def end(self, *, reset=False):
        for wire in (self.client, self.store):
            if wire is not None:
                wire.close(reset=reset)

    def run(self):
        while head := self.client.until(b"\r\n\r\n"):
            # Narrow lines take small sips: what waits is noticed soon when the client is killed.
            self.client.piece = self.chaos.piece()
            with self.chaos.noted(head[:-4]) as seen:
                fault = seen.fault or Fault("")
                try:
                    goes_on = self.exchange(seen, head, fault)
                except OSError:
                    goes_on = False
                if not goes_on:
                    self.end(reset=fault.reset)
                    return

    def exchange(self, seen, head, fault):
        """Pass on one request and its answer; whether the connection can take another."""
        if fault.kind == faults.DROP:
            return False
        if fault.kind == faults.REFUSE_EARLY:
            self.refuse(seen, fault)
            return False
        if fault.kind == faults.REFUSE:
            for _ in self.client.pieces(seen.length):
                pass
            return self.refuse(seen, fault)
        if fault.kind == faults.DELAY:
            self.stall(fault.seconds)
        if fault.kind == faults.REPEAT:
            body = b"".join(bytes(piece) for piece in self.client.pieces(seen.length))
            self.connect().sock.sendall(head + body)
            if seen.method == "HEAD" or not self.swallow(self.store):
                self.store.close()
            self.connect().sock.sendall(head + body)
            seen.sent = len(body)
        elif not self.forward(seen, head, fault):
            self.answer(seen, fault)
            return False
        if fault.kind in {faults.LOSE, faults.REFUSE_DONE}:
            goes_on = self.swallow(self.store, seen)
            return fault.kind == faults.REFUSE_DONE and goes_on and self.refuse(seen, fault)
        return self.answer(seen, fault)

    def connect(self):
        """The connection to the store, a new one where the last is used up."""
        if self.store is None or self.store.sock.fileno() < 0 or self.store.readable():
            if self.store is not None:
                self.store.close()
            self.store = Wire(socket.create_connection(("127.0.0.1", self.chaos.store), 20))
            self.store.sock.settimeout(None)
        self.store.piece = self.chaos.piece()
        return self.store

    def forward(self, seen, head, fault):
        """Send a request to the store; False when the store answers before it has all of it."""
        store = self.connect()
        store.sock.sendall(head)
        size = max(seen.length, 1)
        spoiled = int(fault.share * (size - 1)) if fault.kind == faults.SPOIL else -1
        stops = int(fault.share * size) if fault.kind == faults.CUT else _NEVER
        stalls = int(fault.share * size) if fault.kind == faults.STALL else _NEVER
        if "expect" in seen.headers and seen.length and not self.invited():
            return False
        for data in self.client.pieces(seen.length):
            if seen.sent + len(data) > stops:
                store.sock.sendall(data[: stops - seen.sent])
                seen.sent = stops
                raise GoneError
            if seen.sent + len(data) > stalls:
                stalls = _NEVER
                self.stall(fault.seconds)
            piece = _spoiled(data, spoiled - seen.sent)
            if store.readable():
                return False
            try:
                store.sock.sendall(piece)
            except OSError:
                if store.readable():
                    return False
                raise
            seen.sent += len(data)
            self.chaos.passed(len(data))
        return True

    def invited(self):
        """Pass on the 100 Continue that the client waits for; False for any other answer."""
        while not self.store.held.startswith(b"HTTP/1.1 100") and self.store.more():
            pass
        if not self.store.held.startswith(b"HTTP/1.1 100"):
            return False
        self.client.sock.sendall(self.store.until(b"\r\n\r\n"))
        return True

    def answer(self, seen, fault):
        """Pass on the store's answer; whether the connection can take another request."""
        self.watch()
        head, status, length, keeps = _head(self.store)
        seen.status = status
        length = 0 if seen.method == "HEAD" else length
        size = max(length, 1)
        spoiled = int(fault.share * (size - 1)) if fault.kind == faults.SPOIL_ANSWER else -1
        stops = int(fault.share * size) if fault.kind == faults.TRUNCATE else _NEVER
        stalls = int(fault.share * size) if fault.kind == faults.STALL_ANSWER else _NEVER
        if fault.kind == faults.STALL_ANSWER and not length:
            # There is no body to stall in.
            self.client.sock.sendall(head[: len(head) // 2])
            head = head[len(head) // 2 :]
            self.stall(fault.seconds)
        self.client.sock.sendall(head)
        for data in self.store.pieces(length):
            if seen.answered + len(data) > stops:
                self.client.sock.sendall(data[: stops - seen.answered])
                seen.answered = stops
                raise GoneError
            if seen.answered + len(data) > stalls:
                stalls = _NEVER
                self.stall(fault.seconds)
            self.client.sock.sendall(_spoiled(data, spoiled - seen.answered))
            seen.answered += len(data)
            self.chaos.passed(len(data))
        seen.delivered = True
        return keeps and length != UNTIL_CLOSE and seen.headers.get("connection") != "close"

    def watch(self):
        """Wait for the store's answer, or for the client to leave."""
        while not self.store.held:
            ready, _, _ = select.select([self.store.sock, self.client.sock], [], [])
            if self.store.sock in ready:
                return
            if not self.client.more():
                raise GoneError

    def swallow(self, wire, seen=None):
        """Read an answer that nobody will hear; whether the connection can take another."""
        _, status, length, keeps = _head(wire)
        if seen is not None:
            seen.status = status
            length = 0 if seen.method == "HEAD" else length
        for _ in wire.pieces(length):
            pass
        return keeps and length != UNTIL_CLOSE

    def refuse(self, seen, fault):
        body = "" if seen.method == "HEAD" else _DOCUMENT.format(fault.code)
        self.client.sock.sendall(
            f"HTTP/1.1 {fault.status} {fault.code}\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: application/xml\r\nx-cos-request-id: chaos\r\n\r\n{body}".encode()
        )
        return True

    def stall(self, seconds):
        """Do nothing for so long, or until the client has had enough."""
        gone = select.poll()
        gone.register(self.client.sock, select.POLLRDHUP)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.chaos.closing.is_set():
            if gone.poll(10):  # milliseconds
                raise GoneError


def _head(wire):
    """An answer's head: the bytes, status, length of the body, and whether the connection stays."""
    while True:
        head = wire.until(b"\r\n\r\n")
        if not head:
            raise GoneError
        status = int(head.split(b" ", 2)[1])
        if status >= 200:
            break
    lower = head.lower()
    keeps = b"connection: close" not in lower
    if status in {204, 304}:
        return head, status, 0, keeps
    if b"\r\ntransfer-encoding: chunked" in lower:
        return head, status, CHUNKED, keeps
    _, found, rest = lower.partition(b"\r\ncontent-length:")
    return head, status, int(rest.split(b"\r\n")[0]) if found else UNTIL_CLOSE, keeps


def _spoiled(data, at):
    """A copy with a bit of the byte at ``at`` turned over; the data itself if it has no such."""
    if not 0 <= at < len(data):
        return data
    wrong = bytearray(data)
    wrong[at] ^= 0x10
    return wrong

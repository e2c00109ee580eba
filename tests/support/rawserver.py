"""A server that does exactly what its script says, byte by byte, and keeps what it received."""

import contextlib
import socket
import struct
import threading


class Conn:
    """One accepted connection, for a script."""

    def __init__(self, server, sock):
        self.server = server
        self.sock = sock
        self.held = b""

    def head(self):
        """The next request's head, up to and without its empty line; b"" when the peer is gone."""
        while b"\r\n\r\n" not in self.held:
            data = self.sock.recv(65536)
            if not data:
                return b""
            self.held += data
        head, self.held = self.held.split(b"\r\n\r\n", 1)
        self.server.heads.append(head)
        return head

    def body(self, size):
        """So many bytes more."""
        while len(self.held) < size:
            data = self.sock.recv(1 << 20)
            if not data:
                break
            self.held += data
        body, self.held = self.held[:size], self.held[size:]
        return body

    def chunked(self):
        """A chunked body, decoded."""
        whole = b""
        while True:
            size = int(self._line(), 16)
            whole += self.body(size)
            self._line()
            if not size:
                return whole

    def _line(self):
        while b"\r\n" not in self.held:
            self.held += self.sock.recv(65536)
        line, self.held = self.held.split(b"\r\n", 1)
        return line

    def send(self, data):
        self.sock.sendall(data)

    def answer(self, body=b"", status=b"200 OK", headers=b""):
        self.send(
            b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(body), headers, body)
        )

    def reset(self):
        """Close with an RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def wait(self):
        """Until the server ends or the peer is gone."""
        self.server.ended.wait(20)


def answers(conn):
    """Answer every request with its own body; the script of a server that has none."""
    while head := conn.head():
        body = b""
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower:
            body = conn.chunked()
        elif b"content-length: " in lower:
            body = conn.body(int(lower.split(b"content-length: ")[1].split(b"\r\n")[0]))
        if head.startswith(b"HEAD"):
            conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        else:
            conn.answer(body)


class RawServer:
    """Runs the next of its scripts for each connection, the last one for all that follow.

    Attributes:
        heads: of all requests, as received.
        accepted: how many connections there were.
        ended: set when the server stops.
    """

    def __init__(self, *scripts, context=None):
        self.scripts = list(scripts) or [answers]
        self.heads = []
        self.accepted = 0
        self.ended = threading.Event()
        self.context = context
        self.sockets = []
        self.threads = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"

    def __enter__(self):
        self.acceptor = threading.Thread(target=self._accept)
        self.acceptor.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.acceptor.join(10)
        for sock in self.sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self.threads:
            thread.join(10)

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.sockets.append(sock)
            script = self.scripts[min(self.accepted, len(self.scripts) - 1)]
            self.accepted += 1
            thread = threading.Thread(target=self._run, args=(script, sock))
            self.threads.append(thread)
            thread.start()

    def _run(self, script, sock):
        with contextlib.suppress(OSError):
            if self.context is not None:
                sock = self.context.wrap_socket(sock, server_side=True)
                self.sockets.append(sock)
            script(Conn(self, sock))
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

"""An ASGI app for tests of the HTTP front: what it does is in the path."""

import asyncio
import json
import threading


class Bench:
    """Serves by the first segment of the path, and remembers what it saw."""

    def __init__(self):
        self.scopes = []
        self.reasons = []
        self.sizes = []
        self.errors = []
        self.release = threading.Event()

    async def __call__(self, scope, receive, send):
        self.scopes.append(scope)
        name = scope["path"].strip("/").split("/")[0] or "echo"
        try:
            await getattr(self, name, self.echo)(scope, receive, send)
        except Exception as error:
            self.errors.append(error)
            raise

    async def _body(self, receive):
        whole = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.reasons.append(message["reason"])
                return None
            whole.append(message["body"])
            self.sizes.append(len(message["body"]))
            if not message["more_body"]:
                return b"".join(whole)

    async def _answer(self, send, body, status=200, headers=()):
        headers = [*headers, (b"Content-Length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def echo(self, scope, receive, send):
        """The body, with some headers of an object."""
        body = await self._body(receive)
        if body is not None:
            headers = [
                (b"ETag", b'"e"'),
                (b"Last-Modified", b"x"),
                (b"x-cos-Hash", b"\xe4\xbd\xa0"),
            ]
            await self._answer(send, body, headers=headers)

    async def scope(self, scope, receive, send):
        """What the app was told, as JSON."""
        await self._body(receive)
        seen = {
            "method": scope["method"],
            "path": scope["path"],
            "raw_path": scope["raw_path"].decode("ascii"),
            "query": scope["query_string"].decode("ascii"),
            "version": scope["http_version"],
            "scheme": scope["scheme"],
            "client": scope["client"],
            "headers": [[n.decode("latin-1"), v.decode("latin-1")] for n, v in scope["headers"]],
        }
        await self._answer(send, json.dumps(seen).encode())

    async def page(self, scope, receive, send):
        """60,000 bytes in one piece, the number in the path at their beginning."""
        await self._answer(send, scope["path"].split("/")[2].encode().ljust(60_000))

    async def early(self, scope, receive, send):
        """An answer without a look at the body."""
        await self._answer(send, b"early", status=403)

    async def status(self, scope, receive, send):
        """The status in the path."""
        await self._body(receive)
        status = int(scope["path"].split("/")[2])
        headers = [(b"ETag", b'"e"'), (b"Content-Length", b"12")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        body = b"" if status in {204, 304} else b"hello, world"
        await send({"type": "http.response.body", "body": body})

    async def pieces(self, scope, receive, send):
        """Ten pieces without a Content-Length."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(10):
            body = b"%d" % number * 10
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def big(self, scope, receive, send):
        """As many MiB as the path says, in pieces of one MiB."""
        count = int(scope["path"].split("/")[2])
        headers = [(b"Content-Length", b"%d" % (count << 20))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        piece = bytes(1 << 20)
        for number in range(count):
            more = number + 1 < count
            await send({"type": "http.response.body", "body": piece, "more_body": more})
            self.sizes.append(number)

    async def slow(self, scope, receive, send):
        """The echo, once the test lets it go."""
        body = await self._body(receive)
        await asyncio.to_thread(self.release.wait, 30)
        await self._answer(send, body or b"slow")

    async def stop(self, scope, receive, send):
        """A failure in the middle of a body with a Content-Length."""
        headers = [(b"Content-Length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("broke down")

    async def halt(self, scope, receive, send):
        """A failure in the middle of a body without one."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("broke down")

    async def crash(self, scope, receive, send):
        """A failure before the head."""
        raise RuntimeError("broke down")

    async def silent(self, scope, receive, send):
        """No answer at all."""

    async def lies(self, scope, receive, send):
        """A body shorter than its Content-Length."""
        headers = [(b"Content-Length", b"10")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"12345", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def inject(self, scope, receive, send):
        """A header that tries to be two."""
        headers = [(b"x-cos-meta-a", b"b\r\nSet-Cookie: c")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def lazy(self, scope, receive, send):
        """The size of the body, read only once the test lets it go."""
        await asyncio.to_thread(self.release.wait, 30)
        body = await self._body(receive)
        await self._answer(send, b"%d" % len(body or b""))

    async def timeout(self, scope, receive, send):
        """An answer of its own for a body that stalls."""
        body = await self._body(receive)
        await self._answer(send, b"own words" if body is None else b"fine", status=408)

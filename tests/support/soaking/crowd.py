"""Clients beside those that keep account: who only reads, and who has no manners."""

import contextlib
import http.client
import random
import socket
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import cosbox
from cosbox.checksums import crc64
from support.crashing.deeds import APPID
from support.serving import Serving, signed

ROUGH = f"rough-{APPID}"
_BIG = bytes(range(256)) * 4096
_LOST = {"NoSuchKey", "NoSuchBucket", "NoSuchResource", "InvalidObjectState", "InvalidRange"}
"""What others deleted while one read, or archived, or made empty."""


class Crowd:
    """What may be done at any time, beside anything.

    Attributes:
        counts: how often each was done.
    """

    def __init__(self, serving: Serving, client: Any, chance: random.Random) -> None:
        self._serving = serving
        self._client = client
        self._chance = chance
        self.counts: Counter[str] = Counter()

    def run(self, go_on: Callable[[], bool]) -> None:
        """Do one thing after the other until told to stop, or until the server is gone."""
        reads = [self._listing, self._whole, self._range, self._head, self._uploads, self._pages]
        rough = [
            self._half_a_body, self._half_an_answer, self._noise, self._unsigned, self._silent,
            self._nothing_there,
        ]  # fmt: skip
        while go_on():
            do = self._chance.choice(reads * 4 + rough)
            try:
                do()
            except cosbox.CosServiceError as error:
                if error.get_error_code() not in _LOST:
                    raise
                self.counts["gone meanwhile"] += 1
            except (cosbox.TransportError, OSError, http.client.HTTPException):
                # That of the server may be its end; it is for the others to tell.
                self.counts["broken off"] += 1
                time.sleep(0.05)  # the server may be on its way back
            self.counts[do.__name__.strip("_").replace("_", " ")] += 1

    # ---- who reads

    def _bucket(self) -> str:
        return self._chance.choice([each["Name"] for each in self._client.iter_buckets()])

    def _entry(self) -> Any:
        bucket = self._bucket()
        entries = self._client.list_objects(bucket).get("Contents", [])
        return (bucket, self._chance.choice(entries)) if entries else (ROUGH, None)

    def _listing(self) -> None:
        list(self._client.iter_versions(self._bucket()))

    def _pages(self) -> None:
        list(self._client.iter_objects(self._bucket(), Delimiter="/", MaxKeys=1))

    def _uploads(self) -> None:
        self._client.list_multipart_uploads(self._bucket())

    def _head(self) -> None:
        bucket, entry = self._entry()
        if entry is not None:
            self._client.head_object(bucket, entry["Key"])

    def _whole(self) -> None:
        bucket, entry = self._entry()
        if entry is not None:
            answer = self._client.get_object(bucket, entry["Key"])
            data = answer["Body"].read()
            assert str(crc64(data)) == answer["x-cos-hash-crc64ecma"], entry

    def _range(self) -> None:
        bucket, entry = self._entry()
        if entry is not None and int(entry["Size"]):
            last = self._chance.randrange(int(entry["Size"]))
            answer = self._client.get_object(bucket, entry["Key"], Range=f"bytes=0-{last}")
            assert len(answer["Body"].read()) == int(answer["Content-Length"])

    # ---- who is rough

    def prepare(self) -> None:
        """Make what there is to be rough with."""
        if not self._client.bucket_exists(ROUGH):
            self._client.create_bucket(ROUGH)
        self._client.put_object(ROUGH, _BIG, "big")

    def _connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._serving.port), timeout=10)

    def _head_of(self, method: str, key: str, more: str = "", *, sign: bool = True) -> bytes:
        path = f"/{ROUGH}/{key}"
        headers = signed(method, path) if sign else {}
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", more]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join(line for line in lines if line).encode() + b"\r\n\r\n"

    def _half_a_body(self) -> None:
        """Begin a large upload and leave."""
        with self._connect() as there:
            there.sendall(self._head_of("PUT", "half", f"Content-Length: {len(_BIG)}"))
            there.sendall(_BIG[: self._chance.randrange(len(_BIG))])

    def _half_an_answer(self) -> None:
        """Ask for a large object, read a little and leave."""
        with self._connect() as there:
            there.sendall(self._head_of("GET", "big"))
            there.recv(self._chance.randrange(1, 5000))

    def _noise(self) -> None:
        """Send what is no request."""
        with self._connect() as there:
            there.sendall(self._chance.randbytes(self._chance.randrange(1, 300)))
            there.shutdown(socket.SHUT_WR)
            while there.recv(65536):
                pass

    def _unsigned(self) -> None:
        """Send a body without a right to."""
        with self._connect() as there, contextlib.suppress(ConnectionError):
            there.sendall(self._head_of("PUT", "no", "Content-Length: 1000", sign=False))
            there.sendall(bytes(1000))
            assert b" 403 " in there.recv(65536)

    def _silent(self) -> None:
        """Connect and say nothing for a while."""
        with self._connect():
            time.sleep(0.2)  # the while

    def _nothing_there(self) -> None:
        """Read what is not there."""
        self._client.get_object(ROUGH, "nothing")

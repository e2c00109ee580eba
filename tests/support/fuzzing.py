"""A served store to throw bytes at, and what must hold whatever is thrown."""

import contextlib
import re
import socket
from http.client import HTTPConnection
from pathlib import Path

import apsw

from cosbox.protocol.xmlio import read_error
from support.dumping import dump
from support.ways import OTHER, OWNER, OverHttp, authorization

BUCKET = "fuzz-1250000000"
VERSIONED = "versions-1250000000"
PUBLIC = "public-1250000000"
THEIRS = "theirs-1250000001"
PART = bytes(1024 * 1024)

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) [A-Z]")
_CHANGES = re.compile(rb"(?:PUT|POST|DELETE) ")


class Target:
    """The store, and what it held when it was last looked at."""

    def __init__(self, folder):
        self.way = OverHttp(folder)
        client = self.way.client()
        for name in (BUCKET, VERSIONED, PUBLIC):
            client.create_bucket(name)
        self.way.client(OTHER).create_bucket(THEIRS)
        client.put_bucket_versioning(VERSIONED, "Enabled")
        client.put_bucket_acl(PUBLIC, ACL="public-read-write")
        self.refresh()
        self._watch = apsw.Connection(
            str(Path(folder) / "records.db"), flags=apsw.SQLITE_OPEN_READONLY, vfs="unix"
        )
        self.accept()

    def refresh(self):
        """Make what requests are about, where they took it away."""
        client = self.way.client()
        for name in (BUCKET, PUBLIC):
            client.put_object(name, b"0123456789", "a", ContentType="text/plain")
            client.put_object(name, bytes(100_000), "large")
        client.put_object(BUCKET, b"cold", "cold", StorageClass="ARCHIVE")
        self.version = client.put_object(VERSIONED, b"1", "a")["x-cos-version-id"]
        client.put_object(VERSIONED, b"2", "a")
        client.delete_object(VERSIONED, "gone")
        self.upload = client.create_multipart_upload(BUCKET, "a")["UploadId"]
        self.etag = client.upload_part(BUCKET, "a", PART, 1, self.upload)["ETag"]

    def close(self):
        """End the server; it must have had nothing to complain of."""
        self._watch.close()
        ended = self.way.serving.end()
        self.way.close()
        assert ended == (0, "", "")

    def names(self, text):
        """Text with what differs from run to run put in."""
        for name, value in (
            ("{version}", self.version),
            ("{upload}", self.upload),
            ("{etag}", self.etag.strip('"')),
        ):
            text = text.replace(name, value)
        return text

    # ------------------------------------------------------------------------------------------

    def accept(self):
        """Take what the store holds now for what it should hold."""
        self._seen = self._data_version()
        self._held = dump(self.way.folder)

    def _data_version(self):
        return self._watch.pragma("data_version")

    def assert_unchanged(self):
        """Nothing was stored that nobody was told of."""
        if self._data_version() != self._seen or self._files() != len(self._held["files"]):
            assert dump(self.way.folder) == self._held
            self._seen = self._data_version()

    def _files(self):
        return sum(path.is_file() for path in (self.way.folder / "blobs").rglob("*"))

    # ------------------------------------------------------------------------------------------

    def throw(self, data):
        """Send bytes and no more; returns all that comes back until the end."""
        back = []
        with socket.create_connection(("127.0.0.1", self.way.port), timeout=15) as sock:
            with contextlib.suppress(ConnectionError):
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):
                while piece := sock.recv(65536):
                    back.append(piece)
        return b"".join(back)

    def check_bytes(self, data):
        """Throw bytes, and hold the answers against what must be."""
        back = self.throw(data)
        assert not back or back.startswith(b"HTTP/1.1 ")
        statuses = [int(status) for status in _STATUS.findall(back)]
        self._judge(statuses, changes=bool(_CHANGES.search(data)))
        return statuses

    def _judge(self, statuses, *, changes):
        assert all(status < 500 or status == 501 for status in statuses), statuses
        if changes and any(200 <= status < 300 for status in statuses):
            self.accept()
        else:
            self.assert_unchanged()

    def ask(self, method, target, headers, body):
        """Send a request that HTTP itself has nothing against; returns status, headers, body."""
        connection = HTTPConnection("127.0.0.1", self.way.port, timeout=15)
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def check_request(self, method, target, headers, body):
        """Send a request, and hold the answer against what must be."""
        status, headers, document = self.ask(method, target, headers, body)
        assert headers["x-cos-request-id"]
        if status >= 400 and method != "HEAD":
            assert read_error(document)["code"], document
        self._judge([status], changes=method in {"PUT", "POST", "DELETE"})
        return status

    def assert_serves(self):
        """A good request is answered as ever."""
        path = f"/{BUCKET}/alive"
        self.way.client().put_object(BUCKET, b"alive", "alive")
        header = authorization(OWNER, "GET", path)
        assert self.ask("GET", path, [("Authorization", header)], b"")[2] == b"alive"
        self.accept()

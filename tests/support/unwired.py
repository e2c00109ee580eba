"""Everything behind the socket, without one: bytes of a connection to answers, for fuzzers.

They go through the reader, the gateway and the store as those of an account that owns it, since
no fuzzer guesses a signature.
"""

import contextlib
import json
import re

from cosbox.protocol.errors import Refusal
from cosbox.protocol.operations import OPERATIONS
from cosbox.server.app import incoming_of
from cosbox.server.effects import BodyFailed
from cosbox.server.gateway import Gateway
from cosbox.server.http.limits import Limits
from cosbox.server.http.reader import RequestReader
from cosbox.server.sync import drive
from cosbox.service.accounts import ensure_account
from cosbox.service.identity import Caller
from cosbox.service.reading import Stored
from cosbox.service.store import Store
from cosbox.storage.folder import open_folder

_COMPLETE = b"""<CompleteMultipartUpload>
<Part><PartNumber>1</PartNumber><ETag>ETAG</ETag></Part></CompleteMultipartUpload>"""
_DELETE = b"""<Delete><Quiet>true</Quiet>
<Object><Key>k</Key><VersionId>VERSION</VersionId></Object></Delete>"""
_VERSIONING = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
_RESTORE = b"""<RestoreRequest><Days>1</Days>
<CASJobParameters><Tier>Bulk</Tier></CASJobParameters></RestoreRequest>"""
_ACL = b"""<AccessControlPolicy><Owner><ID>i</ID></Owner><AccessControlList><Grant>
<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>u</URI>
</Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>"""

SEEDS = (
    (b"GET /", b"", b""),
    (b"PUT /b-1/", b"x-cos-acl: private\r\n", b""),
    (b"PUT /b-1/k", b"x-cos-meta-a: b\r\nContent-MD5: XUFAKrxLKna5cZ2REBfFkg==\r\n", b"hello"),
    (b"GET /b-1/k?response-content-type=a", b"Range: bytes=0-1\r\nIf-Match: x\r\n", b""),
    (b"HEAD /b-1/k?versionId=VERSION", b"If-None-Match: x\r\n", b""),
    (b"GET /b-1/k", b"If-Modified-Since: Tue, 24 Nov 2026 08:00:00 GMT\r\n", b""),
    (b"DELETE /b-1/k?versionId=VERSION", b"", b""),
    (b"PUT /b-1/c", b"x-cos-copy-source: h/b-1/k\r\nx-cos-metadata-directive: Copy\r\n", b""),
    (b"GET /b-1/?prefix=a&delimiter=%2F&marker=b&max-keys=2&encoding-type=url", b"", b""),
    (b"GET /b-1/?versions&key-marker=k&version-id-marker=VERSION", b"", b""),
    (b"GET /b-1/?uploads&key-marker=k&upload-id-marker=UPLOAD", b"", b""),
    (b"POST /b-1/k?uploads", b"x-cos-storage-class: ARCHIVE\r\n", b""),
    (b"PUT /b-1/k?partNumber=1&uploadId=UPLOAD", b"", b"part"),
    (b"PUT /b-1/k?partNumber=1&uploadId=UPLOAD", b"x-cos-copy-source: h/b-1/k\r\n", b""),
    (b"GET /b-1/k?uploadId=UPLOAD&max-parts=2", b"", b""),
    (b"DELETE /b-1/k?uploadId=UPLOAD", b"", b""),
    (b"POST /b-1/k?uploadId=UPLOAD", b"", _COMPLETE),
    (b"POST /b-1/?delete", b"Content-MD5: x\r\n", _DELETE),
    (b"PUT /b-1/?versioning", b"", _VERSIONING),
    (b"POST /b-1/k?restore", b"", _RESTORE),
    (b"PUT /b-1/k?acl", b"", _ACL),
    (b"GET /b-1/?acl", b'x-cos-grant-read: id="1"\r\n', b""),
)
_REFRESH = 200
"""Runs after which what was taken away is there again."""


def seed(target, lines, body):
    """A whole request."""
    head = target + b" HTTP/1.1\r\nHost: h\r\n" + lines
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


class Requests:
    """What the reader told of a connection's bytes."""

    now = 0.0

    def __init__(self):
        self.found = []

    def request_began(self, scope, *, keep_alive, expects, old):
        self.found.append([scope, bytearray(), False])

    def request_body(self, piece):
        self.found[-1][1] += piece

    def request_ended(self):
        self.found[-1][2] = True

    def has_enough(self):
        return False


class Harness:
    """A store of its own, in a temporary folder."""

    def __init__(self, folder):
        self._folder = opened = open_folder(folder)
        self._store = Store(opened.records, opened.blobs)
        self._gateway = Gateway(self._store)
        account = opened.records.write(lambda t: ensure_account(t, now=0, appid="1")).result()
        self._caller = Caller(account.appid, account.uin)
        self._runs = 0
        self._known = {}

    def close(self):
        """Let go of the folder."""
        self._folder.close()

    def _refresh(self):
        """Make an object, a version and an upload that requests can be about."""
        for request in SEEDS[1:3]:
            self._all(seed(*request))
        (found,) = self._all(seed(*SEEDS[11]))
        upload = re.search(b"<UploadId>(.*)</UploadId>", found.body)[1]
        (part,) = self._all(seed(b"PUT /b-1/k?partNumber=1&uploadId=" + upload, b"", b"part"))
        (listed,) = self._all(seed(b"GET /b-1/?versions", b"", b""))
        version = re.search(b"<VersionId>(.*)</VersionId>", listed.body)
        etag = part.headers["ETag"].strip('"').encode()
        self._known = {b"UPLOAD": upload, b"ETAG": etag}
        self._known[b"VERSION"] = version[1] if version else b"null"

    def serve(self, data):
        """Everything that a server does with bytes; returns the answers."""
        if self._runs % _REFRESH == 0:
            self._refresh()
        self._runs += 1
        for name, value in self._known.items():
            data = data.replace(name, value)
        return self._all(data)

    def _all(self, data):
        requests = Requests()
        reader = RequestReader(requests, {}, requests, Limits())
        with contextlib.suppress(Refusal):
            reader.feed(data)
        return [self._answer(s, bytes(body), whole=whole) for s, body, whole in requests.found]

    def _answer(self, scope, body, *, whole):
        pieces = iter([body] if body else [])

        def source(_size):
            piece = next(pieces, b"")
            if not piece and not whole:
                raise BodyFailed
            return piece

        incoming = incoming_of(scope)
        signed = "authorization" in incoming.headers or b"q-" in scope["query_string"]
        if not signed:
            incoming = incoming._replace(caller=self._caller)
        try:
            outgoing = drive(self._gateway.handle(incoming), self._store, source)
        except BodyFailed:
            return None
        if isinstance(outgoing.body, Stored):
            for _ in outgoing.body.chunks():
                pass
        for name, value in outgoing.headers.items():
            assert not set(name + value) & set("\r\n\0"), (name, value)
        assert outgoing.status < 500 or outgoing.status == 501, outgoing
        return outgoing


def words():
    """A dictionary for libFuzzer: what requests are made of."""
    found = {
        "0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n",
        "%00",
        "%ff",
        "1000",
        "url",
        "x-cos-meta-",
    }
    for operation in OPERATIONS.values():
        found |= {operation.method + " ", operation.marker + "=", *operation.selectors}
        for param in operation.params:
            found |= {param.wire, *param.values}
            if param.document:
                found |= _elements(param.document)
    lines = (json.dumps(word.encode().decode("latin-1")) for word in sorted(found) if word)
    return "\n".join(line.replace("\\r\\n", "\\x0d\\x0a") for line in lines)


def _elements(node):
    found = {f"<{node.name}>", f"</{node.name}>"}
    for child in node.children:
        found |= _elements(child)
    return found

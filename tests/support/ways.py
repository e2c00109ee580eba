"""The ways to reach a store, behind one face: over HTTP, and in the process.

A way gives clients of several accounts and of nobody, sends requests that no client would, and
moves the store's clock.
"""

import http.client
import itertools
import time
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from cosbox.client.aio.client import AsyncCosS3Client
from cosbox.client.bodies import BytesBody
from cosbox.client.config import CosConfig
from cosbox.client.sync import CosS3Client
from cosbox.client.transports.async_inprocess import AsyncInProcessTransport
from cosbox.client.transports.base import HttpRequest, Timeouts
from cosbox.client.transports.inprocess import InProcessTransport
from cosbox.protocol.signing import Credential, sign
from cosbox.protocol.xmlio import read_error
from cosbox.service import accounts
from cosbox.service.clock import FolderClock, SystemClock
from cosbox.service.identity import ANONYMOUS
from cosbox.storage.folder import open_folder
from support.awaiting import Awaited
from support.serving import Serving

REGION = "ap-guangzhou"
_FOLLOWS = 0.25
"""Seconds after which every process goes by a clock that was moved."""


class Who(NamedTuple):
    """An account with a key pair; without an APPID, nobody."""

    appid: str
    uin: str
    secret_id: str
    secret_key: str

    @property
    def cam(self):
        """As access lists name it."""
        return f"qcs::cam::uin/{self.uin}:uin/{self.uin}"


OWNER = Who("1250000000", "100000000001", "AKIDowner", "owner-secret")
OTHER = Who("1250000001", "100000000002", "AKIDother", "other-secret")
THIRD = Who("1250000002", "100000000003", "AKIDthird", "third-secret")
NOBODY = Who("", "", "", "")


class Reply(NamedTuple):
    """An answer; names of headers in lower case."""

    status: int
    headers: dict
    body: bytes

    @property
    def code(self):
        """The COS code of an error document."""
        return read_error(self.body).get("code", "")

    @property
    def told(self):
        """Status and code."""
        return self.status, self.code


def make_store(folder):
    """A store that knows the accounts above."""

    def add(txn):
        for who in (OWNER, OTHER, THIRD):
            accounts.create_account(txn, now=0, appid=who.appid, uin=who.uin)
            accounts.create_key_pair(
                txn, who.appid, now=0, secret_id=who.secret_id, secret_key=who.secret_key
            )

    with open_folder(folder) as store:
        store.records.write(add).result()


def target_of(path, query):
    """Path and query as they go over the wire; the path is decoded text with its slash."""
    pairs = "&".join(
        f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" if v else k for k, v in query.items()
    )
    return quote(path, safe="/-_.~") + (f"?{pairs}" if pairs else "")


def authorization(who, method, path, query=None, headers=None, *, start=-60, end=600):
    """The header that signs a request; times in seconds from now."""
    now = int(time.time())
    return sign(
        Credential(who.secret_id, who.secret_key),
        method,
        path,
        query=query or {},
        headers=headers or {},
        start=now + start,
        end=now + end,
    ).header()


class Way:
    """What all ways have."""

    def __init__(self, folder):
        self.folder = Path(folder)
        make_store(self.folder)
        self._clients = {}
        self._numbers = itertools.count()
        self._moved = False

    def client(self, who=OWNER):
        """A client of an account, or of nobody."""
        if who not in self._clients:
            self._clients[who] = self.make_client(who)
        return self._clients[who]

    def fresh_name(self, who=OWNER):
        """A name that no bucket had yet."""
        return f"bucket-{next(self._numbers)}-{who.appid}"

    def travel(self, **span):
        """Move the store's clock, by what timedelta takes."""
        self._moved = True
        FolderClock(self.folder).move(timedelta(**span))
        time.sleep(_FOLLOWS)

    def come_back(self):
        """The store's clock is the machine's again."""
        if self._moved:
            FolderClock(self.folder).reset()
            time.sleep(_FOLLOWS)
        self._moved = False

    def now(self):
        """The store's time, in microseconds."""
        return SystemClock().now() + FolderClock(self.folder).offset() // timedelta(microseconds=1)

    def close(self):
        """Close all clients."""
        for client in self._clients.values():
            client.close()


class OverHttp(Way):
    """Clients of ``cosbox serve`` in a process of its own."""

    def __init__(self, folder):
        super().__init__(folder)
        self.serving = Serving(
            folder,
            "--region",
            REGION,
            keys={"COSBOX_SECRET_ID": OWNER.secret_id, "COSBOX_SECRET_KEY": OWNER.secret_key}
            | {"COSBOX_APPID": OWNER.appid},
        )
        self.port = self.serving.port

    def config(self, who, **more):
        """The configuration of a client."""
        keys = {"SecretId": who.secret_id, "SecretKey": who.secret_key}
        signs = keys if who.uin else {"Anonymous": True}
        return CosConfig(Endpoint=f"127.0.0.1:{self.port}", Region=REGION, **signs, **more)

    def make_client(self, who):
        return CosS3Client(self.config(who), retry=0)

    def ask(self, method, path, *, query=None, headers=None, body=b"", who=OWNER):
        """Send a request as it is, signed for an account."""
        query, headers = query or {}, dict(headers or {})
        if who.uin:
            headers["Authorization"] = authorization(who, method, path, query)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, target_of(path, query), body=body or None, headers=headers)
            answer = connection.getresponse()
            named = {name.lower(): text for name, text in answer.getheaders()}
            return Reply(answer.status, named, answer.read())
        finally:
            connection.close()

    def close(self):
        super().close()
        self.serving.__exit__()


class Embedded(Way):
    """Clients of a folder in this process."""

    def __init__(self, folder):
        super().__init__(folder)
        self._folder = open_folder(folder)
        self._clock = FolderClock(folder)

    def _transport(self, who, kind=InProcessTransport):
        appid = who.appid or OWNER.appid
        transport = kind(self._folder, appid=appid, region=REGION, clock=self._clock)
        if not who.uin:
            transport._caller = ANONYMOUS
        return transport

    def make_client(self, who):
        config = CosConfig(Region=REGION, Endpoint="localhost", Anonymous=True)
        return CosS3Client(config, transport=self._transport(who), retry=0)

    def ask(self, method, path, *, query=None, headers=None, body=b"", who=OWNER):
        """Send a request as it is, for an account."""
        request = HttpRequest(
            method=method,
            scheme="http",
            host="localhost",
            connect="",
            target=target_of(path, query or {}),
            headers={name.lower(): text for name, text in (headers or {}).items()},
            body=BytesBody(body) if body else None,
            stream=False,
        )
        response = self._transport(who).send(request, Timeouts())
        named = {name.lower(): text for name, text in response.headers}
        return Reply(response.status, named, response.body)

    def close(self):
        super().close()
        self._folder.close()


class AsyncOverHttp(OverHttp):
    """Async clients of ``cosbox serve``, waited for."""

    def make_client(self, who):
        return Awaited(lambda: AsyncCosS3Client(self.config(who), retry=0))


class AsyncEmbedded(Embedded):
    """Async clients of a folder in this process, waited for."""

    def make_client(self, who):
        config = CosConfig(Region=REGION, Endpoint="localhost", Anonymous=True)
        transport = self._transport(who, AsyncInProcessTransport)
        return Awaited(lambda: AsyncCosS3Client(config, transport=transport, retry=0))


WAYS = {
    "http": OverHttp,
    "embedded": Embedded,
    "async": AsyncOverHttp,
    "async embedded": AsyncEmbedded,
}
SERVED = ("http", "async")
"""Those where requests are signed."""

"""Requests signed before the clock starts, so that a load costs its sender next to nothing."""

import time
from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import quote, urlencode

from cosbox.protocol.signing import Credential, sign

APPID: Final = "1250000000"
KEYS: Final = ("AKIDbenchmark", "benchmarksecret")
BUCKET: Final = f"bench-{APPID}"
HOST: Final = f"{BUCKET}.cos.local.myqcloud.com"
HOUR: Final = 3600


class Request(NamedTuple):
    """A request without a body."""

    method: str
    host: str
    target: str

    def head(self, length: int | None = None) -> bytes:
        """Its bytes on the wire, for a body of a length."""
        sized = "" if length is None else f"Content-Length: {length}\r\n"
        return f"{self.method} {self.target} HTTP/1.1\r\nHost: {self.host}\r\n{sized}\r\n".encode()


class Signer(Protocol):
    """Makes requests that a server accepts."""

    def request(self, method: str, key: str, query: Mapping[str, str] | None = None) -> Request:
        """A signed request about a key of the bucket; "" is the bucket itself."""
        ...


class CosSigner:
    """The q-sign signature in the URL."""

    def request(self, method: str, key: str, query: Mapping[str, str] | None = None) -> Request:
        """As `Signer.request`."""
        now = int(time.time())
        signature = sign(
            Credential(*KEYS),
            method,
            f"/{key}",
            query=query or {},
            headers={"host": HOST},
            start=now - 60,
            end=now + HOUR,
        )
        asked = f"{urlencode(query)}&" if query else ""
        return Request(method, HOST, f"/{quote(key)}?{asked}{signature.query()}")


class S3Signer:
    """SigV4 in the URL, the body unsigned, addressed by the path."""

    def __init__(self, port: int) -> None:
        self._host = f"127.0.0.1:{port}"

    @cached_property
    def _client(self) -> Any:
        secret_id, secret_key = KEYS
        config = import_module("botocore.config").Config(
            signature_version="s3v4", s3={"addressing_style": "path"}
        )
        return import_module("boto3").client(
            "s3",
            endpoint_url=f"http://{self._host}",
            aws_access_key_id=secret_id,
            aws_secret_access_key=secret_key,
            region_name="us-east-1",
            config=config,
        )

    def request(self, method: str, key: str, query: Mapping[str, str] | None = None) -> Request:
        """As `Signer.request`."""
        params = {"Bucket": BUCKET}
        if key:
            params["Key"] = key
            call = {"PUT": "put_object", "GET": "get_object"}[method]
        elif method == "PUT":
            call = "create_bucket"
        else:
            call = "list_objects"
            params |= {name.title(): value for name, value in (query or {}).items()}
        url = self._client.generate_presigned_url(call, Params=params, ExpiresIn=HOUR)
        return Request(method, self._host, url.partition(self._host)[2])


class NoSigner:
    """For a server that wants no signature."""

    def request(self, method: str, key: str, query: Mapping[str, str] | None = None) -> Request:
        """As `Signer.request`."""
        return Request(method, HOST, f"/{quote(key)}?{urlencode(query or {})}".rstrip("?"))

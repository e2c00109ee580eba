"""Requests on their way out: addressed, signed, ready for a transport; and URLs that are signed
for someone else to use."""

from collections.abc import Mapping
from typing import Final

from cosbox.client.bodies import Body
from cosbox.client.config import CosConfig
from cosbox.client.runtime import Runtime
from cosbox.client.transports.base import HttpRequest
from cosbox.protocol.addressing import Endpoint
from cosbox.protocol.errors import ParameterError
from cosbox.protocol.messages import Request
from cosbox.protocol.names import normal_bucket, normal_key
from cosbox.protocol.percent import encode, encode_path
from cosbox.protocol.requests import as_text
from cosbox.protocol.signing import Credential, Signature, is_signed_header, sign

TOKEN: Final = "x-cos-security-token"  # noqa: S105 - a header's name
_HEAD_START: Final = 60
_LIFETIME: Final = 10_000
_REUSE: Final = 60


class Signer:
    """Addresses and signs, by a configuration and a clock."""

    def __init__(self, config: CosConfig, runtime: Runtime, *, signs: bool) -> None:
        self._config = config
        self._runtime = runtime
        self._signs = signs
        self._signs_host = config.sign_host
        self._signs_params = config.sign_params
        self._made = 0
        self._base = {"user-agent": config.user_agent}
        if not config.keep_alive:
            self._base["connection"] = "close"

    def prepare(
        self,
        request: Request,
        headers: Mapping[str, str],
        body: Body | None,
        endpoint: Endpoint,
        *,
        stream: bool,
        once: bool,
    ) -> HttpRequest:
        """The request as a transport takes it, signed as of now."""
        host, path = endpoint.target(request.bucket, request.key)
        sent = {**self._base, **headers}
        credential = self._config.credential() if self._signs else None
        if credential is not None:
            if credential.token:
                sent[TOKEN] = credential.token
            length = None if body is None else body.length
            sent["authorization"] = self._authorization(
                credential, request.method, host, path, request.query, sent, length
            )
        return HttpRequest(
            request.method,
            endpoint.scheme,
            host,
            encode_path(path) + _query_text(request.query),
            endpoint.connect,
            sent,
            body,
            stream,
            once=once,
        )

    def _authorization(
        self,
        credential: Credential,
        method: str,
        host: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        length: int | None,
    ) -> str:
        signed = {name: text for name, text in headers.items() if is_signed_header(name)}
        if self._signs_host:
            signed["host"] = host
        if length is not None:
            signed["content-length"] = str(length)
        start = self._start()
        return sign(
            credential,
            method,
            path,
            query=query if self._signs_params else {},
            headers=signed,
            start=start,
            end=start + _HEAD_START + _LIFETIME,
        ).header()

    def _start(self) -> int:
        """When signatures begin to be valid: the same for a minute, since the key that is derived
        from it is half of the work of signing."""
        now = int(self._runtime.now())
        if not self._made <= now < self._made + _REUSE:
            self._made = now
        return self._made - _HEAD_START

    def authorization(
        self,
        method: str,
        bucket: object,
        key: object,
        *,
        lifetime: int,
        headers: Mapping[str, object] | None,
        params: Mapping[str, object] | None,
        sign_host: bool | None,
    ) -> str:
        """The Authorization header of a request that someone else sends."""
        query = _texts(params)
        signature, _, _ = self._grant(
            self._credential(), method, bucket, key, lifetime, headers, query, sign_host
        )
        return signature.header()

    def presign(
        self,
        method: str,
        bucket: object,
        key: object,
        *,
        lifetime: int,
        headers: Mapping[str, object] | None,
        params: Mapping[str, object] | None,
        sign_host: bool | None,
    ) -> str:
        """A URL that lets whoever holds it make one kind of request for a while."""
        credential = self._credential()
        query = _texts(params)
        if credential.token:
            query[TOKEN] = credential.token
        signature, name, object_key = self._grant(
            credential, method, bucket, key, lifetime, headers, query, sign_host
        )
        url = f"{self._config.endpoint.url(name, object_key)}?{signature.query()}"
        more = _query_text(query)
        return f"{url}&{more[1:]}" if more else url

    def _credential(self) -> Credential:
        credential = self._config.credential()
        if credential is None:
            raise ParameterError(
                "an anonymous client cannot sign: SecretId and SecretKey are needed"
            )
        return credential

    def _grant(
        self,
        credential: Credential,
        method: str,
        bucket: object,
        key: object,
        lifetime: int,
        headers: Mapping[str, object] | None,
        query: Mapping[str, str],
        sign_host: bool | None,
    ) -> tuple[Signature, str, str | None]:
        if not isinstance(lifetime, int) or lifetime <= 0:
            raise ParameterError(f"Expired must be seconds above 0, not {lifetime!r}")
        name = normal_bucket(bucket, self._config.defaults.appid)
        # A request about the bucket itself, such as a listing, can be signed as well.
        object_key = None if key in {None, "", b""} else normal_key(key)
        endpoint = self._config.endpoint
        host, path = endpoint.target(name, object_key)
        signed = {
            wire.lower(): text
            for wire, text in _texts(headers).items()
            if is_signed_header(wire.lower())
        }
        if self._signs_host if sign_host is None else sign_host:
            signed.setdefault("host", endpoint.connect or host)
        now = int(self._runtime.now())
        signature = sign(
            credential,
            method,
            path,
            query=query if self._signs_params else {},
            headers=signed,
            start=now - _HEAD_START,
            end=now + lifetime,
        )
        return signature, name, object_key


def _texts(values: Mapping[str, object] | None) -> dict[str, str]:
    return {
        name: as_text(name, value) for name, value in (values or {}).items() if value is not None
    }


def _query_text(query: Mapping[str, str]) -> str:
    """The query with its question mark; a sub-resource stands first and has no ``=``."""
    if not query:
        return ""
    pairs = [f"{encode(k)}={encode(v)}" if v else k for k, v in query.items()]
    return "?" + "&".join(pairs)

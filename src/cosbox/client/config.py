"""`CosConfig`: where a client's requests go, as whom, and how patiently.

The parameters have the names, the order and the meaning that they have in the official SDK.
"""

from collections.abc import Mapping
from typing import Any, Final

from cosbox._version import __version__
from cosbox.client import credentials
from cosbox.client.endpoints import alternative, canonical_region, connect_address, resolve
from cosbox.client.transports.base import Timeouts
from cosbox.protocol.addressing import Endpoint
from cosbox.protocol.errors import ParameterError
from cosbox.protocol.requests import Defaults
from cosbox.protocol.signing import Credential
from cosbox.protocol.suggest import unknown_name

_MORE: Final[Mapping[str, Any]] = {
    "Access_id": None,
    "Access_key": None,
    "Secret_id": None,
    "Secret_key": None,
    "Endpoint": None,
    "IP": None,
    "Port": None,
    "Anonymous": None,
    "UA": None,
    "Proxies": None,
    "Domain": None,
    "ServiceDomain": None,
    "KeepAlive": True,
    "PoolConnections": 10,
    "PoolMaxSize": 10,
    "AllowRedirects": False,
    "SignHost": True,
    "EnableOldDomain": True,
    "EnableInternalDomain": True,
    "SignParams": True,
    "AutoSwitchDomainOnRetry": False,
    "VerifySSL": None,
    "SSLCert": None,
}
"""The parameters that are given by name, and what each is when it is not given."""

_NAMED: Final = (
    "Appid", "Region", "SecretId", "SecretKey", "Token", "CredentialInstance", "Scheme", "Timeout",
)  # fmt: skip

_COPY_PART_THRESHOLD: Final = 5 * 1024**3
_SLOW_STALL: Final = 1200.0
"""Seconds that a call may stay silent while the store puts an object together."""


class CosConfig:
    """Everything that a client needs to know.

    Args:
        Appid: appended to bucket names that do not end with it.
        Region: such as ``ap-guangzhou``.
        SecretId, SecretKey: the key pair; without them and without CredentialInstance the
            environment's ``COSBOX_SECRET_ID`` and ``COSBOX_SECRET_KEY`` are taken.
        Token: the security token of a temporary key pair.
        CredentialInstance: an object with ``secret_id``, ``secret_key`` and ``token``, read at
            every signature.
        Scheme: ``https`` or ``http``; https unless the endpoint is an IP address or a single label
            such as localhost.
        Timeout: seconds, or ``(connect, read)``, where read is how long no byte may move.
        Endpoint: ``host[:port]`` to use instead of the region's, with or without a scheme.
        IP, Port: connect there instead; the URL and the Host header stay.
        Anonymous: send no signature.
        UA: the User-Agent.
        Proxies: as in requests, ``{"https": "http://proxy:3128"}``.
        Domain: a domain of your own that stands for one bucket.
        ServiceDomain: the host of list_buckets.
        KeepAlive: False closes the connection after every request.
        PoolConnections, PoolMaxSize: how many idle connections are kept.
        AllowRedirects: only False; a COS call that is redirected is an error.
        SignHost, SignParams: whether the Host header and the query are signed.
        EnableOldDomain: False takes ``tencentcos.cn`` instead of ``myqcloud.com``.
        EnableInternalDomain: with EnableOldDomain=False, the region's internal host.
        AutoSwitchDomainOnRetry: make the last attempt at Tencent's other domain, when the answers
            before were not the store's.
        VerifySSL: False trusts any certificate; a path names the CA certificates to trust.
        SSLCert: a client certificate: a path, or ``(certificate, key)``.

    Raises:
        ParameterError: a parameter is unknown, missing or has no sense.

    >>> CosConfig(Region="cossh", SecretId="id", SecretKey="key")
    CosConfig('https://cos.ap-shanghai.myqcloud.com')
    >>> CosConfig(Endpoint="127.0.0.1:8000", Anonymous=True)
    CosConfig('http://127.0.0.1:8000')
    """

    def __init__(
        self,
        Appid: str | int | None = None,
        Region: str | None = None,
        SecretId: str | None = None,
        SecretKey: str | None = None,
        Token: str | None = None,
        CredentialInstance: Any = None,
        Scheme: str | None = None,
        Timeout: float | tuple[float | None, float | None] | None = None,
        **more: Any,
    ) -> None:
        for name in more:
            if name not in _MORE:
                known = [*_NAMED, *_MORE]
                raise ParameterError(
                    unknown_name(f"CosConfig has no parameter {name!r}", name, known)
                )
        given = {**_MORE, **more}
        if given["AllowRedirects"]:
            raise ParameterError("AllowRedirects must be False: a signature is good for one host")
        self._endpoint = resolve(
            region=Region,
            endpoint=given["Endpoint"],
            domain=given["Domain"],
            service_domain=given["ServiceDomain"],
            scheme=Scheme,
            connect=connect_address(given["IP"], given["Port"]),
            old_domain=bool(given["EnableOldDomain"]),
            internal=bool(given["EnableInternalDomain"]),
        )
        self._alternative = (
            alternative(self._endpoint) if given["AutoSwitchDomainOnRetry"] else None
        )
        self._defaults = Defaults(
            appid=str(Appid) if Appid else None,
            region=canonical_region(Region) if Region else None,
        )
        self._timeouts, self._slow_timeouts = _timeouts(Timeout)
        self._provider = (
            None
            if given["Anonymous"]
            else _provider(
                SecretId or given["Secret_id"] or given["Access_id"],
                SecretKey or given["Secret_key"] or given["Access_key"],
                Token,
                CredentialInstance,
            )
        )
        self._more = given
        self._copy_part_threshold = _COPY_PART_THRESHOLD

    def __repr__(self) -> str:
        return f"CosConfig('{self._endpoint.scheme}://{self._endpoint.domain}')"

    @property
    def endpoint(self) -> Endpoint:
        """Where requests go."""
        return self._endpoint

    @property
    def alternative(self) -> Endpoint | None:
        """Where the last attempt goes when AutoSwitchDomainOnRetry is set."""
        return self._alternative

    @property
    def defaults(self) -> Defaults:
        """What is added to every call."""
        return self._defaults

    @property
    def anonymous(self) -> bool:
        """Whether requests go out without a signature."""
        return self._provider is None

    @property
    def sign_host(self) -> bool:
        """Whether the Host header is signed."""
        return bool(self._more["SignHost"])

    @property
    def sign_params(self) -> bool:
        """Whether query parameters are signed."""
        return bool(self._more["SignParams"])

    @property
    def user_agent(self) -> str:
        """The User-Agent header."""
        return str(self._more["UA"] or f"cosbox/{__version__}")

    @property
    def keep_alive(self) -> bool:
        """Whether connections are used again."""
        return bool(self._more["KeepAlive"])

    @property
    def pool_size(self) -> int:
        """How many idle connections are kept."""
        return max(int(self._more["PoolConnections"]), int(self._more["PoolMaxSize"]))

    @property
    def proxies(self) -> Mapping[str, str] | None:
        """Proxies by scheme; None takes those of the environment."""
        proxies: Mapping[str, str] | None = self._more["Proxies"]
        return proxies

    @property
    def verify(self) -> bool | str:
        """Whether certificates are verified, or the path of the CA certificates."""
        verify: bool | str | None = self._more["VerifySSL"]
        return True if verify is None else verify

    @property
    def client_certificate(self) -> str | tuple[str, str] | None:
        """The client certificate."""
        certificate: str | tuple[str, str] | None = self._more["SSLCert"]
        return certificate

    def timeouts(self, operation: str) -> Timeouts:
        """The limits of an operation's requests."""
        return self._slow_timeouts if operation in _SLOW else self._timeouts

    @property
    def copy_part_threshold(self) -> int:
        """The largest object, in bytes, that `CosS3Client.copy` copies in one request."""
        return self._copy_part_threshold

    def set_copy_part_threshold_size(self, size: int) -> None:
        """Set the largest object that `CosS3Client.copy` copies in one request.

        Args:
            size: in bytes; 5 GiB, which is the most that the store takes, unless it is set.

        Raises:
            ParameterError: it is no such size.
        """
        if not isinstance(size, int) or not 0 <= size <= _COPY_PART_THRESHOLD:
            raise ParameterError(f"the threshold must be 0 to 5 GiB in bytes, not {size!r}")
        self._copy_part_threshold = size

    def credential(self) -> Credential | None:
        """The credential to sign with now; None for anonymous clients."""
        return self._provider() if self._provider else None

    def set_credential(self, SecretId: str, SecretKey: str, Token: str | None = None) -> None:
        """Replace the key pair, all of it at once; requests that are signed later use it.

        Raises:
            ParameterError: it is missing or has blanks.
        """
        self._provider = credentials.static(credentials.checked(SecretId, SecretKey, Token))


_SLOW: Final = frozenset({"complete_multipart_upload", "copy_object", "upload_part_copy"})


def _provider(
    secret_id: str | None, secret_key: str | None, token: str | None, source: object
) -> credentials.Provider:
    if secret_id or secret_key:
        return credentials.static(credentials.checked(secret_id, secret_key, token))
    if source is not None:
        return credentials.instance(source)
    found = credentials.environment()
    if found is None:
        raise ParameterError("SecretId and SecretKey are needed, or Anonymous=True")
    return found


def _timeouts(timeout: object) -> tuple[Timeouts, Timeouts]:
    """The limits of usual calls, and of those that the store works at for long."""
    if timeout is None:
        return Timeouts(), Timeouts(stall=_SLOW_STALL)
    pair = timeout if isinstance(timeout, (tuple, list)) else (timeout, timeout)
    if len(pair) != 2:
        raise ParameterError(f"Timeout must be a number or (connect, read), not {timeout!r}")
    for seconds in pair:
        number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
        if seconds is not None and not (number and seconds > 0):
            raise ParameterError(f"Timeout must be seconds above 0, not {seconds!r}")
    chosen = Timeouts(connect=pair[0], stall=pair[1])
    return chosen, chosen

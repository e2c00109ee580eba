"""From a configuration's Region, Endpoint, Domain and IP to the `Endpoint` that requests go to."""

import re
from typing import Final

from cosbox.protocol.addressing import Endpoint, is_plain_host, split_port
from cosbox.protocol.errors import ParameterError

_ALIASES: Final = {
    "cossh": "ap-shanghai",
    "cosgz": "ap-guangzhou",
    "cosbj": "ap-beijing",
    "costj": "ap-beijing-1",
    "coscd": "ap-chengdu",
    "cossgp": "ap-singapore",
    "coshk": "ap-hongkong",
    "cosca": "na-toronto",
    "cosger": "eu-frankfurt",
}
"""The names that regions had in COS version 4."""

_WITHOUT_COS: Final = frozenset(
    {"cn-north", "cn-south", "cn-east", "cn-south-2", "cn-southwest", "sg"}
)
"""Old regions whose hosts have no ``cos.`` in front."""

_REGION = re.compile(r"[A-Za-z0-9.-]+", re.ASCII)
_TENCENT: Final = (".myqcloud.com", ".tencentcos.cn")


def canonical_region(region: str) -> str:
    """The present name of a region.

    >>> canonical_region("cossh"), canonical_region("cos.ap-guangzhou")
    ('ap-shanghai', 'ap-guangzhou')

    Raises:
        ParameterError: it has characters that no host name has.
    """
    if not isinstance(region, str) or not _REGION.fullmatch(region):
        raise ParameterError(f"Region {region!r} must be letters, digits and '-'")
    region = region.removeprefix("cos.")
    return _ALIASES.get(region, region)


def region_host(region: str, *, old_domain: bool = True, internal: bool = True) -> str:
    """The host under which the buckets of a region stand.

    >>> region_host("ap-guangzhou")
    'cos.ap-guangzhou.myqcloud.com'
    >>> region_host("ap-guangzhou", old_domain=False)
    'cos-internal.ap-guangzhou.tencentcos.cn'
    """
    tail = "myqcloud.com" if old_domain else "tencentcos.cn"
    name = canonical_region(region)
    if name in _WITHOUT_COS:
        return f"{name}.{tail}"
    prefix = "cos-internal" if internal and not old_domain else "cos"
    return f"{prefix}.{name}.{tail}"


def split_url(text: str, what: str) -> tuple[str | None, str]:
    """Scheme, if one is given, and ``host[:port]`` of what users write for an endpoint.

    >>> split_url("http://127.0.0.1:8000/", "Endpoint"), split_url("a.b", "Endpoint")
    (('http', '127.0.0.1:8000'), (None, 'a.b'))

    Raises:
        ParameterError: it has a path, a user, or a scheme other than http and https.
    """
    scheme = None
    if "://" in text:
        from urllib.parse import urlsplit  # noqa: PLC0415 - most are bare hosts

        parts = urlsplit(text)
        scheme = parts.scheme
        if scheme not in {"http", "https"}:
            raise ParameterError(f"{what} {text!r} must begin with http:// or https://")
        if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise ParameterError(f"{what} {text!r} must be a host, with no path and no user")
        text = parts.netloc
    host, port = split_port(text)
    if not host:
        raise ParameterError(f"{what} is empty")
    if port:
        _check_port(port, what)
    return scheme, text


def _check_port(port: int | str, what: str) -> None:
    text = str(port)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ParameterError(f"{what} has no valid port: {port!r} is not 1 to 65535")


def resolve(
    *,
    region: str | None,
    endpoint: str | None,
    domain: str | None,
    service_domain: str | None,
    scheme: str | None,
    connect: str,
    old_domain: bool,
    internal: bool,
) -> Endpoint:
    """The endpoint of a configuration: Domain before Endpoint before Region.

    A host that is an IP address or a single label cannot have a bucket before it, so it is used
    in path style, and over http unless a scheme is named.

    Raises:
        ParameterError: nothing says where to go, or it is no host.
    """
    custom = bool(domain)
    if domain:
        given, host = split_url(domain, "Domain")
    elif endpoint:
        given, host = split_url(endpoint, "Endpoint")
    elif region:
        given, host = None, region_host(region, old_domain=old_domain, internal=internal)
    else:
        raise ParameterError("Region or Endpoint is needed")
    if scheme not in {None, "http", "https"}:
        raise ParameterError(f"Scheme must be http or https, not {scheme!r}")
    if given and scheme and given != scheme:
        raise ParameterError(f"Scheme is {scheme!r} but the endpoint begins with {given}://")
    plain = is_plain_host(split_port(host)[0])
    return Endpoint(
        scheme=given or scheme or ("http" if plain else "https"),
        domain=host,
        style="path" if plain and not custom else "virtual",
        service=_service_host(host, service_domain, old_domain=old_domain),
        custom=custom,
        connect=connect,
    ).checked()


def _service_host(host: str, service_domain: str | None, *, old_domain: bool) -> str:
    if service_domain:
        return split_url(service_domain, "ServiceDomain")[1]
    if host.endswith(_TENCENT):
        return "service.cos.myqcloud.com" if old_domain else "service.cos.tencentcos.cn"
    # A store of one's own lists its buckets at its own host: account-level requests, and the
    # key id in them, go nowhere else.
    return ""


def connect_address(ip: str | None, port: int | str | None) -> str:
    """``host[:port]`` of the parameters IP and Port; empty when there is no IP.

    >>> connect_address("::1", 80), connect_address("10.0.0.1", None)
    ('[::1]:80', '10.0.0.1')

    Raises:
        ParameterError: the port is no port, or stands alone.
    """
    if not ip:
        if port:
            raise ParameterError("Port needs IP; a port for the Endpoint is written in it")
        return ""
    host = f"[{ip}]" if ":" in ip and not ip.startswith("[") else ip
    if port is None or port == "":
        return host
    _check_port(port, "Port")
    return f"{host}:{port}"


def alternative(endpoint: Endpoint) -> Endpoint | None:
    """The same place under Tencent's other domain, for AutoSwitchDomainOnRetry; None if it has no
    other.

    >>> alternative(Endpoint("https", "cos.ap-x.myqcloud.com")).domain
    'cos.ap-x.tencentcos.cn'
    """
    head = endpoint.domain.removesuffix(".myqcloud.com")
    if head == endpoint.domain or not head.startswith("cos."):
        return None
    if endpoint.custom or endpoint.connect:
        return None
    return Endpoint(endpoint.scheme, f"{head}.tencentcos.cn", service=endpoint.service)

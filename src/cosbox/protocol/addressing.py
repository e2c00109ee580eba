"""Where a bucket and a key stand in a URL, seen from both ends.

Virtual-host style: ``https://<bucket>.cos.<Region>.myqcloud.com/<key>``.
Path style: ``http://127.0.0.1:8000/<bucket>/<key>``.
"""

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple, Self

from cosbox.protocol.errors import ParameterError, Refusal
from cosbox.protocol.names import is_bucket_name
from cosbox.protocol.percent import decode_bytes, encode_path

Style = Literal["virtual", "path"]

_LONGEST_HOST: Final = 255 + len(":65535")
_HOST = re.compile(r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?", re.ASCII)


@lru_cache(maxsize=1024)
def is_plain_host(host: str) -> bool:
    """Whether a host (no port) is an IP address or a single label, and so holds no bucket.

    >>> is_plain_host("127.0.0.1"), is_plain_host("localhost"), is_plain_host("a.b.c")
    (True, True, False)
    """
    bare = host.strip("[]")
    if "." not in bare and ":" not in bare:
        return True
    import ipaddress  # noqa: PLC0415 - most hosts are names

    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return False
    return True


def split_port(host: str) -> tuple[str, str]:
    """Host and port of ``host[:port]``; the port is empty where there is none.

    >>> split_port("[::1]:80"), split_port("a.b")
    (('[::1]', '80'), ('a.b', ''))
    """
    if host.endswith("]") or ":" not in host:
        return host, ""
    name, _, port = host.rpartition(":")
    return name, port


class Place(NamedTuple):
    """What a received request is about, and the decoded path that its signer signed."""

    bucket: str | None
    key: str | None
    path: str


def locate(host: str, raw_path: str) -> Place:
    """Bucket and key of a received request.

    A host whose first label has the form ``name-APPID`` and that has more labels is a bucket's
    (virtual-host style); every other host is the service's, and the path begins with the bucket.

    >>> locate("b-125.cos.ap-x.myqcloud.com", "/dir/a%20b")
    Place(bucket='b-125', key='dir/a b', path='/dir/a b')
    >>> locate("127.0.0.1:8000", "/b-125/dir/a")
    Place(bucket='b-125', key='dir/a', path='/b-125/dir/a')
    >>> locate("service.cos.myqcloud.com", "/")
    Place(bucket=None, key=None, path='/')

    Raises:
        Refusal: InvalidURI for a path that is not percent-encoded UTF-8 or names a key and no
            bucket, or for a host that is none.
    """
    named = _bucket_of(host)
    path = decode_path(raw_path)
    if named is not None:
        return Place(named, path[1:] or None, path)
    bucket, _, key = path[1:].partition("/")
    if key and not bucket:
        raise Refusal("InvalidURI", "The path has no bucket before its second '/'.")
    return Place(bucket or None, key or None, path)


@lru_cache(maxsize=1024)
def _bucket_of(host: str) -> str | None:
    """The bucket that a Host header names, if it names one."""
    if len(host) > _LONGEST_HOST or not _HOST.fullmatch(host):
        raise Refusal("InvalidURI", "The Host header is missing or is not a host name.")
    name, _ = split_port(host)
    first = name.partition(".")[0].lower()
    return first if not is_plain_host(name) and is_bucket_name(first) else None


def decode_path(raw_path: str) -> str:
    """The path of a received URL, decoded; nothing in it is folded or normalised.

    COS reads a bare ``+`` in a path as a space, so this does too; clients send ``%2B``.

    Raises:
        Refusal: InvalidURI.
    """
    if not raw_path.startswith("/"):
        raise Refusal("InvalidURI", "The path must begin with '/'.")
    if "%" not in raw_path and "+" not in raw_path and raw_path.isascii():
        return raw_path
    try:
        return decode_bytes(raw_path.replace("+", " ")).decode()
    except UnicodeError as error:
        raise Refusal("InvalidURI", "The path is not percent-encoded UTF-8.") from error


class Endpoint(NamedTuple):
    """Where a client's requests go.

    Attributes:
        scheme: ``http`` or ``https``.
        domain: what follows ``<bucket>.`` in virtual-host style, or the whole host in path style;
            may carry a port.
        style: how the bucket is addressed.
        service: the host of account-level requests (the list of buckets).
        custom: the domain stands for one bucket, whose name is not in the URL.
        connect: ``host[:port]`` to connect to where it is not the URL's own, as with CosConfig's
            IP and Port.
    """

    scheme: str
    domain: str
    style: Style = "virtual"
    service: str = ""
    custom: bool = False
    connect: str = ""

    def checked(self) -> Self:
        """The same, if requests can go there.

        Raises:
            ParameterError: a host is none.
        """
        for host in (self.domain, self.service, self.connect):
            if host and not _HOST.fullmatch(host):
                raise ParameterError(f"{host!r} is not host[:port]")
        return self

    def target(self, bucket: str | None, key: str | None) -> tuple[str, str]:
        """Host header and decoded path of a request.

        >>> Endpoint("http", "127.0.0.1:80", "path").target("b-125", "a b")
        ('127.0.0.1:80', '/b-125/a b')
        >>> Endpoint("https", "cos.ap-x.myqcloud.com").target("b-125", "a b")
        ('b-125.cos.ap-x.myqcloud.com', '/a b')
        """
        tail = f"/{key or ''}"
        if bucket is None:
            return self.service or self.domain, tail
        if self.style == "path":
            return self.domain, f"/{bucket}{tail}"
        return self.domain if self.custom else f"{bucket}.{self.domain}", tail

    def url(self, bucket: str | None, key: str | None) -> str:
        """The URL of an object, without a query.

        >>> Endpoint("https", "cos.ap-x.myqcloud.com").url("b-125", "a b")
        'https://b-125.cos.ap-x.myqcloud.com/a%20b'
        """
        host, path = self.target(bucket, key)
        return f"{self.scheme}://{self.connect or host}{encode_path(path)}"

"""A request as options of a libcurl handle."""

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pycurl

from cosbox.client.transports.base import HttpRequest, RequestBody, Timeouts
from cosbox.protocol.errors import ParameterError, TransportError

_BUFFER: Final = 128 * 1024
"""Larger ones do not stay in the processor's cache, and are slower for it."""
_UPLOAD_BUFFER: Final = 512 * 1024
_UNSENDABLE: Final = re.compile(r"[\0\r\n]")
_BLANK: Final = re.compile(r"[\0-\x20\x7f]")
_FRAMING: Final = frozenset({"host", "content-length", "transfer-encoding"})
_PROXY_VARIABLES: Final = ("http_proxy", "all_proxy", "ALL_PROXY")
"""Where libcurl looks for the proxy of an ``http`` URL."""
_SUPPRESS_CONNECT_HEADERS: Final = 265
"""Of libcurl; pycurl has no name for it."""
_ABORT: Final[int] = pycurl.READFUNC_ABORT
_CANNOT_SEEK: Final[int] = pycurl.SEEKFUNC_FAIL
_SOUGHT: Final[int] = pycurl.SEEKFUNC_OK


@dataclass(frozen=True, slots=True)
class Settings:
    """What a transport's connections have in common.

    Attributes:
        verify: whether to check certificates, or the CA bundle to check them by.
        certificate: the client's, or None.
        proxies: by scheme; None goes by the environment.
    """

    verify: bool | str
    certificate: str | tuple[str, str] | None
    proxies: Mapping[str, str] | None


class Upload:
    """The body of a request, as libcurl pulls it.

    Attributes:
        failure: what the body's ``read`` raised, or a signal's handler while libcurl ran.
    """

    __slots__ = ("_body", "_length", "_sent", "failure")

    def __init__(self, body: RequestBody | None) -> None:
        self._body = body
        self._length = body.length if body is not None else 0
        self._sent = 0
        self.failure: BaseException | None = None

    @property
    def length(self) -> int | None:
        """How many bytes there will be; None where nobody knows."""
        return self._length

    @property
    def present(self) -> bool:
        """Whether there is a body at all."""
        return self._body is not None

    def read(self, size: int) -> bytes | int:
        """For READFUNCTION."""
        assert self._body is not None  # noqa: S101 - set up only with a body
        try:
            data = self._body.read(size)
            self._sent += len(data)
            if len(data) > size:
                raise TransportError(  # noqa: TRY301 - caught as any failure of the body
                    f"the body gave {len(data)} bytes where {size} were asked for"
                )
            if not data and self._length is not None and self._sent < self._length:
                raise TransportError(  # noqa: TRY301 - caught as any failure of the body
                    f"the body ended after {self._sent} of {self._length} bytes"
                )
        except BaseException as error:  # noqa: BLE001 - raised again once libcurl has returned
            self.failure = error
            return _ABORT
        return data

    def seek(self, offset: int, origin: int) -> int:
        """For SEEKFUNCTION: libcurl sends again what a stale connection swallowed."""
        assert self._body is not None  # noqa: S101 - set up only with a body
        if offset or origin or not self._body.replayable:
            return _CANNOT_SEEK
        try:
            self._body.rewind()
        except BaseException as error:  # noqa: BLE001 - as in read
            self.failure = error
            return _CANNOT_SEEK
        self._sent = 0
        return _SOUGHT


def establish(handle: pycurl.Curl, request: HttpRequest, settings: Settings) -> bool:
    """Set up a fresh or reset handle for requests to one place.

    Returns:
        whether they may go by a proxy that wants their targets absolute.
    """
    setopt = handle.setopt
    setopt(pycurl.PATH_AS_IS, 1)
    setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    setopt(pycurl.NOSIGNAL, 1)
    setopt(pycurl.TCP_NODELAY, 1)
    setopt(pycurl.TCP_KEEPALIVE, 1)
    setopt(pycurl.BUFFERSIZE, _BUFFER)
    setopt(pycurl.UPLOAD_BUFFERSIZE, _UPLOAD_BUFFER)
    # The head of a proxy's answer to CONNECT is none of the answer's.
    setopt(_SUPPRESS_CONNECT_HEADERS, 1)
    if request.connect and request.connect != request.host:
        setopt(pycurl.CONNECT_TO, [f"::{request.connect}"])
    if request.scheme == "https":
        _set_tls(handle, settings)
    return _set_proxy(handle, request.scheme, settings)


def describe(handle: pycurl.Curl, request: HttpRequest, upload: Upload, *, proxied: bool) -> None:
    """Set up an established handle for one request, READFUNCTION excepted.

    Raises:
        ParameterError: it cannot be written as HTTP.
    """
    _set_target(handle, request, proxied=proxied)
    _set_method(handle, request.method, upload)
    _set_headers(handle, request, upload)


def limit_connecting(handle: pycurl.Curl, timeouts: Timeouts) -> None:
    """Set how long it may take to connect."""
    limit = timeouts.connect
    milliseconds = 2**31 - 1 if limit is None else max(1, round(limit * 1000))
    handle.setopt(pycurl.CONNECTTIMEOUT_MS, milliseconds)


def _set_target(handle: pycurl.Curl, request: HttpRequest, *, proxied: bool) -> None:
    target = request.target
    if _BLANK.search(target) or not target.startswith("/"):
        raise ParameterError(f"not a target of a request: {target[:80]!r}")
    base = f"{request.scheme}://{request.host}"
    if proxied:
        # Only libcurl knows whether the target is to be absolute, so it makes it from the URL.
        handle.setopt(pycurl.URL, base + target)
    else:
        # Which it would otherwise write in its own way: escapes in capitals, nothing after "#".
        handle.setopt(pycurl.URL, base + "/")
        handle.setopt(pycurl.REQUEST_TARGET, target.encode())


def _set_method(handle: pycurl.Curl, method: str, upload: Upload) -> None:
    setopt = handle.setopt
    setopt(pycurl.HTTPGET, 1)  # undoes what the request before needed
    own = "GET"
    if upload.present:
        own = "PUT"
        setopt(pycurl.UPLOAD, 1)
        setopt(pycurl.SEEKFUNCTION, upload.seek)
        setopt(pycurl.INFILESIZE_LARGE, -1 if upload.length is None else upload.length)
    elif method == "HEAD":
        own = "HEAD"
        setopt(pycurl.NOBODY, 1)
    elif method in {"PUT", "POST"}:
        own = "POST"
        setopt(pycurl.POSTFIELDS, "")
    if method == own:
        handle.unsetopt(pycurl.CUSTOMREQUEST)
    else:
        setopt(pycurl.CUSTOMREQUEST, method)


def _set_headers(handle: pycurl.Curl, request: HttpRequest, upload: Upload) -> None:
    headers = request.headers
    if not _FRAMING.isdisjoint(headers):
        raise ParameterError("Host, Content-Length and Transfer-Encoding follow from the request")
    # libcurl's own Host leaves out the scheme's port, which the signature may cover.
    lines = [f"Host: {request.host}", "Expect:", "Accept:"]
    if "user-agent" not in headers:
        lines.append("User-Agent:")
    if not upload.present and "content-type" not in headers:
        lines.append("Content-Type:")  # libcurl has one of its own for a POST
    for name, value in headers.items():
        # An empty value is spelt with a semicolon, since "name:" removes the header.
        lines.append(f"{name}: {value}" if value.strip() else f"{name};")
    if _UNSENDABLE.search("".join(lines)):
        names = [name for name, value in headers.items() if _UNSENDABLE.search(name + value)]
        raise ParameterError(f"a line break or NUL in the headers {', '.join(names)}")
    handle.setopt(pycurl.HTTPHEADER, [line.encode() for line in lines])


def _set_proxy(handle: pycurl.Curl, scheme: str, settings: Settings) -> bool:
    if settings.proxies is not None:
        proxy = settings.proxies.get(scheme, "")
        handle.setopt(pycurl.PROXY, proxy)
        handle.setopt(pycurl.NOPROXY, "")
        return bool(proxy) and scheme == "http"
    if scheme != "http":
        return False
    if any(os.environ.get(name) for name in _PROXY_VARIABLES):
        return True
    # Whatever becomes of the environment: the targets of this handle will not be absolute.
    handle.setopt(pycurl.PROXY, "")
    return False


def _set_tls(handle: pycurl.Curl, settings: Settings) -> None:
    if settings.verify is False:
        handle.setopt(pycurl.SSL_VERIFYPEER, 0)
        handle.setopt(pycurl.SSL_VERIFYHOST, 0)
    elif isinstance(settings.verify, str):
        _trust(handle, settings.verify)
    else:
        _trust_the_system(handle)
    if settings.certificate is not None:
        file, key = (
            (settings.certificate, None)
            if isinstance(settings.certificate, str)
            else settings.certificate
        )
        handle.setopt(pycurl.SSLCERT, file)
        if key is not None:
            handle.setopt(pycurl.SSLKEY, key)


def _trust(handle: pycurl.Curl, authorities: str) -> None:
    """Trust these, and not those that libcurl was built to trust."""
    handle.unsetopt(pycurl.CAINFO)
    handle.unsetopt(pycurl.CAPATH)
    folder = Path(authorities).is_dir()
    handle.setopt(pycurl.CAPATH if folder else pycurl.CAINFO, authorities)


def _trust_the_system(handle: pycurl.Curl) -> None:
    """Wheels of libcurl do not know where this system keeps its certificates; Python's ssl does."""
    handle.setopt(pycurl.SSL_OPTIONS, pycurl.SSLOPT_NATIVE_CA)
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        handle.setopt(pycurl.CAINFO, paths.cafile)
    if paths.capath:
        handle.setopt(pycurl.CAPATH, paths.capath)

"""A request as options of a libcurl handle."""

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

import pycurl

from cosbox.client.transports.base import HttpRequest, RequestBody, Timeouts
from cosbox.protocol.errors import ParameterError, TransportError

_BUFFER: Final = 512 * 1024
_UPLOAD_BUFFER: Final = 512 * 1024
_UNSENDABLE: Final = re.compile(r"[\0\r\n]")
_BLANK: Final = re.compile(r"[\0-\x20\x7f]")
_FRAMING: Final = frozenset({"host", "content-length", "transfer-encoding"})
_PROXY_VARIABLES: Final = ("http_proxy", "all_proxy", "ALL_PROXY")
"""Where libcurl looks for the proxy of an ``http`` URL."""
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
        over: whether libcurl has had all of it.
    """

    __slots__ = ("_body", "_length", "_sent", "failure", "over")

    def __init__(self, body: RequestBody | None) -> None:
        self._body = body
        self._length = body.length if body is not None else 0
        self._sent = 0
        self.failure: BaseException | None = None
        self.over = body is None

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
        self.over = not data or self._sent == self._length
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
        self._sent, self.over = 0, False
        return _SOUGHT

    def progress(self, *_counts: int) -> int:
        """For XFERINFOFUNCTION: Python gets a chance to run the handlers of signals."""
        try:
            return 0 if self.failure is None else 1
        except KeyboardInterrupt as interrupt:
            self.failure = interrupt
            return 1

    def check(self) -> None:
        """Raise what went wrong although an answer came."""
        if self.failure is not None:
            raise self.failure


def apply(
    handle: pycurl.Curl,
    request: HttpRequest,
    timeouts: Timeouts,
    settings: Settings,
    upload: Upload,
) -> None:
    """Set up a fresh or reset handle for one request.

    Raises:
        ParameterError: it cannot be written as HTTP.
    """
    setopt = handle.setopt
    _set_target(handle, request, settings)
    setopt(pycurl.PATH_AS_IS, 1)
    setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    setopt(pycurl.NOSIGNAL, 1)
    setopt(pycurl.TCP_NODELAY, 1)
    setopt(pycurl.TCP_KEEPALIVE, 1)
    setopt(pycurl.BUFFERSIZE, _BUFFER)
    if request.connect and request.connect != request.host:
        setopt(pycurl.CONNECT_TO, [f"::{request.connect}"])
    _set_method(handle, request, upload)
    _set_headers(handle, request, upload)
    _set_timeouts(handle, timeouts)
    _set_proxy(handle, request, settings)
    if request.scheme == "https":
        _set_tls(handle, settings)
    setopt(pycurl.NOPROGRESS, 0)
    setopt(pycurl.XFERINFOFUNCTION, upload.progress)


def _set_target(handle: pycurl.Curl, request: HttpRequest, settings: Settings) -> None:
    if _BLANK.search(request.target) or not request.target.startswith("/"):
        raise ParameterError(f"not a target of a request: {request.target[:80]!r}")
    base = f"{request.scheme}://{request.host}"
    if request.scheme == "http" and _may_go_by_proxy(settings):
        # Only libcurl knows whether the target is to be absolute, so it makes it from the URL.
        handle.setopt(pycurl.URL, base + request.target)
    else:
        # Which it would otherwise write in its own way: escapes in capitals, nothing after "#".
        handle.setopt(pycurl.URL, base + "/")
        handle.setopt(pycurl.REQUEST_TARGET, request.target.encode())


def _may_go_by_proxy(settings: Settings) -> bool:
    if settings.proxies is not None:
        return bool(settings.proxies.get("http"))
    return any(os.environ.get(name) for name in _PROXY_VARIABLES)


def _set_method(handle: pycurl.Curl, request: HttpRequest, upload: Upload) -> None:
    method = request.method
    if upload.present:
        handle.setopt(pycurl.UPLOAD, 1)
        handle.setopt(pycurl.UPLOAD_BUFFERSIZE, _UPLOAD_BUFFER)
        handle.setopt(pycurl.READFUNCTION, upload.read)
        handle.setopt(pycurl.SEEKFUNCTION, upload.seek)
        if upload.length is not None:
            handle.setopt(pycurl.INFILESIZE_LARGE, upload.length)
        if method != "PUT":
            handle.setopt(pycurl.CUSTOMREQUEST, method)
    elif method == "HEAD":
        handle.setopt(pycurl.NOBODY, 1)
    elif method in {"PUT", "POST"}:
        handle.setopt(pycurl.POSTFIELDS, "")
        if method == "PUT":
            handle.setopt(pycurl.CUSTOMREQUEST, method)
    elif method != "GET":
        handle.setopt(pycurl.CUSTOMREQUEST, method)


def _set_headers(handle: pycurl.Curl, request: HttpRequest, upload: Upload) -> None:
    # libcurl's own Host leaves out the scheme's port, which the signature may cover.
    lines = [f"Host: {request.host}".encode(), b"Expect:", b"Accept:"]
    if "user-agent" not in request.headers:
        lines.append(b"User-Agent:")
    if not upload.present and "content-type" not in request.headers:
        lines.append(b"Content-Type:")  # libcurl has one of its own for a POST
    for name, value in request.headers.items():
        if name in _FRAMING or _UNSENDABLE.search(name) or _UNSENDABLE.search(value):
            raise ParameterError(f"not a header of a request: {name}: {value[:80]!r}")
        # An empty value is spelt with a semicolon, since "name:" removes the header.
        lines.append(f"{name}: {value}".encode() if value.strip() else f"{name};".encode())
    handle.setopt(pycurl.HTTPHEADER, lines)


def _set_timeouts(handle: pycurl.Curl, timeouts: Timeouts) -> None:
    if timeouts.connect is not None:
        handle.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, round(timeouts.connect * 1000)))
    else:
        handle.setopt(pycurl.CONNECTTIMEOUT_MS, 2**31 - 1)
    if timeouts.stall is not None:
        handle.setopt(pycurl.LOW_SPEED_LIMIT, 1)
        handle.setopt(pycurl.LOW_SPEED_TIME, max(1, ceil(timeouts.stall)))
    if timeouts.total is not None and not timeouts.total <= 0:
        handle.setopt(pycurl.TIMEOUT_MS, max(1, round(timeouts.total * 1000)))


def _set_proxy(handle: pycurl.Curl, request: HttpRequest, settings: Settings) -> None:
    if settings.proxies is None:
        return
    handle.setopt(pycurl.PROXY, settings.proxies.get(request.scheme, ""))
    handle.setopt(pycurl.NOPROXY, "")


def _set_tls(handle: pycurl.Curl, settings: Settings) -> None:
    if settings.verify is False:
        handle.setopt(pycurl.SSL_VERIFYPEER, 0)
        handle.setopt(pycurl.SSL_VERIFYHOST, 0)
    elif isinstance(settings.verify, str):
        handle.setopt(pycurl.CAINFO, settings.verify)
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


def _trust_the_system(handle: pycurl.Curl) -> None:
    """Wheels of libcurl do not know where this system keeps its certificates; Python's ssl does."""
    handle.setopt(pycurl.SSL_OPTIONS, pycurl.SSLOPT_NATIVE_CA)
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        handle.setopt(pycurl.CAINFO, paths.cafile)
    if paths.capath:
        handle.setopt(pycurl.CAPATH, paths.capath)

"""What a libcurl handle has set for all requests to one place."""

import os
from pathlib import Path
from typing import Final

import pycurl

from cosbox.client.transports.base import HttpRequest
from cosbox.client.transports.settings import Settings

_BUFFER: Final = 128 * 1024
"""Larger ones do not stay in the processor's cache, and are slower for it."""
_UPLOAD_BUFFER: Final = 512 * 1024
_PROXY_VARIABLES: Final = ("http_proxy", "all_proxy", "ALL_PROXY")
"""Where libcurl looks for the proxy of an ``http`` URL."""
_SUPPRESS_CONNECT_HEADERS: Final = 265
"""Of libcurl; pycurl has no name for it."""


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
    import ssl  # noqa: PLC0415 - takes long to load, and plain HTTP does without

    handle.setopt(pycurl.SSL_OPTIONS, pycurl.SSLOPT_NATIVE_CA)
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        handle.setopt(pycurl.CAINFO, paths.cafile)
    if paths.capath:
        handle.setopt(pycurl.CAPATH, paths.capath)

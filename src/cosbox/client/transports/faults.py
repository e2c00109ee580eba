"""What libcurl calls a failure, in the client's terms."""

from typing import Final

import pycurl

from cosbox.client.transports.base import HttpRequest, Timeouts
from cosbox.protocol.errors import TransportError, TransportTimeoutError

_NEVER_SENT: Final = frozenset(
    {
        pycurl.E_COULDNT_RESOLVE_PROXY,
        pycurl.E_COULDNT_RESOLVE_HOST,
        pycurl.E_COULDNT_CONNECT,
        pycurl.E_SSL_CONNECT_ERROR,
        pycurl.E_PEER_FAILED_VERIFICATION,
    }
)
"""Failures before the first byte of the request left."""


def transport_error(
    code: int, message: str, request: HttpRequest, timeouts: Timeouts, *, connected: bool
) -> TransportError:
    """The error for one of libcurl's codes.

    Args:
        code: of libcurl.
        message: of libcurl.
        request: that failed.
        timeouts: that it had.
        connected: whether there was a connection to send the request on, see `was_connected`.
    """
    where = _where(request)
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return _timeout(where, timeouts, connected=connected)
    if code == pycurl.E_PEER_FAILED_VERIFICATION:
        message += "; to trust it, pass VerifySSL='<file of its CA>'"
    error = TransportError(f"{where}: {message}")
    error.unsent = code in _NEVER_SENT
    return error


def _timeout(where: str, timeouts: Timeouts, *, connected: bool) -> TransportTimeoutError:
    if not connected:
        text = f"{where}: no connection within {timeouts.connect} s"
    else:
        text = f"{where}: not done within {timeouts.total} s"
    error = TransportTimeoutError(text)
    error.unsent = not connected
    return error


def was_connected(handle: pycurl.Curl) -> bool:
    """Whether a transfer got as far as sending its request.

    libcurl's times are no help: that of connecting is 0 on a connection that was there.
    """
    return bool(handle.getinfo(pycurl.REQUEST_SIZE))


def not_done(request: HttpRequest, timeouts: Timeouts, *, sent: bool) -> TransportTimeoutError:
    """The limit for everything passed."""
    error = TransportTimeoutError(f"{_where(request)}: not done within {timeouts.total} s")
    error.unsent = not sent
    return error


def not_moving(request: HttpRequest, timeouts: Timeouts) -> TransportTimeoutError:
    """The peer stands still."""
    return TransportTimeoutError(f"{_where(request)}: no byte moved for {timeouts.stall} s")


def broken_off(request: HttpRequest, received: int, length: int) -> TransportError:
    """The connection ended in the middle of a body."""
    return TransportError(
        f"{_where(request)}: the body broke off after {received} of {length} bytes"
    )


def _where(request: HttpRequest) -> str:
    return f"{request.method} {request.connect or request.host}"

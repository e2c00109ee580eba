"""What libcurl calls a failure, in the client's terms."""

from typing import Final, NoReturn

import pycurl

from cosbox.client.transports.base import HttpRequest, Timeouts
from cosbox.protocol.errors import CosException, TransportError, TransportTimeoutError

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
    where = f"{request.method} {request.connect or request.host}"
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return _timeout(where, message, timeouts, connected=connected)
    if code == pycurl.E_PEER_FAILED_VERIFICATION:
        message += "; to trust it, pass VerifySSL='<file of its CA>'"
    error = TransportError(f"{where}: {message}")
    error.unsent = code in _NEVER_SENT
    return error


def _timeout(
    where: str, message: str, timeouts: Timeouts, *, connected: bool
) -> TransportTimeoutError:
    if not connected:
        text = f"{where}: no connection within {timeouts.connect} s"
    elif "too slow" in message:
        text = f"{where}: no byte moved for {timeouts.stall} s"
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


def raise_fault(
    error: BaseException,
    failure: BaseException | None,
    request: HttpRequest,
    timeouts: Timeouts,
    *,
    connected: bool,
) -> NoReturn:
    """Raise what a transfer failed with: what its body raised, or else libcurl's error."""
    if failure is not None:
        raise failure
    if not isinstance(error, pycurl.error):
        raise error
    code, message = error.args[0], error.args[1]
    if code == pycurl.E_ABORTED_BY_CALLBACK:
        # A signal's handler raised between two lines of ours, and libcurl was told to stop.
        raise KeyboardInterrupt from error
    made: CosException = transport_error(code, message, request, timeouts, connected=connected)
    raise made from error

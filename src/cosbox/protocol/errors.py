"""The tree of errors, for both ends.

::

    CosException
    ├── CosClientError            this side could not send the call, or not make sense of the answer
    │   ├── ParameterError        the call's arguments are wrong; nothing was sent
    │   ├── TransportError        no answer: refused, reset, broken off, unresolved, untrusted
    │   │   └── TransportTimeoutError  no answer in time
    │   ├── IntegrityError        bytes arrived, but not the ones the other side vouches for
    │   ├── SourceChangedError    what is being moved is no longer what it was at first
    │   └── TransferCancelledError  the caller gave a transfer up
    └── CosServiceError           the store answered with an error
        ├── NotModifiedError      304
        ├── NotFoundError         404
        ├── AccessDeniedError     403
        ├── ArchivedError         the object must be restored before it is read
        ├── PreconditionError     412
        ├── ConflictError         409
        └── ServerFaultError      5xx

Inside the store a refusal is a `Refusal`: a code of the table in `cosbox.protocol.codes`. The
server turns it into an error document and the client turns that into a `CosServiceError`.
"""

from collections.abc import Mapping
from typing import Final

from cosbox.protocol.codes import CODES


class CosException(Exception):  # noqa: N818 - the name that the official SDK's users catch
    """Anything that goes wrong in a call."""


class CosClientError(CosException):
    """The call failed on this side of the wire."""


class ParameterError(CosClientError, ValueError):
    """An argument is missing, unknown, or has a value that cannot be sent. Nothing was sent."""


class TransportError(CosClientError, OSError):
    """No usable answer came back. Whether the store acted on the request is not known.

    Attributes:
        unsent: True when it is known that nothing was sent, since no connection came about. Such
            a request may be sent again whatever it asks for. Set by transports.
    """

    unsent: bool = False


class TransportTimeoutError(TransportError, TimeoutError):
    """The peer did not connect, answer, or move bytes within the limit set for it."""


class IntegrityError(CosClientError):
    """The bytes sent or received are not those that the other side's checksum describes."""


class SourceChangedError(CosClientError):
    """The file or object that was being moved was written to meanwhile. A mixture of the two was
    not stored."""


class TransferCancelledError(CosClientError):
    """The transfer was ended by `TransferControl.cancel`. The same call takes it up again."""


class CosServiceError(CosException):
    """The store refused the call, or failed while serving it.

    The getters have the names of the official SDK's.
    """

    def __init__(
        self,
        method: str,
        message: str,
        status_code: int,
        *,
        operation: str = "",
        digest: Mapping[str, str] | None = None,
    ) -> None:
        """Make one from an answer: its status, its raw document, and what was read out of it."""
        self._method = method
        self._origin = message
        self._status = status_code
        self._digest = dict(digest or {})
        self._operation = operation
        super().__init__(method, message, status_code)

    def __str__(self) -> str:
        where = self.get_resource_location()
        text = f"{self._operation or self._method} {where}: {self._status} {self.get_error_code()}"
        if message := self.get_error_msg():
            text += f": {message}"
        if hint := HINTS.get(self.get_error_code()):
            text += f" ({hint})"
        if request_id := self.get_request_id():
            text += f" [request id {request_id}]"
        return text

    def get_origin_msg(self) -> str:
        """The raw error document as it was received; empty for answers without a body."""
        return self._origin

    def get_digest_msg(self) -> dict[str, str]:
        """Code, message, resource, requestid and traceid as a dict."""
        return dict(self._digest)

    def get_status_code(self) -> int:
        """The HTTP status."""
        return self._status

    def get_error_code(self) -> str:
        """The COS code, such as ``NoSuchKey``."""
        return self._digest.get("code", "Unknown")

    def get_error_msg(self) -> str:
        """The store's explanation."""
        return self._digest.get("message", "")

    def get_resource_location(self) -> str:
        """What the request was about, as the store names it."""
        return self._digest.get("resource", "")

    def get_trace_id(self) -> str:
        """The trace id, when the store sent one."""
        return self._digest.get("traceid", "")

    def get_request_id(self) -> str:
        """The id to quote to whoever runs the store."""
        return self._digest.get("requestid", "")


class NotModifiedError(CosServiceError):
    """304: the object is the one that the caller has already, so there is nothing to return."""


class NotFoundError(CosServiceError):
    """404: no such bucket, object, version or upload."""


class AccessDeniedError(CosServiceError):
    """403: the caller may not do this, or is not who the signature says."""


class ArchivedError(CosServiceError):
    """InvalidObjectState: the object is archived, and has to be restored before it is read."""


class PreconditionError(CosServiceError):
    """412: a condition of the request does not hold."""


class ConflictError(CosServiceError):
    """409: the state of the bucket or object excludes the request."""


class ServerFaultError(CosServiceError):
    """5xx: the store failed or is overloaded. Trying again later may work."""


HINTS: Final[Mapping[str, str]] = {
    "InvalidAccessKeyId": "check the SecretId",
    "SignatureDoesNotMatch": "check the SecretKey",
    "RequestTimeTooSkewed": "set this machine's clock",
    "NoSuchBucket": "check the bucket's name, its APPID and the region",
    "InvalidObjectState": "restore the archived object first",
}
"""What to do, for the codes where that is always the same."""

_BY_CODE: Final[Mapping[str, type[CosServiceError]]] = {"InvalidObjectState": ArchivedError}
_BY_STATUS: Final[Mapping[int, type[CosServiceError]]] = {
    304: NotModifiedError,
    403: AccessDeniedError,
    404: NotFoundError,
    409: ConflictError,
    412: PreconditionError,
}


def service_error(
    method: str, message: str, status: int, *, operation: str = "", digest: Mapping[str, str]
) -> CosServiceError:
    """The error of the class that its code, or else its status, calls for."""
    kind = (
        _BY_CODE.get(digest.get("code", ""))
        or _BY_STATUS.get(status)
        or (ServerFaultError if status >= 500 else CosServiceError)
    )
    return kind(method, message, status, operation=operation, digest=digest)


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """The store will not do what was asked.

    Args:
        code: a key of `cosbox.protocol.codes.CODES`.
        message: why, where the table's own message can be bettered.
        headers: response headers that go with it, such as ``x-cos-storage-class``.
        details: extra elements of the error document, such as ``StringToSign``.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, str] | None = None,
    ) -> None:
        row = CODES[code]
        self.code = code
        self.status = row.status
        self.message = message or row.message
        self.headers: Mapping[str, str] = headers or {}
        self.details: Mapping[str, str] = details or {}
        super().__init__(code, self.message)

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.message}"


__all__ = [
    "HINTS",
    "AccessDeniedError",
    "ArchivedError",
    "ConflictError",
    "CosClientError",
    "CosException",
    "CosServiceError",
    "IntegrityError",
    "NotFoundError",
    "NotModifiedError",
    "ParameterError",
    "PreconditionError",
    "Refusal",
    "ServerFaultError",
    "SourceChangedError",
    "TransferCancelledError",
    "TransportError",
    "TransportTimeoutError",
    "service_error",
]

"""The body of a request, as libcurl pulls it."""

from typing import Final

import pycurl

from cosbox.client.bodies import BytesBody
from cosbox.client.transports.base import RequestBody
from cosbox.protocol.errors import TransportError

_ABORT: Final[int] = pycurl.READFUNC_ABORT
_CANNOT_SEEK: Final[int] = pycurl.SEEKFUNC_FAIL
_SOUGHT: Final[int] = pycurl.SEEKFUNC_OK


class Upload:
    """A body that is read piece by piece.

    Attributes:
        length: how many bytes there will be; None where nobody knows.
        failure: what the body's ``read`` raised, or a signal's handler while libcurl ran.
    """

    __slots__ = ("_body", "_sent", "failure", "length")

    def __init__(self, body: RequestBody) -> None:
        self._body = body
        self._sent = 0
        self.length = body.length
        self.failure: BaseException | None = None

    def read(self, size: int) -> bytes | int:
        """For READFUNCTION."""
        try:
            data = self._body.read(size)
            self._sent += len(data)
            if len(data) > size:
                raise TransportError(  # noqa: TRY301 - caught as any failure of the body
                    f"the body gave {len(data)} bytes where {size} were asked for"
                )
            if not data and self.length is not None and self._sent < self.length:
                raise TransportError(  # noqa: TRY301 - caught as any failure of the body
                    f"the body ended after {self._sent} of {self.length} bytes"
                )
        except BaseException as error:  # noqa: BLE001 - raised again once libcurl has returned
            self.failure = error
            return _ABORT
        return data

    def seek(self, offset: int, origin: int) -> int:
        """For SEEKFUNCTION: libcurl sends again what a stale connection swallowed."""
        if offset or origin or not self._body.replayable:
            return _CANNOT_SEEK
        try:
            self._body.rewind()
        except BaseException as error:  # noqa: BLE001 - as in read
            self.failure = error
            return _CANNOT_SEEK
        self._sent = 0
        return _SOUGHT


def held_whole(body: RequestBody | None) -> bytes | None:
    """All of a body that is in memory; None for every other.

    libcurl sends it from there: a small one together with the head, a large one without a copy for
    each piece.
    """
    return body.whole() if isinstance(body, BytesBody) else None

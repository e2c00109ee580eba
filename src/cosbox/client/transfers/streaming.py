"""``upload_stream``: whatever gives bytes, for as long as it gives them."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import md5
from typing import Any, NamedTuple

from cosbox.client.bodies import Body, FileBody
from cosbox.client.effects import Fill, Flow
from cosbox.client.flow import Caller
from cosbox.client.transfers.control import TransferControl
from cosbox.client.transfers.crew import Crew, alone
from cosbox.client.transfers.meter import Meter
from cosbox.client.transfers.multipart import Multipart, put_whole, store_part
from cosbox.client.transfers.naming import (
    OF_COMPLETE,
    OF_CREATE,
    OF_PART,
    OF_PUT,
    check_names,
    only,
)
from cosbox.client.transfers.source import Memory, metered
from cosbox.protocol.errors import CosClientError
from cosbox.transfer.ledger import Ledger
from cosbox.transfer.parts import MAX_PART, MAX_PARTS, Part, at_least_one, growing_sizes, megabytes
from cosbox.transfer.tally import Progress, Tally


def upload_stream(
    caller: Caller,
    bucket: str,
    key: str | bytes,
    source: Any,
    *,
    part_size: int,
    threads: int,
    enable_md5: bool,
    progress: Progress | None,
    control: TransferControl | None,
    options: Mapping[str, object],
) -> Flow[dict[str, Any]]:
    """Store what a source gives; the parameters are those of `upload_file`."""
    check_names("upload_stream", options, OF_PUT - {"ContentLength", "ContentMD5"})
    sizes = growing_sizes(megabytes("PartSize", part_size))
    width = at_least_one("MAXThread", threads)
    control = control or TransferControl()
    body = caller.as_body(source, None, most=MAX_PARTS * MAX_PART)
    tally = Tally(progress, body.length)
    meter = Meter(control, tally, live=caller.live)
    stream = _Stream(body, sizes)
    target = Multipart(caller, bucket, key)
    first = yield from alone(stream.next(), control)
    if first is None or stream.ended:
        sending = target.call("put_object", options, body=b"")
        if first is not None:
            args = {**options, **_digest(first.data, wanted=enable_md5)}
            sending = put_whole(target, args, lambda: first.body(meter))
        result: dict[str, Any] = yield from alone(sending, control)
        meter.stored(first.part.length if first is not None else 0)
    else:
        upload = _StreamUpload(target, stream, meter, Crew(width, control))
        result = yield from upload.run(first, enable_md5=enable_md5, options=options)
    tally.finish()
    return result


def _digest(data: bytes, *, wanted: bool) -> dict[str, object]:
    if not wanted:
        return {}
    return {"ContentMD5": b64encode(md5(data, usedforsecurity=False).digest()).decode()}


class _Piece(NamedTuple):
    """A part of the stream, in memory."""

    part: Part
    data: bytes

    def body(self, meter: Meter) -> FileBody:
        """As the body of a request."""
        return metered(Memory(self.data), Part(1, 0, len(self.data)), meter)


class _Stream:
    """The source, part by part."""

    def __init__(self, body: Body, sizes: Iterator[int]) -> None:
        self._body = body
        self._sizes = sizes
        self._number = self._offset = 0
        self.ended = False

    def next(self) -> Flow[_Piece | None]:
        """The next part; None at the end.

        Raises:
            CosClientError: an object cannot have so many parts.
        """
        if self.ended:
            return None
        size = next(self._sizes, 0)
        data: bytes = yield Fill(self._body, size or 1)
        self.ended = len(data) < size or not data
        if not data:
            return None
        if not size:
            raise CosClientError(
                f"the stream has more than {self._offset} bytes; send it with a larger PartSize"
            )
        self._number += 1
        part = Part(self._number, self._offset, len(data))
        self._offset = part.end
        return _Piece(part, data)


class _StreamUpload:
    """The multipart upload of a stream. What was read of it is gone, so that no later call could
    go on: an upload that fails is aborted."""

    def __init__(self, target: Multipart, stream: _Stream, meter: Meter, crew: Crew) -> None:
        self._target = target
        self._stream = stream
        self._meter = meter
        self._crew = crew
        self._parts: list[Part] = []
        self._ledger = Ledger(self._parts)

    def run(
        self, first: _Piece, *, enable_md5: bool, options: Mapping[str, object]
    ) -> Flow[dict[str, Any]]:
        """Send the parts as they come."""
        control = self._meter.control
        upload_id = yield from alone(self._target.begin_anew(only(options, OF_CREATE)), control)
        waiting: list[_Piece] = [first]

        def take() -> Flow[Flow[None] | None]:
            piece = waiting.pop() if waiting else (yield from self._stream.next())
            if piece is None:
                return None
            self._parts.append(piece.part)
            args = {
                "PartNumber": piece.part.number,
                "UploadId": upload_id,
                **only(options, OF_PART),
                **_digest(piece.data, wanted=enable_md5),
            }
            return self._send(piece, args)

        try:
            yield from self._crew.all(take)
            complete = self._target.complete(upload_id, self._ledger, only(options, OF_COMPLETE))
            return (yield from alone(complete, control))
        except GeneratorExit:
            raise  # nobody drives this any more
        except BaseException as error:
            yield from self._target.abort(upload_id, error)
            raise

    def _send(self, piece: _Piece, args: Mapping[str, object]) -> Flow[None]:
        done = yield from store_part(
            self._target, args, lambda: piece.body(self._meter), failed=self._crew.failed
        )
        self._ledger.settle(piece.part.number, done)
        self._meter.stored(piece.part.length)

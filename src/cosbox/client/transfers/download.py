"""``download_file``: ranges side by side, of one version of the object and no other."""

import os
from collections.abc import Mapping
from typing import Any, Final

from cosbox.checksums import crc64
from cosbox.client.effects import Flow, Pour, Sleep, Work
from cosbox.client.flow import Caller
from cosbox.client.transfers.checkpoints import Checkpoint, HeldError
from cosbox.client.transfers.control import TransferControl
from cosbox.client.transfers.crew import Crew, alone
from cosbox.client.transfers.destination import Destination
from cosbox.client.transfers.meter import Meter
from cosbox.client.transfers.multipart import CRC
from cosbox.client.transfers.naming import check_names, only, params_of
from cosbox.protocol.errors import (
    CosClientError,
    CosException,
    IntegrityError,
    NotFoundError,
    PreconditionError,
    SourceChangedError,
    TransportError,
)
from cosbox.protocol.names import normal_key
from cosbox.transfer.ledger import Done, Ledger
from cosbox.transfer.parts import MAX_PARTS, Part, at_least_one, megabytes, plan_parts
from cosbox.transfer.tally import Progress, Tally

_OF_GET: Final = frozenset(
    name for name in params_of("get_object", "Range") if not name.startswith("Response")
)
_OF_HEAD: Final = params_of("head_object")
_OF_RANGE: Final = frozenset({"TrafficLimit"})


def download_file(
    caller: Caller,
    bucket: str,
    key: str | bytes,
    path: str | os.PathLike[str],
    *,
    part_size: int,
    threads: int,
    most_parts: int,
    progress: Progress | None,
    control: TransferControl | None,
    folder: str | os.PathLike[str] | None,
    in_place: bool,
    options: Mapping[str, object],
) -> Flow[dict[str, Any]]:
    """Read an object into a file.

    Args:
        caller: makes the calls.
        bucket: the bucket.
        key: the object's name.
        path: the file, which appears when it is whole.
        part_size: of each range, in megabytes.
        threads: how many ranges are read at once.
        most_parts: how many ranges there may be.
        progress: told how far it is.
        control: ends it or slows it down.
        folder: of the journal; None is that of the file.
        in_place: write under the file's name from the beginning.
        options: of get_object.
    """
    check_names("download_file", options, _OF_GET)
    size_of_part = megabytes("PartSize", part_size)
    width = at_least_one("MAXThread", threads)
    most = min(at_least_one("MaxPartCount", most_parts), MAX_PARTS)
    control = control or TransferControl()
    endpoint = caller.config.endpoint
    mark = f"{endpoint.scheme}://{endpoint.domain}/{bucket}/{normal_key(key)}"
    destination = Destination(path, f"{mark}?{options.get('VersionId') or ''}", in_place=in_place)
    head = yield from alone(
        caller.call("head_object", bucket, key, only(options, _OF_HEAD)), control
    )
    size = size_of(head)
    tally = Tally(progress, size)
    download = _Download(
        caller,
        (bucket, key),
        head,
        Ledger(plan_parts(size, size_of_part, most)),
        destination,
        Meter(control, tally, live=True),
        options,
    )
    yield from download.run(width, folder)
    tally.finish()
    return dict(head)


def size_of(head: Mapping[str, Any]) -> int:
    """How long the object is that a HEAD was about.

    Raises:
        TransportError: it does not say.
    """
    length = str(head.get("Content-Length", ""))
    if not (length.isascii() and length.isdigit()):
        raise TransportError("the store does not say how long the object is")
    return int(length)


class _Download:
    """One object on its way into a file."""

    def __init__(
        self,
        caller: Caller,
        name: tuple[str, str | bytes],
        head: Mapping[str, Any],
        ledger: Ledger,
        destination: Destination,
        meter: Meter,
        options: Mapping[str, object],
    ) -> None:
        self._caller = caller
        self._name = name
        self._head = head
        self._ledger = ledger
        self._destination = destination
        self._meter = meter
        self._checkpoint: Checkpoint | None = None
        self._pinned = {**only(options, _OF_RANGE), "IfMatch": head.get("ETag")}
        version = head.get("x-cos-version-id") or options.get("VersionId")
        if version:
            self._pinned["VersionId"] = version

    def run(self, width: int, folder: str | os.PathLike[str] | None) -> Flow[None]:
        """Read what is not there yet, ``width`` ranges at once."""
        wanted = min(width, len(self._ledger.parts)) if self._destination.regular else 1
        self._crew = Crew(max(1, wanted), self._meter.control)
        try:
            done = yield Work(lambda: self._open(folder))
            yield from self._keep(done)
            yield from self._whole()
            yield Work(self._destination.publish)
            self._forget()
        except GeneratorExit:
            raise  # nobody drives this any more
        except (SourceChangedError, IntegrityError):
            self._destination.discard()
            self._forget()
            raise
        except CosException as error:
            error.add_note("cosbox: the same call goes on where this one stopped")
            raise
        finally:
            self._destination.close()
            if self._checkpoint is not None:
                self._checkpoint.close()

    def _open(self, folder: str | os.PathLike[str] | None) -> Mapping[int, Done]:
        """Open the file; what an earlier call has written of the same object."""
        destination, size = self._destination, self._ledger.size
        done: Mapping[int, Done] = {}
        if destination.regular:
            try:
                self._checkpoint = Checkpoint.open(destination.journal(folder))
            except HeldError:
                destination.alternative()
        journal = self._checkpoint.journal if self._checkpoint is not None else None
        header = self._header()
        same = journal is not None and journal.header.items() >= header.items()
        if destination.open(size, keep=same) and journal is not None:
            done = journal.done
        elif self._checkpoint is not None:
            self._checkpoint.begin(header)
        return done

    def _header(self) -> dict[str, object]:
        """What tells this version of the object from others, and these parts."""
        parts = self._ledger.parts
        return {
            "etag": self._head.get("ETag"),
            "crc64": self._head.get(CRC),
            "modified": self._head.get("Last-Modified"),
            "version": self._pinned.get("VersionId"),
            "size": self._ledger.size,
            "part_size": parts[0].length if parts else 0,
        }

    def _keep(self, done: Mapping[int, Done]) -> Flow[None]:
        """Count the parts as done that are in the file as the journal says."""

        def compare(part: Part) -> Flow[None]:
            found = yield Work(lambda: self._destination.crc64(part))
            if found == done[part.number].crc64:
                self._ledger.settle(part.number, done[part.number])
                self._meter.tally.add(part.length)

        there = [part for part in self._ledger.parts if part.number in done]
        yield from self._crew.each(iter(there), compare)

    def _whole(self) -> Flow[None]:
        """Read what is missing; all of it once more, if it is not what the store vouches for.

        Raises:
            IntegrityError: the second time as well.
        """
        yield from self._crew.each(self._ledger.missing(), self._fetch)
        if self._is_right():
            return
        self._meter.tally.add(-self._ledger.size)
        self._ledger = Ledger(self._ledger.parts)
        if self._checkpoint is not None:
            self._checkpoint.begin(self._header())
        yield from self._crew.each(self._ledger.missing(), self._fetch)
        if not self._is_right():
            raise IntegrityError(
                f"the CRC64 of what was read is {self._ledger.crc64()}, and the store says "
                f"{self._head[CRC]}"
            )

    def _is_right(self) -> bool:
        return str(self._head.get(CRC) or self._ledger.crc64()) == str(self._ledger.crc64())

    def _settle(self, part: Part, done: Done) -> None:
        if self._checkpoint is not None:
            self._checkpoint.add(part.number, done)
        self._ledger.settle(part.number, done)

    def _fetch(self, part: Part) -> Flow[None]:
        """Read a part; a body that breaks goes on at the byte where it broke."""
        piece = _Arriving(part, self._destination, self._meter)
        attempt = 0
        while piece.at < part.end:
            begun = piece.at
            body = yield from self._ask(part, begun)
            try:
                yield Pour(body, piece.add, self._meter.sent)
            except TransportError:
                attempt = 0 if piece.at > begun else attempt + 1
                if attempt > self._caller.retries:
                    raise
                yield Sleep(self._caller.backoff.delay(attempt))
        self._settle(part, Done("", piece.crc))

    def _ask(self, part: Part, at: int) -> Flow[Any]:
        """The bytes of a part from ``at`` on, if the object is still the same."""
        wanted = f"{at}-{part.end - 1}"
        args = {**self._pinned, "Range": f"bytes={wanted}"}
        try:
            answer = yield from self._caller.call(
                "get_object", *self._name, args, failed=self._crew.failed
            )
        except (PreconditionError, NotFoundError) as error:
            raise SourceChangedError(
                f"{self._name[1]!r} was overwritten or deleted while it was read"
            ) from error
        whole = "Content-Range" not in answer and wanted == f"0-{self._ledger.size - 1}"
        if not whole and not str(answer.get("Content-Range")).startswith(f"bytes {wanted}/"):
            yield Work(answer["Body"].close)
            raise CosClientError(f"the store was asked for bytes {wanted} and sends others")
        return answer["Body"]

    def _forget(self) -> None:
        """There is nothing to go on with."""
        if self._checkpoint is not None:
            self._checkpoint.clear()


class _Arriving:
    """A part as its bytes come."""

    def __init__(self, part: Part, destination: Destination, meter: Meter) -> None:
        self._destination = destination
        self._meter = meter
        self.at = part.offset
        self.crc = 0

    def add(self, data: bytes) -> None:
        """Write the next bytes, no sooner than they may come."""
        self._meter.hold(len(data))
        self._destination.write_at(self.at, data)
        self.crc = crc64(data, self.crc)
        self.at += len(data)

"""The multipart upload of a file, taken up where an earlier call stopped."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cosbox.client.effects import Flow, Work
from cosbox.client.transfers.checkpoints import Checkpoint, HeldError, name_of
from cosbox.client.transfers.crew import Crew, alone
from cosbox.client.transfers.meter import Meter
from cosbox.client.transfers.multipart import Multipart, is_gone, store_part
from cosbox.client.transfers.naming import OF_COMPLETE, OF_CREATE, OF_PART, only
from cosbox.client.transfers.source import SourceFile
from cosbox.client.transfers.takeup import TakeUp, was_of
from cosbox.protocol.errors import (
    NotFoundError,
    SourceChangedError,
)
from cosbox.protocol.names import normal_key
from cosbox.transfer.journal import Journal
from cosbox.transfer.ledger import Ledger
from cosbox.transfer.matching import candidates, digest_of, visible
from cosbox.transfer.parts import Part


class PartedUpload:
    """A file on its way in parts."""

    def __init__(
        self,
        target: Multipart,
        source: SourceFile,
        parts: Sequence[Part],
        meter: Meter,
        width: int,
        *,
        enable_md5: bool,
        options: Mapping[str, object],
    ) -> None:
        """Send the parts of a file, ``width`` at once.

        Args:
            target: makes the calls.
            source: the file.
            parts: of it.
            meter: what the bytes pass.
            width: how many parts are sent at once.
            enable_md5: send their MD5s.
            options: those of put_object.
        """
        self._target = target
        self._source = source
        self._parts = parts
        self._meter = meter
        self._crew = Crew(min(width, len(parts)), meter.control)
        self._enable_md5 = enable_md5
        self._options = options
        self._checkpoint: Checkpoint | None = None
        self._shared = False
        self._result: dict[str, Any] | None = None
        self._ledger = Ledger(parts)

    def run(self, folder: Path) -> Flow[dict[str, Any]]:
        """Send what the store does not have yet; checkpoints are in ``folder``."""
        endpoint = self._target.caller.config.endpoint
        about = {
            "endpoint": f"{endpoint.scheme}://{endpoint.domain}",
            "bucket": self._target.bucket,
            "key": normal_key(self._target.key),
            "path": str(self._source.path.absolute()),
        }
        path = folder / f"{name_of(*about.values())}.journal"
        self._about = {
            **about,
            "part_size": self._parts[0].length,
            "options": digest_of(self._options),
        }
        try:
            self._checkpoint = yield Work(lambda: Checkpoint.open(path))
        except HeldError:
            self._shared = True  # somebody is at it, and their upload is theirs
        try:
            return (yield from self._go_on_or_begin())
        finally:
            if self._checkpoint is not None:
                self._checkpoint.close()

    def _go_on_or_begin(self) -> Flow[dict[str, Any]]:
        found, uploads = yield from alone(self._look_around(), self._meter.control)
        if self._result is not None:
            self._forget()
            return self._result
        if found:
            self._meter.tally.add(self._ledger.moved)
            try:
                return (yield from self._finish(found))
            except NotFoundError as error:
                if not is_gone(error):
                    raise
                # Somebody has completed or aborted it meanwhile.
                self._meter.tally.add(-self._ledger.moved)
        self._ledger = Ledger(self._parts)
        begun = yield from alone(self._begin(uploads), self._meter.control)
        return (yield from self._finish(begun))

    def _look_around(self) -> Flow[tuple[str | None, list[dict[str, Any]] | None]]:
        """The upload to go on with, and the object's uploads where they had to be listed."""
        found = yield from self._own()
        if found or self._result is not None:
            return found, None
        uploads = yield from self._target.unfinished()
        if uploads and visible(self._options) and not self._shared:
            found = yield from self._foreign(uploads)
        return found, uploads

    def _begin(self, uploads: list[dict[str, Any]] | None) -> Flow[str]:
        """Begin an upload. Which ones there are before is written down first: a later call knows
        by that the one whose beginning this one did not live to write down."""
        before = None if uploads is None else [str(one["UploadId"]) for one in uploads]
        self._note({"before": before})
        begun = yield from self._target.begin(only(self._options, OF_CREATE), before)
        self._note({"upload": begun})
        return begun

    def _own(self) -> Flow[str | None]:
        """The upload that the checkpoint names, if it can be built upon; it is aborted if not."""
        journal = self._checkpoint.journal if self._checkpoint is not None else None
        if journal is None:
            return None
        upload_id = yield from self._named(journal)
        if upload_id is None:
            return None
        fits = was_of(journal.header, self._source.size)
        if fits and self._about.items() <= journal.header.items():
            take_up = self._take_up()
            ledger = yield from take_up.own(upload_id, journal)
            if ledger is not None:
                self._ledger = ledger
                self._note({"upload": upload_id})
                return upload_id
            whole = take_up.whole(journal)
            if whole is not None:
                self._result = yield from self._target.completed(whole)
        if self._result is None:
            yield from self._target.abort(upload_id)
        return None

    def _named(self, journal: Journal) -> Flow[str | None]:
        """The upload that a journal is of."""
        upload_id, before = journal.header.get("upload"), journal.header.get("before")
        if isinstance(upload_id, str):
            return upload_id
        if not isinstance(before, list):
            return None
        return (yield from self._target.only_new(before))

    def _foreign(self, uploads: list[dict[str, Any]]) -> Flow[str | None]:
        """The newest upload by somebody else, or from elsewhere, that has parts of this file and
        no others."""
        key, kind = normal_key(self._target.key), self._options.get("StorageClass")
        for upload in candidates(uploads, key, kind):
            upload_id = str(upload["UploadId"])
            ledger = yield from self._take_up().foreign(upload_id)
            if ledger is not None:
                self._ledger = ledger
                self._note({"upload": upload_id})
                return upload_id
        return None

    def _take_up(self) -> TakeUp:
        return TakeUp(self._target, self._source, self._parts, self._crew)

    def _note(self, which: Mapping[str, object]) -> None:
        """Write down what is being done, for a later call."""
        if self._checkpoint is None:
            return
        identity = self._source.identity.as_json()
        self._checkpoint.begin({**self._about, **which, "identity": identity})
        for part in self._parts:
            if done := self._ledger.done(part.number):
                self._checkpoint.add(part.number, done)

    def _finish(self, upload_id: str) -> Flow[dict[str, Any]]:
        """Send the parts that are missing, and complete the upload."""
        try:
            yield from self._crew.each(
                self._ledger.missing(), lambda part: self._send(upload_id, part)
            )
            complete = self._target.complete(
                upload_id, self._ledger, only(self._options, OF_COMPLETE)
            )
            result = yield from alone(complete, self._meter.control)
        except GeneratorExit:
            raise  # nobody drives this any more
        except BaseException as error:
            yield from self._leave(upload_id, error)
            raise
        self._forget()
        return result

    def _forget(self) -> None:
        """There is nothing left to go on with."""
        if self._checkpoint is not None:
            self._checkpoint.clear()

    def _leave(self, upload_id: str, error: BaseException) -> Flow[None]:
        """Leave behind what a later call can take up, and nothing else."""
        noted = self._checkpoint is not None and self._checkpoint.kept
        resumable = noted or visible(self._options)
        if isinstance(error, SourceChangedError) or not resumable:
            if (yield from self._target.abort(upload_id, error)):
                self._forget()
        else:
            error.add_note(f"cosbox: the same call goes on with this upload ({upload_id})")

    def _send(self, upload_id: str, part: Part) -> Flow[None]:
        args: dict[str, object] = {
            "PartNumber": part.number,
            "UploadId": upload_id,
            **only(self._options, OF_PART),
        }
        if self._enable_md5:
            digest, _ = yield Work(lambda: self._source.sums(part))
            args["ContentMD5"] = b64encode(digest).decode()
        done = yield from store_part(
            self._target,
            args,
            lambda: self._source.body(part, self._meter),
            failed=self._crew.failed,
            about=f" of {len(self._parts)}, {part.range} of {self._source.path}",
        )
        if self._checkpoint is not None:
            self._checkpoint.add(part.number, done)
        self._ledger.settle(part.number, done)
        self._meter.stored(part.length)

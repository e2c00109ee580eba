"""Taking up an unfinished upload: what it has is held against the file before it is built upon."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cosbox.client.effects import Flow, Work
from cosbox.client.transfers.crew import Crew
from cosbox.client.transfers.multipart import Multipart
from cosbox.client.transfers.source import SourceFile
from cosbox.protocol.errors import NotFoundError
from cosbox.transfer.identity import Identity
from cosbox.transfer.journal import Journal
from cosbox.transfer.ledger import Done, Ledger
from cosbox.transfer.matching import fitting
from cosbox.transfer.parts import Part


class _OtherBytesError(Exception):
    """A part is not that of the file."""


class TakeUp:
    """Finds what of an upload can be kept."""

    def __init__(
        self, target: Multipart, source: SourceFile, parts: Sequence[Part], crew: Crew
    ) -> None:
        """Compare uploads to ``target`` with the parts of a file, several at once."""
        self._target = target
        self._source = source
        self._parts = parts
        self._crew = crew

    def own(self, upload_id: str, journal: Journal) -> Flow[Ledger | None]:
        """What an upload of ours has that the file has as well; None if the upload is gone, or is
        of another file.

        Nothing is read again of a file that nobody has written to since: what the journal says of
        a part holds. A part that differs then is one that somebody else has sent, and is sent over.
        """
        same = self._is_same(journal)
        ledger = Ledger(self._parts)

        def differs(part: Part) -> None:
            if not same:
                raise _OtherBytesError(part)

        try:
            stored = yield from self._target.parts(upload_id)
        except NotFoundError:
            return None
        return (yield from self._kept(stored, ledger, journal.done if same else {}, differs))

    def whole(self, journal: Journal) -> Ledger | None:
        """All parts, if all were stored and the file is untouched: then the upload may have been
        completed, and only the answer did not come through."""
        if not self._is_same(journal) or len(journal.done) < len(self._parts):
            return None
        ledger = Ledger(self._parts)
        for number, done in journal.done.items():
            ledger.settle(number, done)
        return ledger if not any(ledger.missing()) else None

    def _is_same(self, journal: Journal) -> bool:
        return bool(journal.header.get("identity") == self._source.identity.as_json())

    def foreign(self, upload_id: str) -> Flow[Ledger | None]:
        """What an upload has that nothing is known of; None unless all of it is in the file, and
        something is."""

        def differs(part: Part) -> None:
            raise _OtherBytesError(part)

        try:
            stored = yield from self._target.parts(upload_id)
        except NotFoundError:
            return None
        return (yield from self._kept(stored, Ledger(self._parts), {}, differs)) if stored else None

    def _kept(
        self,
        stored: Sequence[Mapping[str, Any]],
        ledger: Ledger,
        known: Mapping[int, Done],
        differs: Callable[[Part], None],
    ) -> Flow[Ledger | None]:
        found = fitting(stored, self._parts)
        if found is None:
            return None
        etags = {}
        for part, etag in found:
            done = known.get(part.number)
            if done is not None and done.etag == etag:
                ledger.settle(part.number, done)
            else:
                etags[part.number] = etag

        def compare(part: Part) -> Flow[None]:
            digest, crc = yield Work(lambda: self._source.sums(part))
            if etags[part.number].strip('"').lower() == digest.hex():
                ledger.settle(part.number, Done(etags[part.number], crc))
            else:
                differs(part)

        doubtful = [part for part, _ in found if part.number in etags]
        try:
            yield from self._crew.each(iter(doubtful), compare)
        except _OtherBytesError:
            return None
        return ledger


def was_of(header: Mapping[str, Any], size: int) -> bool:
    """Whether a journal is of a file of this size."""
    try:
        return Identity.from_json(header["identity"]).size == size
    except (KeyError, TypeError):
        return False

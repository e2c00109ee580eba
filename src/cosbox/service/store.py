"""A store: its records, its blobs, its clock, and where it says it is."""

from dataclasses import dataclass, field

from cosbox.service.clock import Clock, SystemClock
from cosbox.service.content import Intake, Taken
from cosbox.service.verifying import Verified
from cosbox.storage.blobs import Blobs
from cosbox.storage.records import Records


@dataclass(frozen=True, slots=True)
class Store:
    """Everything that serving a request needs.

    Attributes:
        records: what is known.
        blobs: where large bodies are.
        clock: what time it is.
        region: that new buckets say they are in.
        verified: which blobs were read and found right lately.
    """

    records: Records
    blobs: Blobs
    clock: Clock = field(default_factory=SystemClock)
    region: str = "local"
    verified: Verified = field(default_factory=Verified)

    def intake(self, *, length: int | None, content_md5: str | None = None) -> Intake:
        """Begin to take in a body.

        Raises:
            Refusal: EntityTooLarge or InvalidDigest.
        """
        return Intake(self.records, self.blobs, length=length, content_md5=content_md5)

    def discard(self, taken: Taken) -> None:
        """Remove a body that was taken in and will not be recorded."""
        if taken.blob is not None:
            self.blobs.delete(taken.blob)

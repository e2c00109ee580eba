"""What `cosbox serve` can be told."""

import json
from dataclasses import asdict, dataclass, field
from typing import Self

from cosbox.server.http.limits import Limits
from cosbox.service.upkeep.scrub import RATE as SCRUB_RATE
from cosbox.storage.durable import Durability


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """How a folder is served.

    Attributes:
        host: name or address to listen on.
        port: 0 takes a free one.
        workers: processes.
        region: that the store's buckets say they are in.
        durability: what an answer outlives (docs/durability.md).
        grace: seconds that requests under way are given when the server is told to end.
        log_level: of what goes to stderr: ``critical`` to ``debug``.
        access_log: one line per request to stderr.
        scrub_rate: bytes per second of what is stored to read again, to find what rots; 0 for none.
        reserve: bytes to keep on the disk for deletes, should it be full.
        abort_uploads_after: seconds after its last part at which a multipart upload is given up;
            None for never.
        limits: on what one process grants its clients.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    region: str = "local"
    durability: Durability = "full"
    grace: int = 30
    log_level: str = "warning"
    access_log: bool = False
    scrub_rate: int = SCRUB_RATE
    reserve: int = 32 * 1024 * 1024
    abort_uploads_after: float | None = None
    limits: Limits = field(default_factory=Limits)

    def to_json(self) -> str:
        """For a worker process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The reverse.

        >>> ServeOptions.from_json(ServeOptions(port=1).to_json()) == ServeOptions(port=1)
        True
        """
        values = json.loads(text)
        return cls(**{**values, "limits": Limits(**values["limits"])})

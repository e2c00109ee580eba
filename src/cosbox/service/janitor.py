"""What nobody refers to any more is removed, a while later.

Overwriting and deleting let go of blobs. Small ones go at once, with the last reference; a file
stays for a grace, since an answer under way may still be reading it; the grace is short where the
disk is full. Then its file is removed, and after that its record: a crash in between leaves a
record that the next sweep finds again.

Nothing else is removed, but for multipart uploads that are older than somebody said they may grow.
A restored copy of an archived object has no bytes of its own, so when it expires nothing is left.
"""

import logging
import threading
import time
from collections.abc import Sequence
from typing import Final

from cosbox.service import abandoned
from cosbox.service.store import Store
from cosbox.storage.errors import StorageError
from cosbox.storage.records import Transaction

log = logging.getLogger("cosbox.janitor")

GRACE: Final = 3600.0
"""Seconds for which an answer may go on reading what was deleted meanwhile."""

PRESSED_GRACE: Final = 60.0
"""The same while the disk is full, where room matters more than the slowest of readers."""

INTERVAL: Final = 60.0
_LOOK: Final = 2.0
"""Seconds between two looks at whether the disk is full."""

_BATCH: Final = 100


class Janitor:
    """Sweeps a store now and then, in a thread of its own, until it is closed."""

    def __init__(
        self,
        store: Store,
        *,
        grace: float = GRACE,
        interval: float = INTERVAL,
        abort_uploads_after: float | None = None,
    ) -> None:
        """Begin.

        Args:
            store: to sweep.
            grace: seconds for which a file without references stays.
            interval: seconds between two sweeps.
            abort_uploads_after: seconds after its last part at which a multipart upload is given
                up; None for never.
        """
        self._abort_after = abort_uploads_after
        self._store = store
        self._grace = grace
        self._interval = interval
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cosbox-janitor", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish the files at hand, and stop."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self.abort_uploads()
                self.sweep()
            except (StorageError, OSError):  # of locks, where no file can be opened for now
                log.exception("the store could not be swept; it will be tried again")
            self._rest()

    def _rest(self) -> None:
        """Wait for the next sweep, which is due soon once there is no room left."""
        until = time.monotonic() + self._interval
        while (left := until - time.monotonic()) > 0:
            if self._closing.wait(min(left, _LOOK)) or self._store.records.pressed():
                return

    def abort_uploads(self) -> int:
        """Give up the multipart uploads that are too old; returns how many."""
        if self._abort_after is None:
            return 0
        now = self._store.clock.now()
        before = now - round(self._abort_after * 1_000_000)
        with self._store.records.read() as snapshot:
            found = abandoned.find(snapshot, before)
        aborted = 0
        for upload_id in found:
            if self._closing.is_set():
                break
            aborted += self._abort(upload_id, before, now)
        return aborted

    def _abort(self, upload_id: str, before: int, now: int) -> bool:
        upload = self._store.records.write(
            lambda txn: abandoned.abort(txn, upload_id, before, now), frees=True
        ).result()
        if upload is not None:
            log.info("upload %s of %r was given up, as it is too old", upload.id, upload.key)
        return upload is not None

    def sweep(self) -> int:
        """Remove all files that were let go of before the grace; returns how many. While the store
        is copied, none."""
        pressed = self._store.records.pressed()
        grace = min(self._grace, PRESSED_GRACE) if pressed else self._grace
        before = self._store.clock.now() - round(grace * 1_000_000)
        removed = 0
        while not self._closing.is_set():
            found = self._sweep_some(before)
            removed += found
            if found < _BATCH:
                break
        return removed

    def _sweep_some(self, before: int) -> int:
        records = self._store.records
        with records.files_removable() as removable:
            if not removable:
                return 0
            found = records.write(lambda txn: txn.garbage(before, _BATCH), frees=True).result()
            if found:
                # No power cut may bring references back to files that are gone.
                records.sync()
                self._store.blobs.delete_many(found)
                records.write(lambda txn: _forget(txn, found), frees=True).result()
            return len(found)


def _forget(txn: Transaction, blob_ids: Sequence[int]) -> None:
    for blob_id in blob_ids:
        txn.forget_blob(blob_id)

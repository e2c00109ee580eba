"""What nobody refers to any more is removed, a while later.

Overwriting and deleting let go of blobs. Small ones go at once, with the last reference; a file
stays for a grace, since an answer under way may still be reading it. Then its file is removed, and
after that its record: a crash in between leaves a record that the next sweep finds again.
"""

import logging
import threading
from collections.abc import Sequence
from typing import Final

from cosbox.service.store import Store
from cosbox.storage.errors import StorageError
from cosbox.storage.records import Transaction

log = logging.getLogger("cosbox.janitor")

GRACE: Final = 3600.0
"""Seconds for which an answer may go on reading what was deleted meanwhile."""

INTERVAL: Final = 60.0

_BATCH: Final = 100


class Janitor:
    """Sweeps a store now and then, in a thread of its own, until it is closed."""

    def __init__(self, store: Store, *, grace: float = GRACE, interval: float = INTERVAL) -> None:
        """Begin.

        Args:
            store: to sweep.
            grace: seconds for which a file without references stays.
            interval: seconds between two sweeps.
        """
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
                self.sweep()
            except StorageError:
                log.exception("the store could not be swept; it will be tried again")
            self._closing.wait(self._interval)

    def sweep(self) -> int:
        """Remove all files that were let go of before the grace; returns how many. While the store
        is copied, none."""
        before = self._store.clock.now() - round(self._grace * 1_000_000)
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
            found = records.write(lambda txn: txn.garbage(before, _BATCH)).result()
            if found:
                # No power cut may bring references back to files that are gone.
                records.sync()
                self._store.blobs.delete_many(found)
                records.write(lambda txn: _forget(txn, found)).result()
            return len(found)


def _forget(txn: Transaction, blob_ids: Sequence[int]) -> None:
    for blob_id in blob_ids:
        txn.forget_blob(blob_id)

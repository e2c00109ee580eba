"""The scrub: reads everything that is stored, slowly and again and again, to find what rots while
there still may be a good copy elsewhere.

One process of those that serve a store does it. What it finds it says in the log (`cosbox.scrub`),
with the objects that suffer from it; it changes nothing.
"""

import logging
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from cosbox.service.store import Store
from cosbox.service.upkeep.fsck import name_bad
from cosbox.service.upkeep.fsck_blobs import Bad, check_inline, read_through
from cosbox.service.upkeep.scrub_state import Pass, ScrubState
from cosbox.storage.durable import storage_error
from cosbox.storage.errors import StorageError
from cosbox.storage.folder import FolderAudit
from cosbox.storage.locks import FileLock
from cosbox.storage.rows import Blob

log = logging.getLogger("cosbox.scrub")

RATE: Final = 8 * 1024 * 1024
"""Bytes per second: a terabyte in a day and a half."""

EVERY: Final = 7 * 24 * 3600.0
"""Seconds from the beginning of a pass to that of the next, at the least."""

INTERVAL: Final = 60.0
"""Seconds between two looks whether there is something to do, and between two notes of how far it
has come."""

MOST_BAD: Final = 1000
"""Bad blobs after which a pass ends: the disk fails, and reading on only wears it."""

BLOB_COST: Final = 16 * 1024
"""What a blob costs beside its bytes, in bytes: many small ones shall not keep a processor busy."""

_NAP: Final = 0.05
"""Seconds that are worth waiting: a thread that sleeps and wakes all the time is busy, too."""

_PAGE: Final = 100
_REST: Final = 0.01
"""Seconds now and then for those who serve, while the objects are looked for that suffer."""


class _Closing(Exception):  # noqa: N818 - names what happens
    """There is no time for more."""


class Scrub:
    """Scrubs a store now and then, in a thread of its own, until it is closed.

    Attributes:
        state: how far it has come.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        rate: int = RATE,
        every: float = EVERY,
        interval: float = INTERVAL,
    ) -> None:
        """Begin, or go on where it was when the store was last closed.

        Args:
            store: to scrub.
            folder: where it is.
            rate: bytes per second, where a blob costs 16 KiB more than it has.
            every: seconds from the beginning of a pass to that of the next, at the least.
            interval: seconds between two notes of how far it has come.
        """
        self._store = store
        self._folder = folder
        self._pace = _Pace(rate)
        self._every = every
        self._interval = interval
        self._bad: dict[int, Bad] = {}
        self._noted = 0.0
        self.state = ScrubState()
        self._thread = threading.Thread(target=self._run, name="cosbox-scrub", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Note how far it has come, and stop."""
        self._pace.closing.set()
        self._thread.join()

    def _run(self) -> None:
        lock: FileLock | None = None
        try:
            while not self._pace.closing.is_set():
                try:
                    lock = lock or FileLock(self._folder / "locks" / "scrub")
                    # Another process may be at it; should it die, this one takes over.
                    if lock.try_acquire():
                        self._work()
                except (StorageError, OSError):
                    log.exception("the store could not be scrubbed; it will be tried again")
                self._pace.closing.wait(self._interval)
        finally:
            if lock is not None:
                lock.close()

    def _work(self) -> None:
        """One pass after the other, as they are due."""
        kept = ScrubState.load(self._folder)
        self.state = kept or ScrubState(current=Pass(began=time.time()))
        self._noted = time.monotonic()
        while not self._pace.closing.is_set():
            current = self.state.current
            if current.ended:
                if not current.began <= time.time() < current.began + self._every:
                    self.state = self.state.following(time.time())
                else:
                    self._pace.closing.wait(self._interval)
                continue
            try:
                self._walk()
            except _Closing:
                pass
            finally:
                self._note()

    def _walk(self) -> None:
        while True:
            with self._store.records.read() as snapshot:
                page = snapshot.blobs_page(self.state.current.after, _PAGE)
            if not page:
                break
            for blob in page:
                self._look_at(blob.id)
                if time.monotonic() > self._noted + self._interval:
                    self._note()
                if len(self.state.current.bad) + len(self._bad) >= MOST_BAD:
                    log.error("the disk seems to fail: this pass ends here; run cosbox fsck")
                    self._end()
                    return
        self._end()

    def _look_at(self, blob_id: int) -> None:
        self._pace.spend(BLOB_COST)
        with self._store.records.read() as snapshot:
            blob = snapshot.blob(blob_id)
        bad = None if blob is None or not blob.refs else self._read(blob)
        current = self.state.current
        current = replace(current, after=blob_id)
        if blob is not None and blob.refs:
            current = replace(current, blobs=current.blobs + 1, bytes=current.bytes + blob.size)
        if bad is not None:
            self._bad[blob_id] = bad
        self.state = replace(self.state, current=current)

    def _read(self, blob: Blob) -> Bad | None:
        if blob.data is None:
            return read_through(
                self._store.blobs, blob.id, blob.size, blob.crc64, step=self._pace.spend
            )
        self._pace.spend(len(blob.data))
        return check_inline(blob.size, blob.crc64, len(blob.data), blob.data)

    def _end(self) -> None:
        current = replace(self.state.current, ended=time.time())
        self.state = replace(self.state, current=current)
        self._tell()
        current = self.state.current
        log.log(
            logging.WARNING if current.bad else logging.INFO,
            "pass %d ended: %d blobs, %d bytes, %d of the blobs bad",
            current.number,
            current.blobs,
            current.bytes,
            len(current.bad),
        )

    def _tell(self) -> None:
        """Say what was found since the last time, if it still matters."""
        if not self._bad:
            return
        with FolderAudit(self._folder) as audit:
            rest = partial(self._pace.closing.wait, _REST)
            findings = name_bad(audit, self._bad, rest=rest)
        self._bad = {}
        for finding in findings:
            log.error("%s", finding)
        bad = tuple(dict.fromkeys(each.blob for each in findings if each.blob is not None))
        current = replace(self.state.current, bad=self.state.current.bad + bad)
        self.state = replace(self.state, current=current, found=self.state.found + len(bad))

    def _note(self) -> None:
        self._tell()
        self._noted = time.monotonic()
        try:
            self.state.save(self._folder)
        except OSError as error:
            # It goes on all the same, and begins where it was noted last when it starts again.
            log.warning("%s", storage_error("cannot note how far the scrub has come", error))


class _Pace:
    """Holds whoever reads to a rate, and tells them when to stop."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._due = 0.0
        self.closing = threading.Event()

    def spend(self, size: int) -> None:
        """Wait until so many bytes more may have been read.

        Raises:
            _Closing: there is no time for more.
        """
        now = time.monotonic()
        self._due = max(self._due, now) + size / self._rate
        ahead = self._due - now
        if self.closing.wait(ahead) if ahead > _NAP else self.closing.is_set():
            raise _Closing

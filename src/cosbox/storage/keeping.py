"""Keeping the files of a store while somebody copies them.

What nothing refers to any more is removed by janitors, in whatever process. Whoever copies a store
holds a lock alone meanwhile, and a janitor removes nothing unless it can share in it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cosbox.storage.errors import StoreInUseError
from cosbox.storage.locks import FileLock

_NAME: Final = "keep"

_PATIENCE: Final = 20.0
"""Seconds to wait for a janitor to finish the few files at hand."""

_STEP: Final = 0.02


@contextmanager
def files_kept(locks: Path) -> Iterator[None]:
    """Within this, no file is removed that a record names when it begins.

    Args:
        locks: the folder of the store's locks.

    Raises:
        StoreInUseError: somebody else copies the store.
    """
    lock = FileLock(locks / _NAME)
    try:
        until = time.monotonic() + _PATIENCE
        while not lock.try_acquire():
            if time.monotonic() > until:
                raise StoreInUseError("another backup of this store is under way")
            time.sleep(_STEP)  # flock cannot wait for a while: either not at all or for ever
        yield
    finally:
        # Closing passes the lock on.
        lock.close()


@contextmanager
def files_removable(locks: Path) -> Iterator[bool]:
    """Whether files may be removed, and then none is kept until this ends."""
    lock = FileLock(locks / _NAME)
    try:
        yield lock.try_share()
    finally:
        lock.close()

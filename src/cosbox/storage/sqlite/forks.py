"""What a fork does to an open store: nothing to the parent, and the child opens it anew.

SQLite knows a process's locks by what it noted in memory, and a fork copies the notes but not the
locks: a child that went on would take its own reads and writes for protected when they are not,
and so would any new connection to the same file in it. So before a fork all threads of the store
come to rest, and in the child every connection is closed before anything else happens, which
leaves SQLite there without notes. The connections are set not to touch the log when they close.
"""

import os
import threading
import time
import weakref
from typing import Final, Protocol

_PATIENCE: Final = 10.0
"""Seconds that a fork waits for reads and writes under way."""


class Forkable(Protocol):
    """What is told of forks."""

    def before_fork(self, until: float) -> None:
        """Come to rest, until this moment on the monotonic clock at the latest."""
        ...

    def after_fork(self, *, child: bool) -> None:
        """Go on; in the child, with nothing that was the parent's."""
        ...


_open: Final[weakref.WeakSet[Forkable]] = weakref.WeakSet()
_lock = threading.Lock()
_told: list[Forkable] = []


def watch(store: Forkable) -> None:
    """Tell a store of forks, for as long as it is referenced."""
    with _lock:
        _open.add(store)


def forget(store: Forkable) -> None:
    """Tell it no more."""
    with _lock:
        _open.discard(store)


def _before() -> None:
    _lock.acquire()
    until = time.monotonic() + _PATIENCE
    for store in list(_open):
        _told.append(store)
        store.before_fork(until)


def _after(*, child: bool) -> None:
    for store in _told:
        store.after_fork(child=child)
    _told.clear()
    _lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before,
        after_in_parent=lambda: _after(child=False),
        after_in_child=lambda: _after(child=True),
    )

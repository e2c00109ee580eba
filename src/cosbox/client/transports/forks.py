"""What a child process does with the connections that it was forked with.

They are the parent's. Closing them in the child would say goodbye in TLS sessions that go on, so
they are put aside for good, even past the end of the interpreter, which would free what is left.
"""

import os
from typing import Protocol
from weakref import WeakSet


class Owner(Protocol):
    """What has connections."""

    def orphan(self) -> None:
        """Called in a child: let go of all connections without closing them."""
        ...


_owners: WeakSet[Owner] = WeakSet()


def remember(owner: Owner) -> None:
    """Have ``owner.orphan()`` called in every child, for as long as it lives."""
    _owners.add(owner)


def abandon(thing: object) -> None:
    """Keep ``thing`` from ever being freed."""
    import ctypes  # noqa: PLC0415 - few programs fork with connections that are in use

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def _after_fork() -> None:
    for owner in list(_owners):
        owner.orphan()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

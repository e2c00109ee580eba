"""Snapshots for threads, from a pool of read connections.

A connection belongs to a thread only while it reads, so threads may come and go in any number.

A snapshot begins with a statement that is left standing at its first row: that alone holds the
read transaction, from that moment, until the statement is run to its end. BEGIN would not do: it
takes its snapshot at the first read that follows.
"""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final

import apsw

from cosbox.storage.errors import StorageError
from cosbox.storage.sqlite.faults import storage_error
from cosbox.storage.sqlite.snapshot import SqliteSnapshot

_MOST_IDLE: Final = 16
_HOLD: Final = "SELECT 1 FROM state"


class _Reader:
    __slots__ = ("connection", "depth", "hold", "snapshot")

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self.snapshot = SqliteSnapshot(connection)
        self.hold = connection.cursor()
        self.depth = 0


class _Here(threading.local):
    reader: _Reader | None = None


class ReaderPool:
    """Read connections, and who reads."""

    def __init__(self, connect: Callable[[], apsw.Connection]) -> None:
        self._connect = connect
        self._idle: list[_Reader] = []
        self._here = _Here()
        self._reading: set[int] = set()
        self._open = threading.Event()
        self._open.set()
        self._closed = False

    def enter(self) -> _Reader:
        """The reader of this thread, its snapshot begun."""
        reader = self._here.reader
        if reader is not None:
            reader.depth += 1
            return reader
        me = threading.get_ident()
        self._reading.add(me)
        try:
            if not self._open.is_set():
                self._wait(me)
            reader = self._take()
        except BaseException:
            self._reading.discard(me)
            raise
        reader.depth = 1
        self._here.reader = reader
        return reader

    def _wait(self, me: int) -> None:
        while not self._open.is_set():
            self._reading.discard(me)
            self._open.wait()
            self._reading.add(me)

    def _take(self) -> _Reader:
        if self._closed:
            raise StorageError("the store is closed")
        try:
            reader = self._idle.pop()
        except IndexError:
            reader = self._new()
        try:
            reader.hold.execute(_HOLD)
            reader.snapshot.began()
        except apsw.Error as error:
            fault = storage_error(error, reader.connection)
            reader.connection.close()
            raise fault from error
        return reader

    def _new(self) -> _Reader:
        try:
            return _Reader(self._connect())
        except apsw.Error as error:
            raise storage_error(error) from error

    def leave(self, reader: _Reader) -> None:
        """End what `enter` began."""
        reader.depth -= 1
        if reader.depth:
            return
        self._here.reader = None
        try:
            reader.hold.fetchall()
        except apsw.Error:
            reader.connection.close()
        else:
            self._idle.append(reader)
            if self._closed or len(self._idle) > _MOST_IDLE:
                self._shrink(0 if self._closed else _MOST_IDLE)
        finally:
            self._reading.discard(threading.get_ident())

    def _shrink(self, size: int) -> None:
        while len(self._idle) > size:
            try:
                reader = self._idle.pop()
            except IndexError:
                return
            reader.connection.close()

    def close(self) -> None:
        """No more snapshots. Those that are open stay usable until they end."""
        self._closed = True
        self._shrink(0)

    # around a fork: forks.py

    def pause(self, until: float) -> bool:
        """Keep other threads from reading; whether those that read were done before ``until``, on
        the monotonic clock."""
        self._open.clear()
        me = {threading.get_ident()}
        while self._reading.copy() - me:
            if time.monotonic() > until:
                return False
            time.sleep(0.0005)  # readers announce no end: that would cost each of them a lock
        return True

    def resume(self) -> None:
        """Let them read again."""
        self._open.set()

    def abandon(self, *, close: bool) -> None:
        """In the child: end all snapshots, that of this thread too."""
        self._closed = True
        reader, self._here.reader = self._here.reader, None
        if close:
            self._shrink(0)
            if reader is not None:
                reader.connection.close()


class Reading:
    """What `Records.read` gives: enters a snapshot of the pool, and leaves it."""

    __slots__ = ("_pool", "_reader")

    def __init__(self, pool: ReaderPool) -> None:
        self._pool = pool

    def __enter__(self) -> SqliteSnapshot:
        self._reader = self._pool.enter()
        return self._reader.snapshot

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        fault = None
        if isinstance(error, apsw.Error):
            fault = storage_error(error, self._reader.connection)
        self._pool.leave(self._reader)
        if fault is not None:
            raise fault from error

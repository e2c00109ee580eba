"""The folder of blob files: opening, deleting, listing."""

import os
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from cosbox.storage.durable import Syncs, storage_error
from cosbox.storage.errors import BlobMissing, StorageError, StorageFull
from cosbox.storage.files import layout
from cosbox.storage.files.reader import FileReader
from cosbox.storage.files.writer import FileWriter

_BINARY = getattr(os, "O_BINARY", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
_READ = os.O_RDONLY | _BINARY


if sys.platform == "win32":

    def _room(_folder: str) -> int:
        return sys.maxsize

else:

    def _room(folder: str) -> int:
        """How many bytes the file system of a folder has left; what cannot be told is enough."""
        try:
            found = os.statvfs(folder)
        except OSError:
            return sys.maxsize
        return found.f_frsize * found.f_bavail if found.f_blocks else sys.maxsize


class FileBlobs:
    """A `cosbox.storage.blobs.Blobs` on a folder, which exists."""

    def __init__(self, root: Path, syncs: Syncs | None = None) -> None:
        """Use a folder.

        Args:
            root: the folder.
            syncs: of the store; None where nothing else is written.
        """
        self._root = str(root)
        self._syncs = syncs or Syncs()
        self._durable: set[str] = set()
        self._lock = threading.Lock()
        self._closed = False

    def create(self, blob_id: int, size: int = 0) -> FileWriter:
        """As `Blobs.create`. The id must be fresh."""
        self._syncs.check()
        if size > _room(self._root):
            raise StorageFull(f"no room left for {size} bytes")
        folder = f"{self._root}/{layout.shard(blob_id)}"
        path = f"{folder}/{layout.file_name(blob_id)}"
        # Under the lock, for no file may appear after `close`: see Folder.close.
        with self._lock:
            if self._closed:
                raise StorageError("the store is closed")
            try:
                fd = self._open_new(folder, path)
            except OSError as error:
                raise storage_error(f"cannot create {path}", error) from error
        return FileWriter(fd, path, self._syncs, lambda: self._sync_names(folder))

    def _open_new(self, folder: str, path: str) -> int:
        try:
            return os.open(path, _NEW, 0o600)
        except FileNotFoundError:
            for level in (*self._ancestors(folder), folder):
                if level != self._root:
                    Path(level).mkdir(mode=0o700, exist_ok=True)
            return os.open(path, _NEW, 0o600)

    def _ancestors(self, folder: str) -> list[str]:
        """The folders above one, from the root down."""
        parts = folder[len(self._root) + 1 :].split("/")
        return ["/".join((self._root, *parts[:depth])) for depth in range(len(parts))]

    def _sync_names(self, folder: str) -> None:
        self._syncs.folder(folder)
        if folder not in self._durable:
            for level in self._ancestors(folder):
                self._syncs.folder(level)
            self._durable.add(folder)

    def open(self, blob_id: int) -> FileReader:
        """As `Blobs.open`."""
        path = self.path(blob_id)
        try:
            return FileReader(os.open(path, _READ), path)
        except FileNotFoundError as error:
            raise BlobMissing(f"the file of blob {blob_id} is gone: {path}") from error
        except OSError as error:
            raise storage_error(f"cannot open {path}", error) from error

    def delete(self, blob_id: int) -> None:
        """As `Blobs.delete`. Durable: the record of a blob may go only after its file."""
        self.delete_many((blob_id,))

    def delete_many(self, blob_ids: Iterable[int]) -> int:
        """The same for several, with one sync where they share a folder; how many there were."""
        found = 0
        folders = set()
        for blob_id in blob_ids:
            path = Path(self.path(blob_id))
            # Synced where no file is, too: one that died may have deleted it, and not got further.
            folders.add(path.parent)
            try:
                path.unlink()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise storage_error(f"cannot delete {path}", error) from error
            found += 1
        for folder in folders:
            try:
                self._syncs.folder(folder)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise storage_error(f"cannot make deletions in {folder} durable", error) from error
        return found

    def move_out(self, blob_id: int, target: Path) -> None:
        """Move the file of a blob elsewhere in the store, durably."""
        path = Path(self.path(blob_id))
        try:
            path.rename(target)
            self._syncs.folder(target.parent)
            self._syncs.folder(path.parent)
        except OSError as error:
            raise storage_error(f"cannot move {path} to {target}", error) from error

    def ids(self) -> Iterator[int]:
        """As `Blobs.ids`."""
        return layout.walk(self._root)

    def size(self, blob_id: int) -> int:
        """How many bytes the file of a blob has.

        Raises:
            BlobMissing: there is none.
            StorageError: the disk does not tell.
        """
        return self._stat(blob_id).st_size

    def modified(self, blob_id: int) -> float:
        """When the file of a blob was written, in seconds since 1970; errors as for `size`."""
        return self._stat(blob_id).st_mtime

    def _stat(self, blob_id: int) -> os.stat_result:
        path = Path(self.path(blob_id))
        try:
            return path.stat()
        except FileNotFoundError as error:
            raise BlobMissing(f"the file of blob {blob_id} is gone: {path}") from error
        except OSError as error:
            raise storage_error(f"cannot look at {path}", error) from error

    def exists(self, blob_id: int) -> bool:
        """Whether a blob has a file."""
        try:
            self.size(blob_id)
        except BlobMissing:
            return False
        return True

    def survey(self) -> Iterator[tuple[set[int], list[str]]]:
        """The ids of all files, folder by folder, and the paths of what is no blob's file.

        Raises:
            StorageError: a folder cannot be read.
        """
        try:
            yield from layout.survey(self._root)
        except OSError as error:
            raise storage_error(f"cannot list {self._root}", error) from error

    def close(self) -> None:
        """Create no more. What is open stays open."""
        with self._lock:
            self._closed = True

    def path(self, blob_id: int) -> str:
        """Where the file of a blob is, or would be."""
        return f"{self._root}/{layout.shard(blob_id)}/{layout.file_name(blob_id)}"

"""Files and folders as they are seen, and as they will be found after a power cut.

POSIX promises this much, and it is all that is kept here:

* what a file holds is durable once the file was synced;
* a name, and that a name is gone, is durable once its folder was synced;
* a rename is all or nothing.

Of everything else any part may have reached the disk, in any order: of changes to a folder each by
itself, of a write each sector by itself.
"""

import os
import random
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512


@dataclass(slots=True)
class File:
    """A file: what it holds, what of that is durable, and the changes in between."""

    mode: int
    data: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes] | int] = field(default_factory=list)
    """Writes, as their place and bytes, and new sizes."""

    def write(self, offset: int, data: bytes) -> None:
        _write(self.data, offset, data)
        self.pending.append((offset, data))

    def resize(self, size: int) -> None:
        _resize(self.data, size)
        self.pending.append(size)

    def sync(self) -> None:
        for change in self.pending:
            _apply(self.durable, change)
        self.pending.clear()

    def left(self, luck: "Luck") -> bytes:
        """What is found after a power cut."""
        left = bytearray(self.durable)
        for change in self.pending:
            if isinstance(change, int):
                if luck.keeps():
                    _resize(left, change)
                continue
            for sector in _sectors(*change):
                if luck.keeps():
                    _write(left, *sector)
        return bytes(left)


@dataclass(slots=True)
class Folder:
    """A folder: its names, those that are durable, and the changes in between."""

    mode: int
    names: "dict[str, Node]" = field(default_factory=dict)
    durable: "dict[str, Node]" = field(default_factory=dict)
    pending: "list[dict[str, Node | None]]" = field(default_factory=list)
    """Each change by itself: names with what they lead to from then on."""

    def change(self, names: "dict[str, Node | None]") -> None:
        _lead(self.names, names)
        self.pending.append(names)

    def sync(self) -> None:
        self.durable = dict(self.names)
        self.pending.clear()

    def left(self, luck: "Luck") -> "dict[str, Node]":
        """The names that are found after a power cut."""
        left = dict(self.durable)
        for change in self.pending:
            if luck.keeps():
                _lead(left, change)
        return left


Node = File | Folder


class Luck:
    """Decides what of the things that were not synced reached the disk all the same.

    Args:
        seed: of a kind of luck, and of all that follows from it. 0 is none at all.
    """

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        # Nothing and everything are likely: there a mistake shows most clearly, or a torn order.
        self._share = self._chance.choice([0.0, 0.0, 0.1, 0.5, 0.9, 1.0]) if seed else 0.0

    def keeps(self) -> bool:
        return self._chance.random() < self._share


def load(path: Path) -> Folder:
    """What lies in a folder now, all of it durable."""
    folder = Folder(stat.S_IMODE(path.stat().st_mode))
    for entry in path.iterdir():
        if entry.is_dir():
            folder.names[entry.name] = load(entry)
            continue
        data = bytearray(entry.read_bytes())
        mode = stat.S_IMODE(entry.stat().st_mode)
        folder.names[entry.name] = File(mode, data, bytearray(data))
    folder.sync()
    return folder


def store(folder: Folder, path: Path, luck: Luck) -> None:
    """Write what a power cut leaves into a folder, which is empty."""
    path.chmod(folder.mode)
    for name, node in folder.left(luck).items():
        target = path / name
        if isinstance(node, Folder):
            target.mkdir()
            store(node, target, luck)
        else:
            target.write_bytes(node.left(luck))
            target.chmod(node.mode)


def clear(path: Path) -> None:
    """Empty a folder."""
    for parent, folders, files in os.walk(path, topdown=False):
        for name in files:
            Path(parent, name).unlink()
        for name in folders:
            Path(parent, name).rmdir()


def _apply(data: bytearray, change: tuple[int, bytes] | int) -> None:
    if isinstance(change, int):
        _resize(data, change)
    else:
        _write(data, *change)


def _write(data: bytearray, offset: int, new: bytes) -> None:
    if offset > len(data):
        data.extend(bytes(offset - len(data)))
    data[offset : offset + len(new)] = new


def _resize(data: bytearray, size: int) -> None:
    if size < len(data):
        del data[size:]
    else:
        data.extend(bytes(size - len(data)))


def _sectors(offset: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    """A write as the sectors that it touches."""
    at = 0
    while at < len(data):
        end = min(len(data), at + SECTOR - (offset + at) % SECTOR)
        yield offset + at, data[at:end]
        at = end


def _lead(names: dict[str, Node], change: "dict[str, Node | None]") -> None:
    for name, node in change.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node

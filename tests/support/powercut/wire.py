"""A file system that the kernel asks through /dev/fuse, without a library in between.

The protocol is that of <linux/fuse.h>; what is not answered here, the kernel does without. It
locks files by itself, and maps them into memory through its own cache.
"""

import errno
import os
import stat
import struct
import time
from collections.abc import Callable

from support.powercut.disk import File, Folder, Node

_MAX_WRITE = 128 * 1024
_BUFFER = _MAX_WRITE + 65536
_BIG_WRITES = 1 << 5
_KEEP_CACHE = 1 << 1
_ROOT = 1
_BLOCK = 512
_FOREVER = 1 << 30
"""Seconds for which the kernel may remember: nobody else changes anything."""

_IN = struct.Struct("<IIQQIIIHH")
_OUT = struct.Struct("<IiQ")
_ATTR = struct.Struct("<6Q10I")
_ENTRY = struct.Struct("<4Q2I")
_ATTR_OUT = struct.Struct("<QII")
_OPEN_OUT = struct.Struct("<QIi")
_READ = struct.Struct("<QQIIQII")
_WRITE = _READ
_SETATTR = struct.Struct("<IIQQ")
_DIRENT = struct.Struct("<QQII")

_FATTR_MODE, _FATTR_SIZE = 1, 8

CHANGES = {4, 9, 10, 11, 12, 16, 20, 30, 35, 45}
"""The operations that change something, or make it durable."""


class Refused(Exception):  # noqa: N818 - it is an answer
    """The kernel is told this error."""

    def __init__(self, number: int) -> None:
        super().__init__(os.strerror(number))
        self.number = number


class FileSystem:
    """Answers the kernel's requests about a folder.

    Args:
        root: the folder.
    """

    def __init__(self, root: Folder) -> None:
        self._nodes: dict[int, Node] = {_ROOT: root}
        self._ids: dict[int, int] = {id(root): _ROOT}
        self._born = int(time.time())
        self._shown: dict[int, list[tuple[str, Node]]] = {}
        self._calls: dict[int, Callable[[int, memoryview], bytes]] = {
            1: self._lookup,
            3: self._getattr,
            4: self._setattr,
            9: self._mkdir,
            10: self._unlink,
            11: self._unlink,
            12: self._rename,
            14: self._open,
            15: self._read,
            16: self._write,
            17: self._statfs,
            18: self._release,
            20: self._sync,
            26: self._init,
            27: self._opendir,
            28: self._readdir,
            29: self._release,
            30: self._sync,
            35: self._create,
            45: self._rename2,
        }

    def receive(self, device: int) -> tuple[int, bytes]:
        """The next request: what it is about, and all of it."""
        request = os.read(device, _BUFFER)
        return _IN.unpack_from(request)[1], request

    def answer(self, device: int, request: bytes) -> None:
        """Do what a request wants."""
        _, code, unique, node, *_ = _IN.unpack_from(request)
        if code in {2, 36, 42}:  # FORGET, INTERRUPT, BATCH_FORGET: not answered
            return
        error, body = 0, b""
        try:
            call = self._calls.get(code, _unknown)
            body = call(node, memoryview(request)[_IN.size :])
        except Refused as refused:
            error = -refused.number
        os.write(device, _OUT.pack(_OUT.size + len(body), error, unique) + body)

    # ---- nodes

    def _id(self, node: Node) -> int:
        """The number of a node. Numbers are never used again, and nodes never let go of."""
        number = self._ids.setdefault(id(node), len(self._ids) + 1)
        self._nodes[number] = node
        return number

    def _folder(self, number: int) -> Folder:
        node = self._nodes[number]
        if not isinstance(node, Folder):
            raise Refused(errno.ENOTDIR)
        return node

    def _file(self, number: int) -> File:
        node = self._nodes[number]
        if not isinstance(node, File):
            raise Refused(errno.EISDIR)
        return node

    def _attr(self, node: Node) -> bytes:
        kind, size = (stat.S_IFDIR, 0) if isinstance(node, Folder) else (stat.S_IFREG, None)
        if isinstance(node, File):
            size = len(node.data)
        assert size is not None
        times = (self._born, self._born, self._born, 0, 0, 0)
        who = (os.getuid(), os.getgid())
        return _ATTR.pack(
            self._id(node), size, -(-size // _BLOCK), *times, kind | node.mode, 1, *who,
            0, 4096, 0,
        )  # fmt: skip

    def _entry(self, node: Node) -> bytes:
        return _ENTRY.pack(self._id(node), 0, _FOREVER, _FOREVER, 0, 0) + self._attr(node)

    def _attr_out(self, node: Node) -> bytes:
        return _ATTR_OUT.pack(_FOREVER, 0, 0) + self._attr(node)

    # ---- requests

    def _init(self, _node: int, _body: memoryview) -> bytes:
        return struct.pack(
            "<4I2H2I2H8I", 7, 31, _MAX_WRITE, _BIG_WRITES, 12, 9, _MAX_WRITE, 1, 0, 0, *[0] * 8
        )

    def _lookup(self, parent: int, body: memoryview) -> bytes:
        found = self._folder(parent).names.get(_name(body))
        if found is None:
            raise Refused(errno.ENOENT)
        return self._entry(found)

    def _getattr(self, number: int, _body: memoryview) -> bytes:
        return self._attr_out(self._nodes[number])

    def _setattr(self, number: int, body: memoryview) -> bytes:
        valid, _, _, size = _SETATTR.unpack_from(body)
        node = self._nodes[number]
        if valid & _FATTR_SIZE:
            self._file(number).resize(size)
        if valid & _FATTR_MODE:
            node.mode = stat.S_IMODE(struct.unpack_from("<I", body, 68)[0])
        return self._attr_out(node)

    def _mkdir(self, parent: int, body: memoryview) -> bytes:
        made = Folder(stat.S_IMODE(struct.unpack_from("<I", body)[0]))
        self._folder(parent).change({_name(body[8:]): made})
        return self._entry(made)

    def _create(self, parent: int, body: memoryview) -> bytes:
        made = File(stat.S_IMODE(struct.unpack_from("<4I", body)[1]))
        self._folder(parent).change({_name(body[16:]): made})
        return self._entry(made) + _OPEN_OUT.pack(0, _KEEP_CACHE, 0)

    def _unlink(self, parent: int, body: memoryview) -> bytes:
        names, name = self._folder(parent), _name(body)
        node = names.names.get(name)
        if isinstance(node, Folder) and node.names:
            raise Refused(errno.ENOTEMPTY)
        names.change({name: None})
        return b""

    def _rename(self, parent: int, body: memoryview) -> bytes:
        return self._move(parent, struct.unpack_from("<Q", body)[0], 0, body[8:])

    def _rename2(self, parent: int, body: memoryview) -> bytes:
        target, flags = struct.unpack_from("<QI", body)
        return self._move(parent, target, flags, body[16:])

    def _move(self, parent: int, target: int, flags: int, names: memoryview) -> bytes:
        if flags or parent != target:
            raise Refused(errno.EINVAL if flags else errno.EXDEV)
        old, new, _ = bytes(names).split(b"\0", 2)
        folder = self._folder(parent)
        moved = folder.names[os.fsdecode(old)]
        folder.change({os.fsdecode(old): None, os.fsdecode(new): moved})
        return b""

    def _open(self, number: int, _body: memoryview) -> bytes:
        self._file(number)
        return _OPEN_OUT.pack(0, _KEEP_CACHE, 0)

    def _read(self, number: int, body: memoryview) -> bytes:
        _, offset, size, *_ = _READ.unpack_from(body)
        return bytes(self._file(number).data[offset : offset + size])

    def _write(self, number: int, body: memoryview) -> bytes:
        _, offset, size, *_ = _WRITE.unpack_from(body)
        self._file(number).write(offset, bytes(body[_WRITE.size : _WRITE.size + size]))
        return struct.pack("<II", size, 0)

    def _sync(self, number: int, _body: memoryview) -> bytes:
        self._nodes[number].sync()
        return b""

    def _statfs(self, _node: int, _body: memoryview) -> bytes:
        room = 1 << 24
        return struct.pack("<5Q10I", room, room, room, room, room, 4096, 255, 4096, *[0] * 7)

    def _opendir(self, number: int, _body: memoryview) -> bytes:
        handle = len(self._shown) + 1
        self._shown[handle] = list(self._folder(number).names.items())
        return _OPEN_OUT.pack(handle, 0, 0)

    def _readdir(self, _node: int, body: memoryview) -> bytes:
        handle, offset, size, *_ = _READ.unpack_from(body)
        page = b""
        for place, (name, node) in enumerate(self._shown[handle][offset:], offset + 1):
            raw = os.fsencode(name)
            kind = 4 if isinstance(node, Folder) else 8
            entry = _DIRENT.pack(self._id(node), place, len(raw), kind) + raw
            entry += bytes(-len(entry) % 8)
            if len(page) + len(entry) > size:
                break
            page += entry
        return page

    def _release(self, _node: int, _body: memoryview) -> bytes:
        return b""


def _unknown(_node: int, _body: memoryview) -> bytes:
    raise Refused(errno.ENOSYS)


def _name(body: memoryview) -> str:
    return os.fsdecode(bytes(body).split(b"\0", 1)[0])

"""What a process asks of the system, as strace tells it: what is written, and what is synced.

A program says where it is with `mark`; `Trace.read` gives what happened between the marks.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from support.failing import need_strace

MARK = 900
"""The descriptor to which marks are written."""

PRELUDE = f"""
import os, sys
def mark(text):
    os.write({MARK}, text.encode())
"""

_CALLS = (
    "write,pwrite64,writev,ftruncate,fdatasync,fsync,openat,mkdir,mkdirat,"
    "unlink,unlinkat,rename,renameat,renameat2"
)
_LINE = re.compile(r"^(\d+) +(?:<\.\.\. (\w+) resumed>(.*)|(\w+)\((.*))$")
_FD = re.compile(r"^(\d+)<(.*?)>")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass
class Step:
    """What happened between two marks.

    Attributes:
        name: of the mark that began it.
        synced: paths, relative to the store, in order.
        unsynced: paths of files whose content, and of folders whose names, are not on the disk at
            its end.
        removed_early: files of blobs that were removed while the log was not on the disk.
    """

    name: str
    synced: list[str] = field(default_factory=list)
    unsynced: set[str] = field(default_factory=set)
    removed_early: list[str] = field(default_factory=list)


def traced(folder, program, *arguments, inject=None, out=None):
    """Run a program in Python under strace; returns the process, ended.

    Args:
        folder: of the store; what happens elsewhere is not told.
        program: its text.
        arguments: for it.
        inject: a fault for the calls on one path: (path, what strace's ``inject=`` takes).
        out: where strace writes what it saw.
    """
    need_strace()
    command = ["strace", "-f", "-q", "-y", "-s", "300", "--seccomp-bpf"]
    if inject is None:
        command += ["-e", f"trace={_CALLS}"]
    else:
        path, fault = inject
        command += ["-P", str(path), "-e", "trace=fdatasync,fsync", "-e", f"inject={fault}"]
    marks = os.open(os.devnull, os.O_WRONLY)
    os.dup2(marks, MARK)
    os.close(marks)
    try:
        return subprocess.run(
            [*command, "-o", str(out or os.devnull), sys.executable, "-c", PRELUDE + program,
             str(folder), *map(str, arguments)],
            capture_output=True, text=True, check=False, timeout=100, pass_fds=[MARK],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
    finally:
        os.close(MARK)


class Trace:
    """A run of a program, read to see what was on the disk at each mark."""

    def __init__(self, folder: Path) -> None:
        self._root = f"{folder}/"
        self._steps = [Step("")]
        self._dirty: dict[str, int] = {}
        self._known: set[str] = set()
        self._moment = 0
        self._begun: dict[str, tuple[str, str, int]] = {}

    @classmethod
    def read(cls, folder: Path, out: Path) -> list[Step]:
        """The steps that a run was made of."""
        trace = cls(folder)
        for line in out.read_text(errors="replace").splitlines():
            trace._line(line)
        return trace._steps

    def _line(self, line: str) -> None:
        match = _LINE.match(line)
        if match is None:
            return
        self._moment += 1
        thread, resumed, rest, call, arguments = match.groups()
        if resumed:
            call, arguments, since = self._begun.pop(thread, (resumed, "", self._moment))
            self._call(call, arguments + rest, since)
        elif arguments.endswith("<unfinished ...>"):
            self._begun[thread] = (call, arguments.removesuffix("<unfinished ...>"), self._moment)
        else:
            self._call(call, arguments, self._moment)

    def _call(self, call: str, arguments: str, since: int) -> None:
        if " = -1 " in arguments:
            return
        fd = _FD.match(arguments)
        if call == "write" and fd and fd[1] == str(MARK):
            self._mark(_STRING.search(arguments)[1])
        elif call in {"fdatasync", "fsync"}:
            self._sync(fd[2], since)
        elif call in {"write", "pwrite64", "writev", "ftruncate"}:
            self._touch(fd[2] if fd else "")
        elif call == "openat":
            path = _STRING.search(arguments)[1]
            if "O_CREAT" in arguments and path not in self._known:
                self._name(call, path)
            self._known.add(path)
        else:
            for path in _STRING.findall(arguments)[:2]:
                self._name(call, path)

    def _mark(self, text: str) -> None:
        self._steps[-1].unsynced = set(self._dirty)
        self._steps.append(Step(text))

    def _relative(self, path: str) -> str | None:
        """A path in the store that has to be on the disk; the folder itself is "." and those above
        it begin with "..". None for what need not be: locks and SQLite's shared memory."""
        path = os.path.normpath(path)
        relative = os.path.relpath(path, self._root)
        if relative.startswith("locks") or relative.endswith("-shm"):
            return None
        above = set(relative.split("/")) <= {"..", "."}
        return relative if above or not relative.startswith("..") else None

    def _sync(self, path: str, since: int) -> None:
        relative = self._relative(path)
        if relative is not None:
            self._steps[-1].synced.append(relative)
            if self._dirty.get(relative, since) <= since:
                self._dirty.pop(relative, None)

    def _touch(self, path: str) -> None:
        relative = self._relative(path)
        if relative is not None:
            self._dirty[relative] = self._moment

    def _name(self, call: str, path: str) -> None:
        relative = self._relative(path)
        if relative is None:
            return
        if "unlink" in call:
            self._dirty.pop(relative, None)
            if relative.startswith("blobs/") and "records.db-wal" in self._dirty:
                self._steps[-1].removed_early.append(relative)
        if "rename" in call:
            self._dirty.pop(relative, None)
        parent = os.path.normpath(f"{relative}/..") if relative != "." else ".."
        self._dirty[parent] = self._moment

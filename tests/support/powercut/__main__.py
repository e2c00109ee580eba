"""Running a command on a folder that forgets: see the package."""

import argparse
import ctypes
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

from support.powercut.disk import Luck, clear, load, store
from support.powercut.wire import CHANGES, FileSystem

_NEW_MOUNTS, _NEW_USERS = 0x00020000, 0x10000000
_REC_PRIVATE = (1 << 14) | (1 << 18)
_NOSUID_NODEV = 2 | 4
_DIE_WITH_PARENT, _ADOPT = 1, 36

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> int:
    """The status is that of the command, or 0 where the power was cut under it."""
    parser = argparse.ArgumentParser(prog="support.powercut")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--after", type=int, default=0, metavar="CHANGES")
    parser.add_argument("--armed", action="store_true", help="count from SIGUSR1 on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()
    folder = args.folder.absolute()
    root = load(folder)
    _own_mounts()
    device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
    _call("mount", b"forgetful", bytes(folder), b"fuse", _NOSUID_NODEV, options.encode())
    _libc.prctl(_ADOPT, 1)
    command = subprocess.Popen(args.command, preexec_fn=_die_with_parent)  # noqa: PLW1509 - no threads
    fuse = Fuse(args.after, lit=not args.armed)
    signal.signal(signal.SIGTERM, lambda *_: command.terminate())
    signal.signal(signal.SIGUSR1, lambda *_: fuse.light())
    try:
        _serve(FileSystem(root), device, command, fuse)
    finally:
        _kill(command.pid)
        # Ends what waits for an answer; all that do are marked to die before they see the error.
        os.close(device)
        status = command.wait()
        # There is nobody left to tell, and they must not end what follows.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        _wait_for_all()
    _call("umount2", bytes(folder), 0)
    clear(folder)
    store(root, folder, Luck(args.seed))
    return 0 if status == -signal.SIGKILL else status


class Fuse:
    """Burns down with each change, from when it is lit.

    Args:
        changes: how many it lasts for; 0 for ever.
        lit: from the start.
    """

    def __init__(self, changes: int, *, lit: bool) -> None:
        self._left = changes or 1 << 62
        self._lit = lit

    def light(self) -> None:
        """Let it burn."""
        self._lit = True

    def burns_out(self) -> bool:
        """Take note of a change; whether that is one too many."""
        self._left -= self._lit
        return self._left < 0


def _serve(files: FileSystem, device: int, command: subprocess.Popen[bytes], fuse: Fuse) -> None:
    """Answer until the fuse has burnt out, or the command has ended."""
    ended = os.pidfd_open(command.pid)
    poll = select.poll()
    poll.register(device, select.POLLIN)
    poll.register(ended, select.POLLIN)
    while True:
        ready = {fd for fd, _ in poll.poll()}
        if device not in ready:
            return
        code, request = files.receive(device)
        if code in CHANGES and fuse.burns_out():
            return
        files.answer(device, request)


def _own_mounts() -> None:
    """From here on, what is mounted is seen by this process and its children alone, and ends with
    them. Who is not root becomes it among these."""
    uid, gid = os.getuid(), os.getgid()
    if uid:
        _call("unshare", _NEW_USERS | _NEW_MOUNTS)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    else:
        _call("unshare", _NEW_MOUNTS)
    _call("mount", b"none", b"/", None, _REC_PRIVATE, None)


def _die_with_parent() -> None:
    _libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def _kill(pid: int) -> None:
    """SIGKILL to a process and all that it began."""
    try:
        os.kill(pid, signal.SIGSTOP)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, FileNotFoundError):
        return
    for child in children:
        _kill(int(child))


def _wait_for_all() -> None:
    """Until all that the command began have ended."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc, name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    sys.exit(main())

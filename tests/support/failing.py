"""A disk that fails: what a command asks of one file is answered with an I/O error by strace, which
is fetched where it is missing. What the command does then, it does for real.
"""

import os
import shutil
import subprocess


def need_strace():
    """Fetch strace where it is missing."""
    if shutil.which("strace") is None:
        subprocess.run(["apt-get", "update"], check=True, capture_output=True)
        subprocess.run(["apt-get", "install", "-y", "strace"], check=True, capture_output=True)


def failing(path, calls, *, after=0):
    """What to put before a command, so that these system calls on a file fail with EIO.

    Args:
        path: of the file; it need not be there yet.
        calls: their names, with commas.
        after: how many of them, in each thread, work before.
    """
    need_strace()
    return (
        "strace", "-D", "-f", "-qq", "-o", os.devnull, "--seccomp-bpf",
        "-P", str(path), "-e", f"trace={calls}",
        "-e", f"inject={calls}:error=EIO:when={after + 1}+",
    )  # fmt: skip

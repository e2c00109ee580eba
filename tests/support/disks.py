"""Disks that are soon full."""

import subprocess
from contextlib import contextmanager


@contextmanager
def small_disk(folder, mebibytes):
    """A folder below ``folder`` on a disk of its own. Needs the right to mount."""
    path = folder / "disk"
    path.mkdir()
    size = f"size={mebibytes}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", path], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", path], check=True)

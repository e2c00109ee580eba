"""Files to transfer, and what is left of a transfer."""

import contextlib
import json
import os
import threading
from pathlib import Path

from cosbox import NotFoundError

BUCKET = "moving-1250000000"
MIB = 1024**2


def make_file(path, size):
    """A file of so many bytes, no MiB of which is like another."""
    block = os.urandom(MIB - 8)
    with Path(path).open("wb") as file:
        for number in range(-(-size // MIB)):
            file.write(number.to_bytes(8, "big"))
            file.write(block)
        file.truncate(size)
    return path


def is_stored(client, key, path):
    """Whether an object is, byte by byte, what a file is."""
    body = client.get_object(BUCKET, key)["Body"]
    with Path(path).open("rb") as file:
        while data := body.read(MIB):
            if data != file.read(len(data)):
                return False
        return not file.read(1)


def unfinished(client, key):
    """The uploads of an object that are not finished: by id, the numbers of their parts."""
    found = {}
    for each in client.list_multipart_uploads(BUCKET, Prefix=key).get("Upload", []):
        if each["Key"] == key:
            # One may be completed between the two: its client was killed, the store goes on.
            with contextlib.suppress(NotFoundError):
                listed = client.list_parts(BUCKET, key, each["UploadId"]).get("Part", [])
                found[each["UploadId"]] = {int(part["PartNumber"]) for part in listed}
    return found


def journalled(path):
    """The numbers of the parts that a journal says are done; none when it does not exist."""
    try:
        lines = Path(path).read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return set()
    done = set()
    for fields in map(json.loads, lines):
        if "part" in fields:
            done.add(fields["part"])
        else:
            done.clear()
    return done


def touch(path):
    """A time of its own, later than any before."""
    status = Path(path).stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))


def change(path, at, data=b"CHANGED"):
    """Write over some bytes of a file."""
    with Path(path).open("r+b") as file:
        file.seek(at)
        file.write(data)
    touch(path)


class Told:
    """A progress callback that holds what it is told against the rules."""

    def __init__(self, inner=lambda done, total: None):
        self.inner = inner
        self.at = []
        self.wrong = []
        self.busy = threading.Lock()

    def __call__(self, done, total):
        if not self.busy.acquire(blocking=False):
            self.wrong.append("two threads at once")
            return
        try:
            if self.at and done <= self.at[-1][0]:
                self.wrong.append(f"{done} after {self.at[-1]}")
            self.at.append((done, total))
            self.inner(done, total)
        finally:
            self.busy.release()

    def check(self, size):
        """For a transfer that is done."""
        assert self.wrong == []
        assert self.at[-1] == (size, size)

"""A client process that moves one large object and says what it cost: run by test_large_bodies."""

import sys
import tempfile
import time
from pathlib import Path

import cosbox
from cosbox.checksums import crc64

MIB = 1024 * 1024
PIECE = bytes(range(256)) * (MIB // 256)


def pieces(count):
    """A body that is made while it is sent, each MiB of it another."""
    for number in range(count):
        yield number.to_bytes(8, "big") + PIECE[8:]


def peak_mib(pid="self"):
    """The most memory that a process ever had resident."""
    with Path(f"/proc/{pid}/status").open() as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def sparse(client, count):
    """A file with nothing in it, so that it is read as fast as may be."""
    expected, zeros = 0, bytes(MIB)
    for _ in range(count):
        expected = crc64(zeros, expected)
    with tempfile.TemporaryFile() as file:
        file.truncate(count * MIB)
        put = client.put_object("large-1250000000", file, "sparse")
    assert put["x-cos-hash-crc64ecma"] == str(expected)
    assert client.head_object("large-1250000000", "sparse")["Content-Length"] == str(count * MIB)


def main(endpoint, count):
    conf = cosbox.CosConfig(Endpoint=endpoint, SecretId="AKIDtest", SecretKey="secretsecret")
    expected = 0
    with cosbox.CosS3Client(conf) as client:
        client.create_bucket("large-1250000000")
        began = time.perf_counter()
        put = client.put_object(
            "large-1250000000", pieces(count), "object", ContentLength=count * MIB
        )
        stored = time.perf_counter()
        body = client.get_object("large-1250000000", "object")["Body"]
        size = 0
        for chunk in body:
            size += len(chunk)
            expected = crc64(chunk, expected)
        read = time.perf_counter()
        sparse(client, count)
    assert size == count * MIB
    assert put["x-cos-hash-crc64ecma"] == str(expected)
    print(peak_mib(), f"{count / (stored - began):.0f}", f"{count / (read - stored):.0f}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

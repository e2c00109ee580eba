"""Large objects that many ask for are sent unread, unless somebody wrote to their files."""

import os

import pytest

import cosbox
from cosbox.service.lately import Lately
from cosbox.storage.rows import Extent
from support.serving import KEYS, Serving

BUCKET = "unread-1250000000"
BODY = os.urandom(3_000_000)


def client_of(serving):
    return cosbox.CosS3Client(
        cosbox.CosConfig(
            Endpoint=f"127.0.0.1:{serving.port}",
            SecretId=KEYS["COSBOX_SECRET_ID"],
            SecretKey=KEYS["COSBOX_SECRET_KEY"],
        )
    )


def read(client, key):
    return client.get_object(BUCKET, key)["Body"].get_raw_stream().read()


def in_parts(client, key, *parts):
    upload = client.create_multipart_upload(BUCKET, key)["UploadId"]
    tags = [
        {"PartNumber": n, "ETag": client.upload_part(BUCKET, key, part, n, upload)["ETag"]}
        for n, part in enumerate(parts, 1)
    ]
    client.complete_multipart_upload(BUCKET, key, upload, {"Part": tags})


def test_read_again_and_again(tmp_path):
    with Serving(tmp_path / "store") as serving, client_of(serving) as client:
        client.create_bucket(BUCKET)
        client.put_object(BUCKET, BODY, "whole")
        in_parts(client, "parts", BODY[:1_100_000], BODY[1_100_000:], b"small")
        client.copy_object(BUCKET, "copy", {"Bucket": BUCKET, "Key": "parts", "Region": "local"})
        for _ in range(3):
            assert read(client, "whole") == BODY
            for key in ("parts", "copy"):
                assert read(client, key) == BODY + b"small"
            part = client.get_object(BUCKET, "whole", Range="bytes=1000-2000999")
            assert part["Body"].get_raw_stream().read() == BODY[1000:2_001_000]


def test_a_file_that_rots_after_it_was_read_is_not_sent_as_if_it_were_right(tmp_path):
    with Serving(tmp_path / "store") as serving, client_of(serving) as client:
        client.create_bucket(BUCKET)
        client.put_object(BUCKET, BODY, "whole")
        for _ in range(2):
            assert read(client, "whole") == BODY
        (path,) = [path for path in (tmp_path / "store/blobs").rglob("*") if path.is_file()]
        status = path.stat()
        with path.open("r+b") as file:
            file.seek(2_000_000)
            file.write(bytes([BODY[2_000_000] ^ 1]))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        for _ in range(2):
            with pytest.raises(cosbox.CosClientError):
                read(client, "whole")


def test_what_was_right_is_known_for_a_while_and_as_long_as_nobody_writes(monkeypatch):
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    lately = Lately(lasts=60)
    extent = Extent(1, 0, 100)
    assert lately.crc64_of(extent, (1, 2)) is None
    lately.note(extent, (1, 2), 7)
    assert lately.crc64_of(extent, (1, 2)) == 7
    assert lately.crc64_of(extent, (1, 3)) is None
    assert lately.crc64_of(Extent(1, 0, 99), (1, 2)) is None
    now += 59
    assert lately.crc64_of(extent, (1, 2)) == 7
    now += 2
    assert lately.crc64_of(extent, (1, 2)) is None


def test_no_more_is_remembered_than_fits():
    lately = Lately()
    for number in range(10_001):
        lately.note(Extent(number, 0, 1), (0,), number)
    assert lately.crc64_of(Extent(0, 0, 1), (0,)) is None
    assert lately.crc64_of(Extent(1, 0, 1), (0,)) == 1
    assert lately.crc64_of(Extent(10_000, 0, 1), (0,)) == 10_000

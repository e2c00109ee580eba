"""The official SDK against ``cosbox serve``: its transfers, its URLs, and what the one client began
and the other ends."""

import os
import urllib.request
from pathlib import Path

import pytest

from cosbox.client.sync import CosS3Client
from support.checks import read
from support.official import official_client
from support.ways import OWNER


@pytest.fixture
def bucket(pair):
    return pair[0]


SEED = (
    *("list_objects", "list_objects_versions", "put_object", "head_object", "get_object"),
    *("copy_object", "delete_object", "delete_objects", "restore_object"),
    *("list_multipart_uploads", "create_multipart_upload", "upload_part", "upload_part_copy"),
    *("list_parts", "complete_multipart_upload", "abort_multipart_upload", "upload_file"),
)


def test_every_call_of_the_seed_is_compared():
    source = Path(__file__).with_name("test_differential.py").read_text(encoding="utf-8")
    assert [name for name in SEED if f"c.{name}(" not in source] == []
    assert all(hasattr(CosS3Client, name) for name in SEED)


def test_a_file_in_parts_there_and_back(official, ours, bucket, tmp_path):
    content = os.urandom(5 * 1024 * 1024 + 17)
    path = tmp_path / "source"
    path.write_bytes(content)
    result = official.upload_file(Bucket=bucket, Key="a", LocalFilePath=str(path), PartSize=1)
    assert result["ETag"].endswith('-6"')
    assert read(ours, bucket, "a") == content
    target = tmp_path / "target"
    official.download_file(
        Bucket=bucket,
        Key="a",
        DestFilePath=str(target),
        PartSize=1,
        EnableCRC=True,
        DumpRecordDir=str(tmp_path),
    )
    assert target.read_bytes() == content


def test_an_upload_of_ours_is_resumed(official, ours, bucket, tmp_path):
    """The SDK finds the parts that are there, compares them, and sends the others."""
    content = os.urandom(3 * 1024 * 1024)
    path = tmp_path / "source"
    path.write_bytes(content)
    upload_id = ours.create_multipart_upload(bucket, "a")["UploadId"]
    ours.upload_part(bucket, "a", content[: 1024 * 1024], 1, upload_id)
    official.upload_file(Bucket=bucket, Key="a", LocalFilePath=str(path), PartSize=1)
    assert read(ours, bucket, "a") == content
    assert "Upload" not in ours.list_multipart_uploads(bucket)


def test_a_url_of_the_sdk_s(way, ours, bucket):
    """It names the host of the bucket, which the server takes as it is called."""
    ours.put_object(bucket, b"text", "dir/a b+中")
    url = official_client(0, OWNER).get_presigned_download_url(
        Bucket=bucket, Key="dir/a b+中", Params={"response-content-type": "text/html"}
    )
    host = f"{bucket}.cos.ap-guangzhou.myqcloud.com"
    here = url.replace(f"http://{host}", f"http://127.0.0.1:{way.port}")
    assert here != url
    request = urllib.request.Request(here, headers={"Host": host})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.read() == b"text"
        assert answer.headers["Content-Type"] == "text/html"

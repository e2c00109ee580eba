"""list_parts."""

import pytest

from cosbox.protocol.errors import ParameterError
from support.checks import (
    upload,
)
from support.ways import OWNER


@pytest.fixture
def begun(client, bucket):
    """The id of an upload of "a"."""
    return client.create_multipart_upload(bucket, "a")["UploadId"]


def numbers(page):
    return [part["PartNumber"] for part in page.get("Part", [])]


def test_the_list(client, bucket):
    upload_id, parts = upload(client, bucket, "a", [b"1", b"22"], StorageClass="STANDARD_IA")
    page = client.list_parts(bucket, "a", upload_id)
    assert [part["ETag"] for part in page.pop("Part")] == [part["ETag"] for part in parts]
    page.pop("EncodingType", None)
    assert page == {
        "Bucket": bucket,
        "Key": "a",
        "UploadId": upload_id,
        "Owner": {"ID": OWNER.appid, "DisplayName": OWNER.appid},
        "Initiator": {"ID": OWNER.cam, "DisplayName": OWNER.uin},
        "PartNumberMarker": "0",
        "StorageClass": "STANDARD_IA",
        "MaxParts": "1000",
        "IsTruncated": "false",
    }


def test_the_list_in_pages(client, bucket, begun):
    for number in (1, 3, 5, 9, 10):
        client.upload_part(bucket, "a", b"x", number, begun)
    page = client.list_parts(bucket, "a", begun, 2)
    assert numbers(page) == ["1", "3"]
    assert (page["IsTruncated"], page["NextPartNumberMarker"]) == ("true", "3")
    page = client.list_parts(bucket, "a", begun, 2, page["NextPartNumberMarker"])
    assert numbers(page) == ["5", "9"]
    assert page["PartNumberMarker"] == "3"
    page = client.list_parts(bucket, "a", begun, MaxParts=2, PartNumberMarker=9)
    assert numbers(page) == ["10"]
    assert (page["IsTruncated"], "NextPartNumberMarker" in page) == ("false", False)
    assert numbers(client.list_parts(bucket, "a", begun, PartNumberMarker=4)) == ["5", "9", "10"]
    assert numbers(client.list_parts(bucket, "a", begun, PartNumberMarker=10)) == []


def test_the_list_encoded(client, bucket):
    upload_id, _ = upload(client, bucket, "a b中", [b"x"])
    page = client.list_parts(bucket, "a b中", upload_id, EncodingType="url")
    assert (page["Key"], page["EncodingType"]) == ("a%20b%E4%B8%AD", "url")
    assert client.list_parts(bucket, "a b中", upload_id)["Key"] == "a b中"


def test_sizes_out_of_range(way, client, bucket, begun):
    for name, wire, texts in (
        ("MaxParts", "max-parts", ("0", "-1", "x")),
        ("PartNumberMarker", "part-number-marker", ("-1", "x")),
    ):
        for text in texts:
            with pytest.raises(ParameterError):
                client.list_parts(bucket, "a", begun, **{name: text})
            query = {"uploadId": begun, wire: text}
            assert way.ask("GET", f"/{bucket}/a", query=query).told == (400, "InvalidArgument")
    assert client.list_parts(bucket, "a", begun, MaxParts=5000)["MaxParts"] == "1000"

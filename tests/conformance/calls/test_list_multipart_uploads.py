"""list_multipart_uploads."""

import pytest

from cosbox.protocol.errors import ParameterError
from support.checks import ISO, prefixes
from support.ways import OWNER


def listed(page):
    return [(entry["Key"], entry["UploadId"]) for entry in page.get("Upload", [])]


def test_the_list(client, bucket):
    upload_id = client.create_multipart_upload(bucket, "a", StorageClass="ARCHIVE")["UploadId"]
    page = client.list_multipart_uploads(bucket)
    [entry] = page.pop("Upload")
    assert ISO.fullmatch(entry.pop("Initiated"))
    assert entry == {
        "Key": "a",
        "UploadId": upload_id,
        "StorageClass": "ARCHIVE",
        "Owner": {"ID": OWNER.cam, "DisplayName": OWNER.uin},
        "Initiator": {"ID": OWNER.cam, "DisplayName": OWNER.uin},
    }
    page.pop("EncodingType", None)
    assert page == {
        "Bucket": bucket,
        "Prefix": None,
        "Delimiter": None,
        "KeyMarker": None,
        "UploadIdMarker": None,
        "MaxUploads": "1000",
        "IsTruncated": "false",
    }


@pytest.fixture
def begun(client, bucket):
    """Uploads of several keys, two of one; sorted as they are listed."""
    keys = ["a", "a", "b/1", "b/2", "c", "中"]
    made = [(key, client.create_multipart_upload(bucket, key)["UploadId"]) for key in keys]
    return sorted(made, key=lambda each: (each[0].encode(), each[1]))


def test_prefixes_and_groups(client, bucket, begun):
    assert listed(client.list_multipart_uploads(bucket)) == begun
    assert listed(client.list_multipart_uploads(bucket, Prefix="b")) == begun[2:4]
    page = client.list_multipart_uploads(bucket, Delimiter="/")
    assert prefixes(page) == ["b/"]
    assert listed(page) == [*begun[:2], *begun[4:]]
    page = client.list_multipart_uploads(bucket, Delimiter="/", Prefix="b/")
    assert (prefixes(page), listed(page)) == ([], begun[2:4])


def test_markers(client, bucket, begun):
    assert listed(client.list_multipart_uploads(bucket, KeyMarker="a")) == begun[2:]
    page = client.list_multipart_uploads(bucket, KeyMarker="a", UploadIdMarker=begun[0][1])
    assert listed(page) == begun[1:]
    assert (page["KeyMarker"], page["UploadIdMarker"]) == begun[0]
    page = client.list_multipart_uploads(bucket, UploadIdMarker=begun[0][1])
    assert listed(page) == begun
    page = client.list_multipart_uploads(bucket, Delimiter="/", KeyMarker="b/")
    assert (prefixes(page), listed(page)) == ([], begun[4:])


@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages(client, bucket, begun, size, delimiter):
    everything = client.list_multipart_uploads(bucket, Delimiter=delimiter)
    found, groups, marker = [], [], {}
    while True:
        page = client.list_multipart_uploads(bucket, MaxUploads=size, Delimiter=delimiter, **marker)
        assert page["MaxUploads"] == str(size)
        found += listed(page)
        groups += prefixes(page)
        if page["IsTruncated"] == "false":
            break
        marker = {"KeyMarker": page["NextKeyMarker"]}
        marker["UploadIdMarker"] = page.get("NextUploadIdMarker") or ""
    assert found == listed(everything)
    assert groups == prefixes(everything)


def test_all_parameters_and_encoding(client, bucket, begun):
    page = client.list_multipart_uploads(
        Bucket=bucket,
        Prefix="中",
        Delimiter="/",
        KeyMarker="c",
        UploadIdMarker="x",
        MaxUploads=100,
        EncodingType="url",
    )
    assert page["EncodingType"] == "url"
    assert page["Prefix"] == "%E4%B8%AD"
    assert page["Delimiter"] == "/"
    assert [entry["Key"] for entry in page["Upload"]] == ["%E4%B8%AD"]


def test_sizes_out_of_range(way, client, bucket):
    for text in ("0", "-1", "ten"):
        with pytest.raises(ParameterError):
            client.list_multipart_uploads(bucket, MaxUploads=text)
        reply = way.ask("GET", f"/{bucket}/", query={"uploads": "", "max-uploads": text})
        assert reply.told == (400, "InvalidArgument")
    assert client.list_multipart_uploads(bucket, MaxUploads=5000)["MaxUploads"] == "1000"

"""create_multipart_upload."""

import re

from support.checks import refused, upload
from support.ways import OTHER

OPTIONS = {
    "StorageClass": "STANDARD_IA",
    "Expires": "Wed, 28 Oct 2054 20:30:00 GMT",
    "CacheControl": "no-cache",
    "ContentType": "text/plain",
    "ContentDisposition": "inline",
    "ContentEncoding": "identity",
    "ContentLanguage": "en",
    "Metadata": {"x-cos-meta-a": "é"},
    "GrantFullControl": f'id="{OTHER.uin}"',
    "GrantRead": f'id="{OTHER.uin}"',
}


def listed(page):
    return [(entry["Key"], entry["UploadId"]) for entry in page.get("Upload", [])]


def test_the_result_of_create(client, bucket):
    result = client.create_multipart_upload(bucket, "dir/a b")
    assert {name: result[name] for name in ("Bucket", "Key")} == {
        "Bucket": bucket,
        "Key": "dir/a b",
    }
    assert re.fullmatch(r"\d{10}[0-9a-f]{64}", result["UploadId"])
    assert not client.object_exists(bucket, "dir/a b")


def test_the_object_is_as_was_asked(client, bucket):
    upload_id, parts = upload(client, bucket, "a", [b"x"], **OPTIONS)
    client.complete_multipart_upload(bucket, "a", upload_id, {"Part": parts})
    head = client.head_object(bucket, "a")
    assert head["x-cos-storage-class"] == "STANDARD_IA"
    assert head["Expires"] == OPTIONS["Expires"]
    assert head["Cache-Control"] == "no-cache"
    assert head["Content-Type"] == "text/plain"
    assert head["Content-Disposition"] == "inline"
    assert head["Content-Encoding"] == "identity"
    assert head["Content-Language"] == "en"
    assert head["x-cos-meta-a"] == "é"
    grants = client.get_object_acl(bucket, "a")["AccessControlList"]["Grant"]
    assert [g["Permission"] for g in grants] == ["FULL_CONTROL", "READ", "FULL_CONTROL"]


def test_a_canned_list(client, bucket):
    upload_id, parts = upload(client, bucket, "a", [b"x"], ACL="public-read")
    client.complete_multipart_upload(bucket, "a", upload_id, {"Part": parts})
    assert len(client.get_object_acl(bucket, "a")["AccessControlList"]["Grant"]) == 2


def test_what_create_refuses(client, bucket):
    for options, code in (
        ({"StorageClass": "COLD"}, "NotSupportedStorageClass"),
        ({"ACL": "public-read-write"}, "InvalidArgument"),
        ({"GrantRead": "me"}, "InvalidArgument"),
        ({"Metadata": {"x-cos-meta-a": "v" * 2048}}, "InvalidArgument"),
    ):
        with refused(400, code):
            client.create_multipart_upload(bucket, "a", **options)
    with refused(404, "NoSuchBucket"):
        client.create_multipart_upload("missing-1250000000", "a")
    client.put_object(bucket, b"", "a")
    with refused(409, "FileAlreadyExists"):
        client.create_multipart_upload(bucket, "a", ForbidOverwrite="true")
    assert listed(client.list_multipart_uploads(bucket)) == []

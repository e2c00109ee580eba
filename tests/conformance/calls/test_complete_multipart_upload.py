"""complete_multipart_upload."""

import re

import pytest

from cosbox.checksums import crc64
from cosbox.protocol.errors import ParameterError
from support.checks import PART, VERSION_ID, completed, etag, keys, read, refused, upload
from support.ways import OTHER

BODIES = [b"1" * PART, b"2" * (PART + 1), b"3"]


def complete(client, bucket, upload_id, parts, **options):
    return client.complete_multipart_upload(bucket, "a", upload_id, {"Part": parts}, **options)


def test_the_result(client, bucket):
    upload_id, parts = upload(client, bucket, "a", BODIES)
    result = complete(client, bucket, upload_id, parts)
    whole = b"".join(BODIES)
    assert re.fullmatch(r'"[0-9a-f]{32}-3"', result["ETag"])
    assert (result["Bucket"], result["Key"]) == (bucket, "a")
    assert result["Location"].startswith("http://")
    assert result["Location"].endswith(f"/{bucket}/a")
    assert result["x-cos-hash-crc64ecma"] == str(crc64(whole))
    assert "x-cos-version-id" not in result
    assert read(client, bucket, "a") == whole
    head = client.head_object(bucket, "a")
    assert (head["ETag"], head["Content-Length"]) == (result["ETag"], str(len(whole)))
    assert head["x-cos-hash-crc64ecma"] == str(crc64(whole))
    [entry] = client.list_objects(bucket)["Contents"]
    assert (entry["ETag"], entry["Size"]) == (result["ETag"], str(len(whole)))
    assert "Upload" not in client.list_multipart_uploads(bucket)


def test_one_small_part(client, bucket):
    assert completed(client, bucket, "a", [b"small"])["ETag"].endswith('-1"')
    assert read(client, bucket, "a") == b"small"


def test_one_empty_part(client, bucket):
    completed(client, bucket, "a", [b""])
    assert read(client, bucket, "a") == b""


def test_tags_with_and_without_quotes(client, bucket):
    upload_id, parts = upload(client, bucket, "a", BODIES)
    bare = [part | {"ETag": part["ETag"].strip('"')} for part in parts]
    complete(client, bucket, upload_id, [bare[0], parts[1], bare[2]])
    assert read(client, bucket, "a") == b"".join(BODIES)


def test_parts_as_the_list_gives_them(client, bucket):
    upload_id, _ = upload(client, bucket, "a", BODIES)
    complete(client, bucket, upload_id, client.list_parts(bucket, "a", upload_id)["Part"])
    assert read(client, bucket, "a") == b"".join(BODIES)


def test_any_subset(client, bucket):
    upload_id, parts = upload(client, bucket, "a", [*BODIES, b"4" * PART])
    complete(client, bucket, upload_id, [parts[0], parts[3]])
    assert read(client, bucket, "a") == BODIES[0] + b"4" * PART


def test_numbers_with_gaps(client, bucket):
    upload_id = client.create_multipart_upload(bucket, "a")["UploadId"]
    parts = []
    for number in (5, 10_000, 3):
        tag = client.upload_part(bucket, "a", bytes([number % 256]) * PART, number, upload_id)[
            "ETag"
        ]
        parts.append({"PartNumber": number, "ETag": tag})
    parts.sort(key=lambda part: part["PartNumber"])
    complete(client, bucket, upload_id, parts)
    assert read(client, bucket, "a") == b"\3" * PART + b"\5" * PART + b"\x10" * PART


def test_order(client, bucket):
    upload_id, parts = upload(client, bucket, "a", BODIES)
    for wrong in ([parts[1], parts[0]], [parts[0], parts[0]]):
        with refused(400, "InvalidPartOrder"):
            complete(client, bucket, upload_id, wrong)
    assert not client.object_exists(bucket, "a")
    complete(client, bucket, upload_id, parts)


def test_parts_that_are_not_there(client, bucket):
    upload_id, parts = upload(client, bucket, "a", BODIES)
    for wrong in (
        [*parts, {"PartNumber": 4, "ETag": parts[0]["ETag"]}],
        [parts[0] | {"ETag": etag(b"other")}, *parts[1:]],
        [parts[0] | {"ETag": "x"}],
        [{"PartNumber": 99_999, "ETag": "x"}],
    ):
        with refused(400, "InvalidPart"):
            complete(client, bucket, upload_id, wrong)
    assert len(client.list_parts(bucket, "a", upload_id)["Part"]) == 3


def test_the_tag_of_a_part_that_was_replaced(client, bucket):
    upload_id, parts = upload(client, bucket, "a", [b"old"])
    client.upload_part(bucket, "a", b"new", 1, upload_id)
    with refused(400, "InvalidPart"):
        complete(client, bucket, upload_id, parts)
    complete(client, bucket, upload_id, [{"PartNumber": 1, "ETag": etag(b"new")}])
    assert read(client, bucket, "a") == b"new"


def test_only_the_last_may_be_small(client, bucket):
    upload_id, parts = upload(client, bucket, "a", [b"1" * (PART - 1), b"2" * PART])
    with refused(400, "EntityTooSmall"):
        complete(client, bucket, upload_id, parts)
    complete(client, bucket, upload_id, parts[1:])
    assert read(client, bucket, "a") == b"2" * PART


def test_twice(client, bucket):
    upload_id, parts = upload(client, bucket, "a", BODIES)
    first = complete(client, bucket, upload_id, parts)
    again = complete(client, bucket, upload_id, parts)
    for result in (first, again):
        result.pop("x-cos-request-id")
        result.pop("Date", None)
    assert again == first
    with refused(404, "NoSuchUpload"):
        complete(client, bucket, upload_id, parts[:1])
    client.put_object(bucket, b"other", "a")
    with refused(404, "NoSuchUpload"):
        complete(client, bucket, upload_id, parts)
    assert read(client, bucket, "a") == b"other"


def test_two_uploads_of_one_key(client, bucket):
    one, one_parts = upload(client, bucket, "a", [b"one"])
    two, two_parts = upload(client, bucket, "a", [b"two"])
    complete(client, bucket, two, two_parts)
    assert read(client, bucket, "a") == b"two"
    complete(client, bucket, one, one_parts)
    assert read(client, bucket, "a") == b"one"


def test_versions(client, bucket):
    client.put_bucket_versioning(bucket, "Enabled")
    first = completed(client, bucket, "a", [b"1"])["x-cos-version-id"]
    second = completed(client, bucket, "a", [b"2"])["x-cos-version-id"]
    assert VERSION_ID.fullmatch(first)
    assert read(client, bucket, "a", VersionId=first) == b"1"
    assert read(client, bucket, "a", VersionId=second) == b"2"
    client.put_bucket_versioning(bucket, "Suspended")
    assert completed(client, bucket, "a", [b"3"])["x-cos-version-id"] == "null"


def test_nothing_is_overwritten(client, bucket):
    upload_id, parts = upload(client, bucket, "a", [b"x"])
    client.put_object(bucket, b"old", "a")
    with refused(409, "FileAlreadyExists"):
        complete(client, bucket, upload_id, parts, ForbidOverwrite="true")
    assert read(client, bucket, "a") == b"old"
    complete(client, bucket, upload_id, parts)
    assert read(client, bucket, "a") == b"x"


def test_keys_in_the_location(client, bucket):
    upload_id, parts = upload(client, bucket, "dir/a b+中", [b"x"])
    result = client.complete_multipart_upload(bucket, "dir/a b+中", upload_id, {"Part": parts})
    assert result["Location"].endswith("/dir/a%20b%2B%E4%B8%AD")
    assert result["Key"] == "dir/a b+中"


def test_what_is_not_there(client, bucket):
    upload_id, parts = upload(client, bucket, "a", [b"x"])
    with refused(404, "NoSuchUpload"):
        client.complete_multipart_upload(bucket, "b", upload_id, {"Part": parts})
    with refused(404, "NoSuchUpload"):
        complete(client, bucket, "1" * 74, parts)
    with refused(404, "NoSuchBucket"):
        complete(client, "missing-1250000000", upload_id, parts)
    assert keys(client.list_objects(bucket)) == []


@pytest.mark.parametrize(
    "inner",
    [
        b"",
        b"<Part/>",
        b"<Part><PartNumber>1</PartNumber></Part>",
        b"<Part><PartNumber>x</PartNumber><ETag>e</ETag></Part>",
        b"<Part><PartNumber>1</PartNumber><ETag>e</ETag><Key>k</Key></Part>",
        b"<Other/>",
        b"</CompleteMultipartUpload>",
    ],
)
def test_documents_that_are_none(way, client, bucket, inner):
    upload_id, _ = upload(client, bucket, "a", [b"x"])
    body = b"<CompleteMultipartUpload>" + inner + b"</CompleteMultipartUpload>"
    reply = way.ask("POST", f"/{bucket}/a", query={"uploadId": upload_id}, body=body)
    assert reply.told == (400, "MalformedXML")


def test_no_document(way, client, bucket):
    upload_id, _ = upload(client, bucket, "a", [b"x"])
    reply = way.ask("POST", f"/{bucket}/a", query={"uploadId": upload_id})
    assert reply.told == (400, "MissingRequestBodyError")
    for wanted in (None, {}, {"Part": []}, {"Part": [{"PartNumber": 1}]}):
        with pytest.raises(ParameterError):
            client.complete_multipart_upload(bucket, "a", upload_id, wanted)


def test_who_may(way, client, bucket):
    upload_id, parts = upload(client, bucket, "a", [b"x"])
    with refused(403, "AccessDenied"):
        complete(way.client(OTHER), bucket, upload_id, parts)

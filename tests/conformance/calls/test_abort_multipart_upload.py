"""abort_multipart_upload, and who may do what with uploads."""

from support.checks import read, refused, upload
from support.ways import OTHER


def listed(page):
    return [(entry["Key"], entry["UploadId"]) for entry in page.get("Upload", [])]


def test_abort(way, client, bucket):
    upload_id, parts = upload(client, bucket, "a", [b"x"])
    other, _ = upload(client, bucket, "a", [b"y"])
    assert client.abort_multipart_upload(bucket, "a", upload_id) is None
    assert listed(client.list_multipart_uploads(bucket)) == [("a", other)]
    for call in (
        lambda: client.abort_multipart_upload(bucket, "a", upload_id),
        lambda: client.list_parts(bucket, "a", upload_id),
        lambda: client.upload_part(bucket, "a", b"x", 2, upload_id),
        lambda: client.complete_multipart_upload(bucket, "a", upload_id, {"Part": parts}),
    ):
        with refused(404, "NoSuchUpload"):
            call()
    reply = way.ask("DELETE", f"/{bucket}/a", query={"uploadId": other})
    assert (reply.status, reply.body) == (204, b"")
    assert not client.object_exists(bucket, "a")


def test_abort_names_key_and_bucket(client, make_bucket):
    one, two = make_bucket(), make_bucket()
    upload_id, _ = upload(client, one, "a", [b"x"])
    for bucket, key in ((one, "b"), (two, "a")):
        with refused(404, "NoSuchUpload"):
            client.abort_multipart_upload(bucket, key, upload_id)
    with refused(404, "NoSuchBucket"):
        client.abort_multipart_upload("missing-1250000000", "a", upload_id)
    assert listed(client.list_multipart_uploads(one)) == [("a", upload_id)]


def test_an_abort_leaves_the_object(client, bucket):
    client.put_object(bucket, b"old", "a")
    upload_id, _ = upload(client, bucket, "a", [b"x"])
    client.abort_multipart_upload(bucket, "a", upload_id)
    assert read(client, bucket, "a") == b"old"


def test_who_may(way, client, make_bucket):
    name = make_bucket(ACL="public-read")
    upload_id, _ = upload(client, name, "a", [b"x"])
    other = way.client(OTHER)
    assert len(listed(other.list_multipart_uploads(name))) == 1
    for call in (
        lambda: other.create_multipart_upload(name, "a"),
        lambda: other.abort_multipart_upload(name, "a", upload_id),
        lambda: other.list_parts(name, "a", upload_id),
        lambda: other.upload_part(name, "a", b"x", 1, upload_id),
    ):
        with refused(403, "AccessDenied"):
            call()

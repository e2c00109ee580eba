"""Completing an upload and copying an object move no bytes: the blobs are the ones there were."""

import cosbox

BUCKET = "still-1250000000"
PART = 1024 * 1024
PARTS = 20


def blobs(folder):
    """Every blob file, with the inode that holds it."""
    files = (path for path in (folder / "blobs").rglob("*") if path.is_file())
    return {path.name: path.stat().st_ino for path in files}


def test_complete_and_copy(tmp_path):
    folder = tmp_path / "store"
    with cosbox.open(folder) as client:
        client.create_bucket(BUCKET)
        upload = client.create_multipart_upload(BUCKET, "joined")["UploadId"]
        data = [bytes([number]) * PART for number in range(PARTS)]
        parts = [
            {
                "PartNumber": number,
                "ETag": client.upload_part(BUCKET, "joined", each, number, upload)["ETag"],
            }
            for number, each in enumerate(data, 1)
        ]
        before = blobs(folder)
        assert len(before) == PARTS

        client.complete_multipart_upload(BUCKET, "joined", upload, {"Part": parts})
        source = {"Bucket": BUCKET, "Key": "joined", "Region": "local"}
        client.copy_object(BUCKET, "copied", source)

        assert blobs(folder) == before
        client.delete_object(BUCKET, "joined")
        assert client.get_object(BUCKET, "copied")["Body"].read() == b"".join(data)

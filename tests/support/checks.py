"""What tests of calls say again and again."""

import hashlib
import re
from base64 import b64encode
from contextlib import contextmanager

import pytest

from cosbox.protocol.errors import CosServiceError
from cosbox.protocol.xmlio import is_speakable

PART = 1024 * 1024
"""The least that a part has, unless it is the last."""


@contextmanager
def refused(status, code, message=""):
    """The store answers with this status and code, and the message holds this text."""
    with pytest.raises(CosServiceError) as caught:
        yield caught
    error = caught.value
    assert (error.get_status_code(), error.get_error_code()) == (status, code), str(error)
    assert message in error.get_error_msg()
    assert error.get_request_id()
    assert error.get_trace_id()


def read(client, bucket, key, **options):
    """The whole body of an object."""
    with client.get_object(bucket, key, **options)["Body"] as body:
        return body.read()


def etag(body):
    """The ETag of what was put in one piece."""
    return f'"{hashlib.md5(body).hexdigest()}"'


def md5(body):
    """Its Content-MD5."""
    return b64encode(hashlib.md5(body).digest()).decode()


def keys(page):
    """The keys of a listing."""
    return [entry["Key"] for entry in page.get("Contents", [])]


def prefixes(page):
    """Its common prefixes."""
    return [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]


def source(bucket, key, **more):
    """A CopySource."""
    return {"Bucket": bucket, "Key": key, "Region": "ap-guangzhou", **more}


def upload(client, bucket, key, bodies, **options):
    """Begin an upload and put its parts, from 1 on; returns its id and the parts' list."""
    upload_id = client.create_multipart_upload(bucket, key, **options)["UploadId"]
    parts = [
        {
            "PartNumber": number,
            "ETag": client.upload_part(bucket, key, body, number, upload_id)["ETag"],
        }
        for number, body in enumerate(bodies, 1)
    ]
    return upload_id, parts


def completed(client, bucket, key, bodies, **options):
    """The result of a whole multipart upload."""
    upload_id, parts = upload(client, bucket, key, bodies, **options)
    return client.complete_multipart_upload(bucket, key, upload_id, {"Part": parts})


def sweep(client, bucket):
    """Delete a bucket with all that is in it."""
    for entry in client.list_multipart_uploads(bucket).get("Upload", []):
        client.abort_multipart_upload(bucket, entry["Key"], entry["UploadId"])
    while True:
        page = client.list_objects_versions(bucket)
        found = [*page.get("Version", []), *page.get("DeleteMarker", [])]
        if not found:
            break
        names = [(entry["Key"], entry["VersionId"] or "null") for entry in found]
        for key, version in names:
            if not is_speakable(key):
                client.delete_object(bucket, key, VersionId=version)
        names = [{"Key": k, "VersionId": v} for k, v in names if is_speakable(k)]
        if not names:
            continue
        client.delete_objects(bucket, {"Object": names, "Quiet": "true"})
    client.delete_bucket(bucket)


ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ISO_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
VERSION_ID = re.compile(r"MTg0[0-9A-Za-z]{20,24}")

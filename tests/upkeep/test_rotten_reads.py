"""What reads do when bytes have rotted: they never give out wrong ones as an object, or make
another object of them, and the log names what it was.
"""

import re

import pytest

import cosbox
from support.damage import BUCKET, LARGE, PART, SMALL, Victim
from support.ways import WAYS


@pytest.fixture(params=["http", "embedded", "async embedded"])
def way(request, tmp_path):
    way = WAYS[request.param](tmp_path / "store")
    way.client().create_bucket(BUCKET)
    yield way
    way.close()


@pytest.fixture
def log(way, caplog):
    """What was logged up to now; a server is ended for it."""

    def told():
        return way.serving.end()[2] if hasattr(way, "serving") else caplog.text

    return told


def put_parts(client, key):
    upload = client.create_multipart_upload(BUCKET, key)["UploadId"]
    parts = [
        {"PartNumber": n, "ETag": client.upload_part(BUCKET, key, body, n, upload)["ETag"]}
        for n, body in enumerate((PART, PART, SMALL), 1)
    ]
    client.complete_multipart_upload(BUCKET, key, upload, {"Part": parts})


def source(key):
    return {"Bucket": BUCKET, "Region": "local", "Key": key}


def gone(victim, blob):
    if victim.is_file(blob):
        victim.file(blob).unlink()
    else:
        victim.sql("DELETE FROM blob WHERE id = ?", blob)


def short(victim, blob):
    if victim.is_file(blob):
        victim.file(blob).write_bytes(victim.file(blob).read_bytes()[:-1])
    else:
        victim.sql("UPDATE blob SET data = substr(data, 1, size - 1) WHERE id = ?", blob)


def flipped(victim, blob):
    victim.flip(blob, -1)


@pytest.mark.parametrize("how", [gone, short, flipped])
def test_a_rotten_object_is_never_read_whole(way, log, how):
    client, victim = way.client(), Victim(way.folder)
    client.put_object(BUCKET, SMALL, "sound")
    rotten = {}
    for kind, index in (("small", 0), ("large", 0), ("parts", 0), ("parts", 1), ("parts", 2)):
        key = f"{kind}-{index}"
        if kind == "parts":
            put_parts(client, key)
        else:
            client.put_object(BUCKET, {"small": SMALL, "large": LARGE}[kind], key)
        client.copy_object(BUCKET, f"{key}-copy", source(key))
        blob = rotten[key] = rotten[f"{key}-copy"] = victim.blobs(key)[index]
        how(victim, blob)

    for key in rotten:
        with pytest.raises(cosbox.CosException):
            client.get_object(BUCKET, key)["Body"].read()
    assert client.get_object(BUCKET, "sound")["Body"].read() == SMALL
    text = log()
    for key, blob in rotten.items():
        named = rf"ERROR.*{BUCKET}/'{key}' version null cannot be read: .*\b{blob}\b"
        assert re.search(named, text), key


def test_a_rotten_blob_that_a_range_covers(way):
    """A blob that is read whole, or is in the records, is compared with its checksum."""
    client, victim = way.client(), Victim(way.folder)
    client.put_object(BUCKET, SMALL, "small")
    put_parts(client, "parts")
    for key, part in (("small", "bytes=1-3"), ("parts", f"bytes=0-{len(PART)}")):
        assert len(client.get_object(BUCKET, key, Range=part)["Body"].read()) in {3, len(PART) + 1}
        victim.flip(victim.blobs(key)[0], 0)
        with pytest.raises(cosbox.CosException):
            client.get_object(BUCKET, key, Range=part)["Body"].read()


def test_no_part_is_made_of_what_rotted(way, log):
    """Wherever in the blob it rotted: it would get a new checksum, and nobody could tell."""
    client, victim = way.client(), Victim(way.folder)
    put_parts(client, "large")
    blob = victim.blobs("large")[1]
    victim.flip(blob, 120_000)
    upload = client.create_multipart_upload(BUCKET, "target")["UploadId"]

    for number, part in enumerate(("0-1048575", "0-1048577", "1700000-1700009", "0-2097165"), 1):
        given = {"CopySourceRange": f"bytes={part}"}
        copying = BUCKET, "target", number, upload, source("large")
        if number == 1:
            client.upload_part_copy(*copying, **given)
        else:
            with pytest.raises(cosbox.ServerFaultError):
                client.upload_part_copy(*copying, **given)
    assert [part["PartNumber"] for part in client.list_parts(BUCKET, "target", upload)["Part"]] == [
        "1"
    ]
    assert f"{BUCKET}/'large' version null cannot be read: blob {blob} " in log()

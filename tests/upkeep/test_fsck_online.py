"""A check of a store that is written to: it never cries wolf, and still sees what is wrong."""

import random
import threading
from contextlib import contextmanager

import cosbox
from cosbox.service.janitor import Janitor
from cosbox.service.store import Store
from cosbox.service.upkeep.fsck import check
from cosbox.service.upkeep.repair import repair
from cosbox.service.upkeep.report import Kind
from cosbox.storage.folder import open_folder
from support.damage import Victim
from support.serving import KEYS, Serving

BUCKET = "busy-1250000000"
CHECKS = 16
WRITERS = 3
KEYS_EACH = 6


def client_of(serving):
    return cosbox.CosS3Client(
        cosbox.CosConfig(
            Endpoint=f"127.0.0.1:{serving.port}",
            SecretId=KEYS["COSBOX_SECRET_ID"],
            SecretKey=KEYS["COSBOX_SECRET_KEY"],
        )
    )


def write(client, name, end):
    """All that changes a store, in a random order, on keys that nobody else uses."""
    dice = random.Random(name)
    while not end.is_set():
        key = f"{name}-{dice.randrange(KEYS_EACH)}"
        match dice.randrange(7):
            case 0 | 1:
                client.put_object(BUCKET, dice.randbytes(dice.choice([10, 80_000, 300_000])), key)
            case 2:
                client.delete_object(BUCKET, key)
            case 3:
                client.put_object(BUCKET, dice.randbytes(100_000), key)
                source = {"Bucket": BUCKET, "Key": key, "Region": "local"}
                client.copy_object(BUCKET, f"{key}-copy", source)
            case 4 | 5:
                upload = client.create_multipart_upload(BUCKET, key)["UploadId"]
                parts = [
                    {
                        "PartNumber": number,
                        "ETag": client.upload_part(BUCKET, key, body, number, upload)["ETag"],
                    }
                    for number, body in enumerate((dice.randbytes(1 << 20), b"end"), 1)
                ]
                if dice.random() < 0.5:
                    client.complete_multipart_upload(BUCKET, key, upload, {"Part": parts})
                else:
                    client.abort_multipart_upload(BUCKET, key, upload)
            case 6:
                old = client.list_objects_versions(BUCKET, Prefix=key, MaxKeys=5)
                for entry in old.get("Version", []) + old.get("DeleteMarker", []):
                    client.delete_object(BUCKET, entry["Key"], VersionId=entry["VersionId"])


@contextmanager
def busy(folder):
    """A served store with clients that write to it, swept without any grace."""
    failed = []
    end = threading.Event()

    def run(client, name):
        try:
            write(client, name, end)
        except cosbox.CosException as error:
            failed.append(error)

    with Serving(folder, "--workers", "2") as serving, client_of(serving) as client:
        client.create_bucket(BUCKET)
        client.put_bucket_versioning(BUCKET, "Enabled")
        writers = [
            threading.Thread(target=run, args=(client, f"writer{number}"))
            for number in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        with open_folder(folder) as opened:
            janitor = Janitor(Store(opened.records, opened.blobs), grace=0, interval=0.01)
            try:
                yield
            finally:
                end.set()
                for writer in writers:
                    writer.join()
                janitor.close()
        assert failed == []


def test_no_false_alarm(tmp_path):
    folder = tmp_path / "store"
    with busy(folder):
        for number in range(CHECKS):
            report = check(folder, data=number % 2 == 0)
            assert {each.kind for each in report.findings} <= {Kind.UNRECORDED}, report.findings
            assert report.complete
        assert repair(folder, data=False).repairs == ()
    report = check(folder)
    assert report.clean
    assert report.tally.objects > 0


def test_what_is_wrong_is_seen_and_mended_beside_writers(tmp_path):
    """A count that is wrong is corrected by its difference, while others go on counting."""
    folder = tmp_path / "store"
    victim = Victim(folder)
    with busy(folder), cosbox.open(folder) as client:
        client.put_object(BUCKET, bytes(100_000), "watched")
        source = {"Bucket": BUCKET, "Key": "watched", "Region": "local"}
        for number in range(3):
            client.copy_object(BUCKET, f"copy-{number}", source)
        (blob,) = victim.blobs("watched", BUCKET)
        victim.sql("UPDATE blob SET refs = refs - 2 WHERE id = ?", blob)
        report = check(folder)
        assert {(each.kind, each.blob) for each in report.problems} == {(Kind.REFERENCES, blob)}
        assert repair(folder).repairs == (f"blob {blob}: corrected its references by +2",)
    assert check(folder).clean

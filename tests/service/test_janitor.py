"""Files of large objects go when nobody refers to them, and not before."""

import contextlib
import os
import resource
import threading
import time

import pytest

import cosbox
from cosbox.client.transports.inprocess import InProcessTransport
from cosbox.service import abandoned
from cosbox.service.clock import MovableClock
from cosbox.service.janitor import Janitor
from support.rawhttp import wait_until

BUCKET = "swept-1250000000"
LARGE = 200_000


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "store"


@pytest.fixture
def clock():
    return MovableClock()


@pytest.fixture
def client(folder, clock):
    conf = cosbox.CosConfig(Region="local", Endpoint="localhost", Anonymous=True)
    transport = InProcessTransport.open(folder, clock=clock)
    with cosbox.CosS3Client(conf, transport=transport) as client:
        client.create_bucket(BUCKET)
        yield client


@pytest.fixture
def janitor(client):
    janitor = Janitor(client._transport._store, interval=3600)
    yield janitor
    janitor.close()


def files(folder):
    return sum(path.is_file() for path in (folder / "blobs").rglob("*"))


def records(client):
    with client._transport._folder.records.read() as snapshot:
        return len(snapshot.blobs_page(0, 1000))


def test_what_was_deleted_goes_after_the_grace(client, folder, clock, janitor):
    client.put_object(BUCKET, bytes(LARGE), "kept")
    client.put_object(BUCKET, bytes(LARGE), "deleted")
    client.put_object(BUCKET, bytes(LARGE), "overwritten")
    client.put_object(BUCKET, bytes(LARGE), "overwritten")
    client.delete_object(BUCKET, "deleted")

    assert janitor.sweep() == 0
    assert (files(folder), records(client)) == (4, 4)

    clock.move(hours=2)
    assert janitor.sweep() == 2
    assert (files(folder), records(client)) == (2, 2)
    assert client.get_object(BUCKET, "kept")["Body"].read() == bytes(LARGE)
    assert client.get_object(BUCKET, "overwritten")["Body"].read() == bytes(LARGE)


def test_what_a_copy_refers_to_stays(client, folder, clock, janitor):
    client.put_object(BUCKET, bytes(LARGE), "source")
    client.copy_object(BUCKET, "copy", {"Bucket": BUCKET, "Key": "source", "Region": "local"})
    client.delete_object(BUCKET, "source")
    clock.move(hours=2)

    assert janitor.sweep() == 0
    assert client.get_object(BUCKET, "copy")["Body"].read() == bytes(LARGE)
    client.delete_object(BUCKET, "copy")
    clock.move(hours=2)
    assert janitor.sweep() == 1
    assert (files(folder), records(client)) == (0, 0)


def test_an_aborted_upload_leaves_nothing(client, folder, clock, janitor):
    upload = client.create_multipart_upload(BUCKET, "k")["UploadId"]
    for number in (1, 2):
        client.upload_part(BUCKET, "k", bytes(LARGE), number, upload)
    client.upload_part(BUCKET, "k", bytes(LARGE), 1, upload)
    client.abort_multipart_upload(BUCKET, "k", upload)
    clock.move(hours=2)

    assert janitor.sweep() == 3
    assert (files(folder), records(client)) == (0, 0)


def test_parts_that_arrive_while_the_upload_is_aborted(client, folder, clock, janitor):
    """Each part is either refused or goes with the upload."""
    for _ in range(5):
        upload = client.create_multipart_upload(BUCKET, "k")["UploadId"]
        refused = []

        def send(number, upload=upload, refused=refused):
            for _ in range(5):
                try:
                    client.upload_part(BUCKET, "k", bytes(LARGE), number, upload)
                except cosbox.NotFoundError as error:
                    refused.append(error.get_error_code())

        threads = [threading.Thread(target=send, args=(number,)) for number in range(1, 5)]
        for thread in threads:
            thread.start()
        time.sleep(0.005)
        client.abort_multipart_upload(BUCKET, "k", upload)
        for thread in threads:
            thread.join()
        assert set(refused) <= {"NoSuchUpload"}
        with pytest.raises(cosbox.NotFoundError, match="NoSuchUpload"):
            client.list_parts(BUCKET, "k", upload)

    assert "Upload" not in client.list_multipart_uploads(BUCKET)
    clock.move(hours=2)
    janitor.sweep()
    assert (files(folder), records(client)) == (0, 0)


def test_an_answer_under_way_is_read_to_its_end(client, clock, janitor):
    data = bytes(range(256)) * 20_000
    client.put_object(BUCKET, data, "read")
    body = client.get_object(BUCKET, "read")["Body"]
    first = body.read(100)
    client.delete_object(BUCKET, "read")
    clock.move(hours=2)

    assert janitor.sweep() == 1
    assert first + body.read() == data


def test_it_sweeps_by_itself(folder, clock):
    transport = InProcessTransport.open(folder, clock=clock)
    conf = cosbox.CosConfig(Region="local", Endpoint="localhost", Anonymous=True)
    with cosbox.CosS3Client(conf, transport=transport) as client:
        client.create_bucket(BUCKET)
        client.put_object(BUCKET, bytes(LARGE), "deleted")
        client.delete_object(BUCKET, "deleted")
    assert files(folder) == 1

    clock.move(hours=2)
    with cosbox.CosS3Client(conf, transport=InProcessTransport.open(folder, clock=clock)):
        until = time.monotonic() + 10
        while files(folder) and time.monotonic() < until:
            time.sleep(0.01)
    assert files(folder) == 0


def uploads(client, *keys):
    """Begin an upload of each key; what was begun, by key."""
    return {key: client.create_multipart_upload(BUCKET, key)["UploadId"] for key in keys}


def test_uploads_stay_for_ever_unless_it_is_told(client, clock, janitor):
    begun = uploads(client, "k")
    client.upload_part(BUCKET, "k", bytes(LARGE), 1, begun["k"])
    clock.move(days=10_000)
    assert janitor.abort_uploads() == 0
    assert janitor.sweep() == 0
    etag = client.list_parts(BUCKET, "k", begun["k"])["Part"][0]["ETag"]
    parts = {"Part": [{"PartNumber": 1, "ETag": etag}]}
    client.complete_multipart_upload(BUCKET, "k", begun["k"], parts)
    assert client.get_object(BUCKET, "k")["Body"].read() == bytes(LARGE)


@pytest.fixture
def strict(client):
    """A janitor that gives uploads up after a week."""
    store = client._transport._store
    janitor = Janitor(store, interval=3600, abort_uploads_after=7 * 86_400)
    yield janitor
    janitor.close()


def test_old_uploads_go_with_their_parts(client, folder, clock, strict, caplog):
    client.put_object(BUCKET, b"object", "old")
    begun = uploads(client, "empty", "old", "gone on with", "old")
    for number in (1, 2):
        client.upload_part(BUCKET, "old", bytes(LARGE), number, begun["old"])
    client.upload_part(BUCKET, "gone on with", bytes(LARGE), 1, begun["gone on with"])
    clock.move(days=6)
    assert strict.abort_uploads() == 0
    client.upload_part(BUCKET, "gone on with", bytes(LARGE), 2, begun["gone on with"])
    young = uploads(client, "young")
    clock.move(days=2)

    with caplog.at_level("INFO", logger="cosbox.janitor"):
        assert strict.abort_uploads() == 3
    assert caplog.text.count("was given up") == 3
    left = {item["UploadId"] for item in client.list_multipart_uploads(BUCKET)["Upload"]}
    assert left == {begun["gone on with"], young["young"]}
    with pytest.raises(cosbox.NotFoundError, match="NoSuchUpload"):
        client.upload_part(BUCKET, "old", bytes(LARGE), 3, begun["old"])
    assert len(client.list_parts(BUCKET, "gone on with", begun["gone on with"])["Part"]) == 2
    assert client.get_object(BUCKET, "old")["Body"].read() == b"object"

    clock.move(hours=2)
    assert strict.sweep() == 2
    assert files(folder) == 2
    clock.move(days=7)
    assert strict.abort_uploads() == 2
    clock.move(hours=2)
    assert strict.sweep() == 2
    assert files(folder) == 0


def test_more_old_uploads_than_a_page(client, clock, strict):
    client.create_bucket("another-1250000000")
    for number in range(1100):
        client.create_multipart_upload(("another-1250000000", BUCKET)[number % 2], f"{number}")
    clock.move(days=8)
    assert strict.abort_uploads() == 1100


def test_a_part_that_arrives_just_then_keeps_its_upload(client, clock, strict):
    """Whether it is abandoned is judged again where it is given up."""
    begun = uploads(client, "k")
    clock.move(days=8)
    store = client._transport._store
    before = clock.now() - 7 * 86_400_000_000
    with store.records.read() as snapshot:
        assert abandoned.find(snapshot, before) == [begun["k"]]
    client.upload_part(BUCKET, "k", b"part", 1, begun["k"])
    change = store.records.write(lambda t: abandoned.abort(t, begun["k"], before, clock.now()))
    assert change.result() is None
    assert strict.abort_uploads() == 0


def test_a_restored_copy_that_expires_leaves_nothing(client, folder, clock, janitor):
    client.put_object(BUCKET, bytes(LARGE), "cold", StorageClass="ARCHIVE")
    client.restore_object(BUCKET, "cold", {"Days": 1, "CASJobParameters": {"Tier": "Expedited"}})
    clock.move(hours=1)
    assert client.get_object(BUCKET, "cold")["Body"].read() == bytes(LARGE)
    clock.move(days=3)
    with pytest.raises(cosbox.ArchivedError):
        client.get_object(BUCKET, "cold")
    assert janitor.sweep() == 0
    assert (files(folder), records(client)) == (1, 1)
    assert "x-cos-restore" not in client.head_object(BUCKET, "cold")


@contextlib.contextmanager
def no_more_files():
    """This process can open none."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    taken = []
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        for fd in taken:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_it_goes_on_when_no_file_can_be_opened(client, folder, clock, caplog):
    client.put_object(BUCKET, bytes(LARGE), "deleted")
    client.delete_object(BUCKET, "deleted")
    with no_more_files():
        janitor = Janitor(client._transport._store, interval=0.02)
        clock.move(hours=2)
        wait_until(lambda: "could not be swept" in caplog.text)
    wait_until(lambda: files(folder) == 0)
    janitor.close()

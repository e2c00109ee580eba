"""Files of large objects go when nobody refers to them, and not before."""

import threading
import time

import pytest

import cosbox
from cosbox.client.transports.inprocess import InProcessTransport
from cosbox.service.clock import MovableClock
from cosbox.service.janitor import Janitor

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

"""download_file, copy, upload_stream and upload_file_from_buffer, over every way to a store."""

import os
import threading

import pytest

import cosbox
from cosbox.checksums import crc64
from cosbox.protocol.errors import (
    NotFoundError,
    ParameterError,
    PreconditionError,
    TransferCancelledError,
)
from support.checks import etag, read
from support.ways import REGION

MB = 1024**2
DATA = os.urandom(5 * MB + 7)


@pytest.fixture
def stored(client, bucket):
    """An object of some megabytes, with metadata."""
    client.put_object(
        bucket, DATA, "a", ContentType="text/x", Metadata={"x-cos-meta-a": "1"}, CacheControl="no"
    )
    return "a"


def source_of(bucket, key="a"):
    return {"Bucket": bucket, "Key": key, "Region": REGION}


def left_behind(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".cosbox")]


# --------------------------------------------------------------------------------------------
# download_file


@pytest.mark.parametrize("threads", [1, 4])
def test_ranges_become_the_object(client, bucket, stored, tmp_path, threads):
    told = []
    path = tmp_path / "file"
    result = client.download_file(
        bucket, stored, path, PartSize=1, MAXThread=threads,
        progress_callback=lambda *at: told.append(at),
    )  # fmt: skip
    assert path.read_bytes() == DATA
    assert result["ETag"] == etag(DATA)
    assert result["x-cos-meta-a"] == "1"
    assert told[-1] == (len(DATA), len(DATA))
    assert told == sorted(set(told))
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("size", [0, 1, MB, MB + 1])
def test_small_objects(client, bucket, tmp_path, size):
    client.put_object(bucket, DATA[:size], "small")
    path = tmp_path / "file"
    path.write_bytes(b"what was there before, and is longer")
    told = []
    client.download_file(
        bucket, "small", path, PartSize=1, progress_callback=lambda *at: told.append(at)
    )
    assert path.read_bytes() == DATA[:size]
    assert told[-1] == (size, size)


def test_the_official_parameters(client, bucket, stored, tmp_path):
    records = tmp_path / "records"
    client.download_file(
        bucket, stored, tmp_path / "file", 1, 2, True, None, records, False, True, 3,
        TrafficLimit=819200,
    )  # fmt: skip
    assert (tmp_path / "file").read_bytes() == DATA
    assert list(records.iterdir()) == []


def test_a_version_of_it(client, bucket, stored, tmp_path):
    client.put_bucket_versioning(bucket, "Enabled")
    old = client.put_object(bucket, b"old", "v")["x-cos-version-id"]
    client.put_object(bucket, b"newer", "v")
    client.download_file(bucket, "v", tmp_path / "old", VersionId=old)
    client.download_file(bucket, "v", tmp_path / "new")
    assert (tmp_path / "old").read_bytes() == b"old"
    assert (tmp_path / "new").read_bytes() == b"newer"


def test_a_file_that_cannot_be_had_is_left_alone(client, bucket, stored, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"mine")
    with pytest.raises(NotFoundError):
        client.download_file(bucket, "nothing", path)
    with pytest.raises(PreconditionError):
        client.download_file(bucket, stored, path, IfMatch='"other"')
    for wrong in ({"Range": "bytes=0-1"}, {"PartSize": 0}, {"MaxPartCount": 0}, {"VesionId": "1"}):
        with pytest.raises(ParameterError):
            client.download_file(bucket, stored, path, **wrong)
    with pytest.raises(IsADirectoryError):
        client.download_file(bucket, stored, tmp_path)
    with pytest.raises(FileNotFoundError):
        client.download_file(bucket, stored, tmp_path / "no" / "folder")
    assert path.read_bytes() == b"mine"
    assert left_behind(tmp_path) == []


def test_into_a_pipe(client, bucket, stored, tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    found = []
    reader = threading.Thread(target=lambda: found.append(path.read_bytes()))
    reader.start()
    client.download_file(bucket, stored, path, PartSize=1)
    reader.join()
    assert found == [DATA]


def test_through_a_link(client, bucket, stored, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    client.download_file(bucket, stored, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == DATA


# --------------------------------------------------------------------------------------------
# copy


@pytest.fixture
def in_parts(client):
    """Copies go in parts from one megabyte on."""
    client.get_conf().set_copy_part_threshold_size(MB)
    yield
    client.get_conf().set_copy_part_threshold_size(5 * 1024**3)


def test_in_one_request(client, bucket, stored):
    told = []
    result = client.copy(
        bucket, "b", source_of(bucket), progress_callback=lambda *at: told.append(at)
    )
    assert result["ETag"] == etag(DATA)
    assert read(client, bucket, "b") == DATA
    assert told == [(len(DATA), len(DATA))]


@pytest.mark.usefixtures("in_parts")
def test_in_parts(client, bucket, stored):
    told = []
    result = client.copy(
        bucket, "b", source_of(bucket), PartSize=1, StorageClass="STANDARD_IA",
        progress_callback=lambda *at: told.append(at),
    )  # fmt: skip
    assert result["ETag"].endswith('-6"')
    assert result["x-cos-hash-crc64ecma"] == str(crc64(DATA))
    assert read(client, bucket, "b") == DATA
    head = client.head_object(bucket, "b")
    assert head["Content-Type"] == "text/x"
    assert head["x-cos-meta-a"] == "1"
    assert head["Cache-Control"] == "no"
    assert head["x-cos-storage-class"] == "STANDARD_IA"
    assert told[-1] == (len(DATA), len(DATA))
    assert told == sorted(set(told))


@pytest.mark.usefixtures("in_parts")
def test_in_parts_with_other_metadata(client, bucket, stored):
    client.copy(
        bucket, "b", source_of(bucket), "Replaced", 1,
        ContentType="text/y", Metadata={"x-cos-meta-b": "2"},
    )  # fmt: skip
    head = client.head_object(bucket, "b")
    assert head["Content-Type"] == "text/y"
    assert head["x-cos-meta-b"] == "2"
    assert "x-cos-meta-a" not in head
    assert "Cache-Control" not in head


@pytest.mark.usefixtures("in_parts")
def test_conditions_hold_for_parts_as_well(client, bucket, stored):
    with pytest.raises(PreconditionError):
        client.copy(bucket, "b", source_of(bucket), PartSize=1, CopySourceIfNoneMatch=etag(DATA))
    client.copy(bucket, "b", source_of(bucket), PartSize=1, CopySourceIfMatch=etag(DATA))
    assert read(client, bucket, "b") == DATA
    assert "Upload" not in client.list_multipart_uploads(bucket)


def test_what_cannot_be_copied(client, bucket, stored):
    with pytest.raises(NotFoundError):
        client.copy(bucket, "b", source_of(bucket, "nothing"))
    for wrong in ({"Other": 1}, {"PartSize": 0}, {"MAXThread": 0}):
        with pytest.raises(ParameterError):
            client.copy(bucket, "b", source_of(bucket), **wrong)
    with pytest.raises(ParameterError):
        client.copy(bucket, "b", {"Key": "a"})


# --------------------------------------------------------------------------------------------
# upload_stream


def pieces(size=300_001):
    for at in range(0, len(DATA), size):
        yield DATA[at : at + size]


def test_a_generator(client, bucket):
    told = []
    result = client.upload_stream(
        bucket, "a", pieces(), PartSize=1, ContentType="text/x", EnableMD5=True,
        progress_callback=lambda *at: told.append(at),
    )  # fmt: skip
    assert result["ETag"].endswith('-6"')
    assert read(client, bucket, "a") == DATA
    assert client.head_object(bucket, "a")["Content-Type"] == "text/x"
    assert told[-1] == (len(DATA), len(DATA))
    assert "Upload" not in client.list_multipart_uploads(bucket)


def test_a_pipe_with_short_reads(client, bucket):
    out, into = os.pipe()

    def feed():
        with os.fdopen(into, "wb", buffering=0) as pipe:
            for piece in pieces(5000):
                pipe.write(piece)

    feeder = threading.Thread(target=feed)
    feeder.start()
    with os.fdopen(out, "rb", buffering=0) as pipe:
        client.upload_file_from_buffer(bucket, "a", pipe, MaxBufferSize=2, PartSize=1, MAXThread=9)
    feeder.join()
    assert read(client, bucket, "a") == DATA


@pytest.mark.parametrize("size", [0, 5, MB - 1, MB, 2 * MB])
def test_streams_that_end_early_or_at_a_part(client, bucket, size):
    client.upload_stream(bucket, "a", iter([DATA[:size]]), PartSize=1, EnableMD5=True)
    assert read(client, bucket, "a") == DATA[:size]


def test_a_source_that_breaks_leaves_nothing(client, bucket):
    def breaks():
        yield DATA
        raise LookupError("broken")

    with pytest.raises(LookupError, match="broken"):
        client.upload_stream(bucket, "a", breaks(), PartSize=1)
    assert not client.object_exists(bucket, "a")
    assert "Upload" not in client.list_multipart_uploads(bucket)
    with pytest.raises(ParameterError):
        client.upload_stream(bucket, "a", pieces(), ContentMD5="x")


# --------------------------------------------------------------------------------------------
# Control


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(DATA * 5)
    return path


def test_cancelled_and_gone_on_with(client, bucket, large, tmp_path):
    control = cosbox.TransferControl(bandwidth=20 * MB)

    def enough(moved, _total):
        if moved > 6 * MB:
            control.cancel()

    with pytest.raises(TransferCancelledError):
        client.upload_file(bucket, "a", large, control=control, progress_callback=enough)
    assert not client.object_exists(bucket, "a")
    (upload,) = client.list_multipart_uploads(bucket)["Upload"]
    there = len(client.list_parts(bucket, "a", upload["UploadId"])["Part"])
    assert there
    told = []
    client.upload_file(bucket, "a", large, progress_callback=lambda *at: told.append(at))
    assert told[0] == (there * MB, len(DATA) * 5)
    assert "Upload" not in client.list_multipart_uploads(bucket)

    control = cosbox.TransferControl(bandwidth=20 * MB)
    path = tmp_path / "copy"
    with pytest.raises(TransferCancelledError):
        client.download_file(
            bucket, "a", path, PartSize=1, control=control, progress_callback=enough
        )
    assert not path.exists()
    assert len(left_behind(tmp_path)) == 2
    client.download_file(bucket, "a", path, PartSize=1)
    assert path.read_bytes() == DATA * 5
    assert left_behind(tmp_path) == []


def test_a_callback_that_raises(client, bucket, stored, tmp_path):
    def enough(_moved, _total):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        client.download_file(
            bucket, stored, tmp_path / "file", PartSize=1, progress_callback=enough
        )
    assert not (tmp_path / "file").exists()


def test_bandwidth_must_make_sense():
    for wrong in (0, -1, "1", True, float("nan")):
        with pytest.raises(ParameterError, match="bandwidth"):
            cosbox.TransferControl(bandwidth=wrong)

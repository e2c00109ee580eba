"""What of an interrupted upload is taken up, and what is not. Every part is counted."""

import contextlib
import json
import logging
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import cosbox
from cosbox import AsyncCosS3Client, CosConfig, CosException, SourceChangedError
from support import faults
from support.awaiting import Awaited
from support.errands import client_of, config_of
from support.moving import BUCKET, MIB, Told, change, is_stored, make_file, touch, unfinished

SIZE = 21 * MIB + 4321
PARTS = 8
STOP = 5
"""The part at which uploads are interrupted here."""


@pytest.fixture
def file(tmp_path):
    return make_file(tmp_path / "file", SIZE)


@pytest.fixture
def key(request):
    return request.node.name


class Uploads:
    """Uploads of one key through the proxy."""

    def __init__(self, chaos, rules, key, file, checkpoints):
        self.chaos = chaos
        self.rules = rules
        self.key = key
        self.file = file
        self.checkpoints = checkpoints

    def __call__(self, path=None, key=None, **options):
        """Upload; returns the numbers of the parts that were sent."""
        mark = self.chaos.mark()
        told = Told()
        options = {"PartSize": 3, "CheckpointDir": self.checkpoints, **options}
        with client_of(self.chaos.port, retry=1) as client:
            client.upload_file(
                BUCKET, key or self.key, path or self.file, progress_callback=told, **options
            )
        told.check(Path(path or self.file).stat().st_size)
        return sorted(seen.part for seen in self.chaos.since(mark, "upload_part"))

    def interrupted(self, **options):
        """The network goes away at part 5."""
        self.rules.add(
            faults.DROP, lambda seen: seen.call == "upload_part" and seen.part == STOP, times=9
        )
        with pytest.raises(cosbox.TransportError) as raised:
            self(MAXThread=1, **options)
        self.rules.rules.clear()
        return raised.value


@pytest.fixture
def upload(chaos, rules, key, file, checkpoints):
    return Uploads(chaos, rules, key, file, checkpoints)


ALL = list(range(1, PARTS + 1))
REST = list(range(STOP, PARTS + 1))


def check(direct, key, file):
    assert is_stored(direct, key, file)
    assert unfinished(direct, key) == {}


def test_the_error_names_the_part_and_says_how_to_go_on(direct, upload, key, file, checkpoints):
    error = upload.interrupted()
    notes = "\n".join(error.__notes__)
    assert f"part {STOP} of {PARTS}" in notes
    assert str(file) in notes
    assert "goes on" in notes
    assert [*unfinished(direct, key).values()] == [{1, 2, 3, 4}]
    assert len(list(checkpoints.iterdir())) == 1
    assert upload() == REST
    check(direct, key, file)
    assert list(checkpoints.iterdir()) == []


def test_from_another_machine(direct, upload, key, file, tmp_path):
    upload.interrupted()
    copy = shutil.copy(file, tmp_path / "elsewhere")
    assert upload(copy, CheckpointDir=tmp_path / "there") == REST
    check(direct, key, file)
    # And when this machine comes back to it, it finds that its upload is gone.
    touch(file)
    assert upload() == ALL
    check(direct, key, file)


def test_a_storage_class_is_seen_from_elsewhere_and_other_options_are_not(
    direct, upload, key, tmp_path
):
    upload.interrupted(StorageClass="STANDARD_IA")
    there = tmp_path / "there"
    assert upload(CheckpointDir=there) == ALL
    assert len(unfinished(direct, key)) == 1
    assert upload(CheckpointDir=there, StorageClass="STANDARD_IA", ContentType="text/x") == ALL
    assert len(unfinished(direct, key)) == 1
    assert upload(CheckpointDir=there, StorageClass="STANDARD_IA") == REST
    assert direct.head_object(BUCKET, key)["x-cos-storage-class"] == "STANDARD_IA"
    check(direct, key, upload.file)


def test_the_upload_of_another_file_is_left_alone(direct, upload, key, tmp_path):
    upload.interrupted()
    other = make_file(tmp_path / "other", SIZE)
    before = unfinished(direct, key)
    assert upload(other) == ALL
    assert is_stored(direct, key, other)
    assert unfinished(direct, key) == before
    assert upload() == REST
    check(direct, key, upload.file)


def test_the_newest_one_that_fits_is_taken_up(direct, upload, key, file, tmp_path):
    upload.interrupted(CheckpointDir=tmp_path / "one")
    (first,) = unfinished(direct, key)
    begun = direct.create_multipart_upload(BUCKET, key)["UploadId"]
    direct.upload_part(BUCKET, key, b"x" * (3 * MIB), 1, begun)
    upload_id = direct.create_multipart_upload(BUCKET, key)["UploadId"]
    data = file.read_bytes()[6 * MIB : 9 * MIB]
    direct.upload_part(BUCKET, key, data, 3, upload_id)
    assert upload() == [1, 2, 4, 5, 6, 7, 8]
    assert is_stored(direct, key, file)
    assert set(unfinished(direct, key)) == {first, begun}
    for each in (first, begun):
        direct.abort_multipart_upload(BUCKET, key, each)


def test_a_file_that_was_touched_is_compared_and_not_sent_again(direct, upload, key, file):
    upload.interrupted()
    touch(file)
    assert upload() == REST
    check(direct, key, file)


def test_a_file_that_was_restored_is_compared_and_not_sent_again(direct, upload, key, file):
    upload.interrupted()
    copy = shutil.copy(file, file.with_name("copy"))
    Path(copy).replace(file)
    assert upload() == REST
    check(direct, key, file)


def test_a_change_in_what_was_not_sent_yet_keeps_the_rest(direct, upload, key, file):
    upload.interrupted()
    change(file, 20 * MIB)
    assert upload() == REST
    check(direct, key, file)


@pytest.mark.parametrize("at", [0, 3 * MIB - 1, 11 * MIB])
def test_a_change_in_what_was_sent_begins_anew(direct, upload, key, file, at):
    upload.interrupted()
    (stale,) = unfinished(direct, key)
    change(file, at, b"~")
    assert upload() == ALL
    check(direct, key, file)
    with pytest.raises(cosbox.NotFoundError):
        direct.list_parts(BUCKET, key, stale)


@pytest.mark.parametrize("size", [SIZE - 1, SIZE + 1, SIZE + 9 * MIB])
def test_another_size_begins_anew(direct, upload, key, file, size):
    upload.interrupted()
    os.truncate(file, size)
    assert upload() == list(range(1, -(-size // (3 * MIB)) + 1))
    check(direct, key, file)


def test_so_does_a_size_that_goes_in_one_request(direct, upload, key, file):
    upload.interrupted()
    os.truncate(file, 5)
    assert upload() == []
    assert is_stored(direct, key, file)


def test_another_size_of_parts_begins_anew(direct, upload, key, file):
    upload.interrupted()
    assert upload(PartSize=4) == [1, 2, 3, 4, 5, 6]
    check(direct, key, file)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: b"",
        lambda text: text[:-10],
        lambda text: text[:40],
        lambda text: b"\0" * len(text),
        lambda text: os.urandom(5000),
        lambda text: b"[]\n" + text,
        lambda text: text.replace(b'"cosbox-transfer": 1', b'"cosbox-transfer": 99'),
        lambda text: text.replace(b'"upload": "', b'"upload": "not'),
        lambda text: text.replace(b'"part_size": ', b'"part_size": "x", "y": '),
        lambda text: text.replace(b'"size"', b'"sighs"'),
        lambda text: text + b'{"part": 99999, "etag": "x", "crc64": 1}\n{"part": true}\n[1]\n{}\n',
    ],
    ids=range(11),
)
def test_a_checkpoint_that_is_torn_or_garbage_costs_work_at_the_most(
    direct, upload, key, file, checkpoints, spoil
):
    upload.interrupted()
    (path,) = checkpoints.iterdir()
    path.write_bytes(spoil(path.read_bytes()))
    upload()
    assert is_stored(direct, key, file)
    assert unfinished(direct, key) == {}
    assert list(checkpoints.iterdir()) == []


def test_a_checkpoint_that_names_the_upload_of_another_object(direct, upload, key, checkpoints):
    upload.interrupted()
    theirs = direct.create_multipart_upload(BUCKET, "theirs")["UploadId"]
    (path,) = checkpoints.iterdir()
    header, *lines = path.read_text().splitlines(keepends=True)
    fields = {**json.loads(header), "upload": theirs}
    path.write_text(json.dumps(fields) + "\n" + "".join(lines))
    upload()
    check(direct, key, upload.file)
    assert list(unfinished(direct, "theirs")) == [theirs]


@pytest.mark.parametrize("options", [{}, {"ContentType": "text/x"}], ids=["plain", "options"])
def test_where_no_checkpoint_can_be_written(direct, upload, key, file, caplog, options):
    nowhere = file / "checkpoints"
    caplog.set_level(logging.WARNING, logger="cosbox")
    upload.interrupted(CheckpointDir=nowhere, **options)
    assert any("no checkpoint" in text for text in caplog.messages)
    # What only a checkpoint could have found again is given up.
    assert len(unfinished(direct, key)) == (0 if options else 1)
    assert upload(CheckpointDir=nowhere, **options) == (ALL if options else REST)
    check(direct, key, file)


def test_where_the_checkpoints_disk_is_full(direct, upload, key, file, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", disk], check=True)
    try:
        (disk / "ballast").write_bytes(bytes(4096))
        upload(CheckpointDir=disk)
    finally:
        subprocess.run(["umount", disk], check=True)
    check(direct, key, file)


@pytest.mark.parametrize("size", [5 * MIB, SIZE], ids=["small", "large"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: change(path, 4 * MIB),
        lambda path: os.truncate(path, 4 * MIB),
        lambda path: os.truncate(path, 0),
        lambda path: path.open("ab").close() or os.truncate(path, SIZE + 1),
    ],
    ids=["written", "truncated", "emptied", "grown"],
)
def test_a_file_that_is_written_to_meanwhile_is_not_stored(
    chaos, direct, upload, key, file, checkpoints, size, spoil
):
    os.truncate(file, size)
    direct.put_object(BUCKET, b"old", key)
    chaos.bandwidth = 30 * MIB

    def spoil_it(seen):
        if seen.call in {"upload_part", "put_object"} and seen.part <= 2:
            spoil(file)

    chaos.choose = spoil_it
    with pytest.raises(SourceChangedError):
        upload()
    chaos.widen()
    chaos.choose = lambda seen: None
    assert chaos.wait_idle()
    assert direct.get_object(BUCKET, key)["Body"].read() == b"old"
    assert unfinished(direct, key) == {}
    assert not checkpoints.exists() or list(checkpoints.iterdir()) == []
    upload()
    check(direct, key, file)


def test_a_file_that_is_replaced_meanwhile_is_the_one_that_was_opened(
    chaos, direct, upload, key, file, tmp_path
):
    shutil.copy(file, tmp_path / "original")
    other = make_file(tmp_path / "other", SIZE)

    def replace(seen):
        if seen.part == 2 and other.exists():
            other.replace(file)

    chaos.choose = replace
    upload()
    check(direct, key, tmp_path / "original")


@pytest.mark.parametrize("folders", [1, 3], ids=["one machine", "three machines"])
def test_several_processes_at_the_same_file(chaos, direct, zygote, key, file, checkpoints, folders):
    order = {"port": chaos.port, "bucket": BUCKET, "key": key, "path": str(file)}
    chaos.bandwidth = 60 * MIB  # so that none is done before the others have begun
    children = []
    for number in range(3):
        folder = checkpoints / str(number % folders)
        options = {"PartSize": 3, "CheckpointDir": str(folder)}
        mark = chaos.mark()
        children.append(zygote.run("upload", **order, options=options))
        assert chaos.wait_seen(lambda seen: seen.call == "list_multipart_uploads", mark)
    for child in children:
        outcome = child.wait()
        assert "returned" in outcome, outcome
    check(direct, key, file)
    assert [path for path in checkpoints.rglob("*") if path.is_file()] == []


def test_several_threads_with_different_files_and_one_key(chaos, direct, key, tmp_path):
    files = [make_file(tmp_path / f"file {number}", SIZE) for number in range(3)]
    with client_of(chaos.port) as client, ThreadPoolExecutor(3) as pool:
        calls = [
            pool.submit(
                client.upload_file, BUCKET, key, path, PartSize=3, CheckpointDir=tmp_path / "c"
            )
            for path in files
        ]
        for call in calls:
            call.result()
    assert sum(is_stored(direct, key, path) for path in files) == 1
    assert unfinished(direct, key) == {}


def test_the_store_forgets_the_upload_while_it_goes_on(chaos, direct, upload, key, file):
    upload.interrupted()

    def forget(seen):
        if seen.part == 6:
            for upload_id in unfinished(direct, key):
                direct.abort_multipart_upload(BUCKET, key, upload_id)
            chaos.choose = lambda seen: None

    chaos.choose = forget
    sent = upload(MAXThread=1)
    assert sent == sorted([5, 6, *ALL])
    check(direct, key, file)


def test_a_client_that_may_not_list_uploads_does_without(chaos, direct, upload, rules, key, file):
    rules.add(
        faults.Fault(faults.REFUSE, status=403, code="AccessDenied"),
        "list_multipart_uploads",
        times=99,
    )
    assert upload() == ALL
    check(direct, key, file)


def test_a_part_that_arrives_damaged_is_sent_once_more(direct, upload, rules, key, file):
    rules.add(faults.SPOIL, lambda seen: seen.part == 3)
    assert upload() == sorted([3, *ALL])
    check(direct, key, file)


@pytest.mark.parametrize("md5", [False, True])
def test_and_then_it_is_an_error_that_names_it(direct, upload, rules, key, file, md5):
    rules.add(faults.SPOIL, lambda seen: seen.part == 3, times=9)
    with pytest.raises(CosException) as raised:
        upload(EnableMD5=md5, MAXThread=1)
    assert isinstance(raised.value, cosbox.CosServiceError if md5 else cosbox.IntegrityError)
    assert "part 3 of 8" in "\n".join(raised.value.__notes__)
    rules.rules.clear()
    # The store may have the damaged part: it is not trusted.
    assert upload() == ALL[2:]
    check(direct, key, file)


def test_a_small_file_that_arrives_damaged_is_sent_once_more(direct, upload, rules, key, tmp_path):
    small = make_file(tmp_path / "small", 3 * MIB)
    rules.add(faults.SPOIL, "put_object")
    upload(small)
    check(direct, key, small)
    rules.add(faults.SPOIL, "put_object", times=9)
    with pytest.raises(cosbox.IntegrityError):
        upload(small)
    # With its MD5, the store refuses it, and what was there stays.
    direct.put_object(BUCKET, b"old", key)
    with pytest.raises(cosbox.CosServiceError, match="BadDigest"):
        upload(small, EnableMD5=True)
    assert direct.get_object(BUCKET, key)["Body"].read() == b"old"


@pytest.mark.parametrize("size", [0, 7, SIZE])
@pytest.mark.parametrize("awaits", [False, True], ids=["sync", "async"])
def test_a_pipe_is_sent_as_a_stream(port, direct, key, tmp_path, size, awaits):
    pipe, file = tmp_path / "pipe", make_file(tmp_path / "file", size)
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: pipe.write_bytes(file.read_bytes()))
        if awaits:
            with contextlib.closing(Awaited(lambda: AsyncCosS3Client(config_of(port)))) as client:
                client.upload_file(BUCKET, key, pipe, PartSize=4)
        else:
            direct.upload_file(BUCKET, key, pipe, PartSize=4)
    check(direct, key, file)


def test_checkpoints_have_no_secrets_and_are_in_the_usual_place(
    chaos, upload, key, checkpoints, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    upload.interrupted(CheckpointDir=None, Metadata={"x-cos-meta-a": "confidential"})
    (path,) = (tmp_path / "state" / "cosbox" / "uploads").iterdir()
    text = path.read_text()
    with client_of(chaos.port) as client:
        conf: CosConfig = client.get_conf()
        credential = conf.credential()
    assert credential.secret_id not in text
    assert credential.secret_key not in text
    assert "confidential" not in text
    assert path.parent.stat().st_mode & 0o077 == 0
    upload(CheckpointDir=None, Metadata={"x-cos-meta-a": "confidential"})

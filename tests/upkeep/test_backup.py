"""Backups: what they hold, what they cost, and stores made of them."""

import json
import os
import stat
import threading
from hashlib import sha256

import pytest

import cosbox
from cosbox.service.clock import FolderClock, MovableClock
from cosbox.service.upkeep.backup import back_up
from cosbox.service.upkeep.fsck import check
from cosbox.service.upkeep.report import Kind
from cosbox.service.upkeep.restore import list_snapshots, restore
from cosbox.storage.errors import RecordsDamaged, StoreFormatError, StoreInUseError
from cosbox.storage.folder import open_folder
from support.damage import BUCKET, LARGE, SMALL, VERSIONED


@pytest.fixture
def target(tmp_path):
    return tmp_path / "backups"


def contents(folder):
    """Everything that callers can see of a store."""
    with cosbox.open(folder) as client:
        seen = {}
        for bucket in client.list_buckets()["Buckets"]["Bucket"]:
            name = bucket["Name"]
            for version in client.iter_versions(name):
                seen[name, version["Key"], version["VersionId"]] = version
                if "ETag" in version:
                    at = {"VersionId": version["VersionId"]} if version["VersionId"] else {}
                    answer = client.get_object(name, version["Key"], **at)
                    body = sha256(answer.pop("Body").read()).hexdigest()
                    del answer["x-cos-request-id"]
                    seen[name, version["Key"], version["VersionId"], "body"] = (body, answer)
            seen[name] = (bucket, client.get_bucket_acl(name)["AccessControlList"])
            for upload in client.iter_uploads(name):
                parts = client.list_parts(name, upload["Key"], upload["UploadId"])
                seen[upload["UploadId"]] = (upload, parts["Part"])
    return seen


def files(target):
    return {path.name for path in (target / "blobs").rglob("*") if path.is_file()}


def test_a_restored_store_is_the_same(victim, target, tmp_path):
    done = back_up(victim.folder, target)
    assert (done.snapshot.number, done.copied, done.there) == (1, 4, 0)
    assert done.copied_bytes == done.snapshot.bytes

    restored = restore(target, tmp_path / "new")

    assert restored.damaged == ()
    assert check(tmp_path / "new").findings == ()
    assert contents(tmp_path / "new") == contents(victim.folder)


def test_users_and_their_keys_come_back(tmp_path, target):
    with open_folder(tmp_path / "store") as folder:
        from cosbox.service import accounts

        account = folder.records.write(lambda t: accounts.ensure_account(t, now=1)).result()
        pair = folder.records.write(
            lambda t: accounts.create_key_pair(t, account.appid, now=1)
        ).result()
    back_up(tmp_path / "store", target)
    restore(target, tmp_path / "new")
    with open_folder(tmp_path / "new") as folder, folder.records.read() as snapshot:
        assert snapshot.key_pair(pair.secret_id) == pair


def test_for_the_owner_alone(victim, target, tmp_path):
    before = os.umask(0)
    try:
        back_up(victim.folder, target)
        restore(target, tmp_path / "new")
    finally:
        os.umask(before)
    for top in (target, tmp_path / "new"):
        for path in (top, *top.rglob("*")):
            mode = stat.S_IMODE(path.stat().st_mode)
            assert mode == (0o700 if path.is_dir() else 0o600), path


def test_only_what_is_new_is_copied_and_what_nobody_needs_goes(victim, target):
    back_up(victim.folder, target)
    before = files(target)
    with cosbox.open(victim.folder) as client:
        client.put_object(BUCKET, LARGE[::-1], "new")
        client.delete_object(BUCKET, "whole")

    second = back_up(victim.folder, target, keep=2)
    assert (second.copied, second.there, second.removed) == (1, 3, 0)
    assert files(target) > before

    third = back_up(victim.folder, target, keep=1)
    assert (third.copied, third.there, third.removed) == (0, 4, 1)
    assert third.dropped == (1, 2)
    assert [each.number for each in list_snapshots(target)] == [3]
    assert len(before - files(target)) == 1


def test_each_snapshot_that_is_kept_can_be_restored(victim, target, tmp_path):
    states = []
    with cosbox.open(victim.folder) as client:
        for turn in range(4):
            client.put_object(BUCKET, LARGE + bytes([turn]), "large")
            client.put_object(BUCKET, SMALL + bytes([turn]), "small")
            back_up(victim.folder, target, keep=3)
            states.append((turn + 1, turn))
    with pytest.raises(StoreFormatError, match="no snapshot 1"):
        restore(target, tmp_path / "1", number=1)
    for number, turn in states[1:]:
        restore(target, tmp_path / str(number), number=number)
        assert check(tmp_path / str(number)).clean
        with cosbox.open(tmp_path / str(number)) as client:
            assert client.get_object(BUCKET, "large")["Body"].read() == LARGE + bytes([turn])
            assert client.get_object(BUCKET, "small")["Body"].read() == SMALL + bytes([turn])


def test_a_restored_store_is_backed_up_to_the_same_place(victim, target, tmp_path):
    """It gives out ids again that the first store gave to other bodies."""
    back_up(victim.folder, target)
    with cosbox.open(victim.folder) as client:
        client.put_object(BUCKET, b"1" * len(LARGE), "after")
    back_up(victim.folder, target)

    restore(target, tmp_path / "new", number=1)
    with cosbox.open(tmp_path / "new") as client:
        client.put_object(BUCKET, b"2" * len(LARGE), "after")
    back_up(tmp_path / "new", target)

    for number, byte in ((2, b"1"), (3, b"2")):
        restore(target, tmp_path / str(number), number=number)
        with cosbox.open(tmp_path / str(number)) as client:
            assert client.get_object(BUCKET, "after")["Body"].read() == byte * len(LARGE)


def test_it_is_of_one_moment_while_others_write(victim, target, tmp_path):
    """Two keys are always written with the same number, one after the other, small and large."""
    stop = threading.Event()
    turns = []

    def write():
        with cosbox.open(victim.folder) as client:
            while not stop.is_set():
                turn = len(turns)
                for key in ("first", "second"):
                    client.put_object(VERSIONED, b"%d" % turn, f"small-{key}")
                    client.put_object(VERSIONED, LARGE + b"%d" % turn, f"large-{key}")
                turns.append(turn)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(turns) < 3:
            pass
        begun = len(turns)
        back_up(victim.folder, target)
        while len(turns) < begun + 3:
            pass
        second = back_up(victim.folder, target)
    finally:
        stop.set()
        writer.join()
    assert second.there > 0
    restore(target, tmp_path / "new", number=2)
    assert check(tmp_path / "new").clean
    with cosbox.open(tmp_path / "new") as client:

        def turn(key, skip=0):
            return int(client.get_object(VERSIONED, key)["Body"].read()[skip:])

        order = [
            turn("small-first"),
            turn("large-first", len(LARGE)),
            turn("small-second"),
            turn("large-second", len(LARGE)),
        ]
    assert begun < order[0]
    # What was written later in a round may be one round behind, never ahead.
    assert order == sorted(order, reverse=True)
    assert order[0] - order[-1] <= 1


def test_a_janitor_removes_nothing_that_is_being_copied(victim, target, tmp_path, monkeypatch):
    from cosbox.client.transports.inprocess import InProcessTransport
    from cosbox.service.upkeep.copier import Copier

    clock = MovableClock()
    transport = InProcessTransport.open(victim.folder, clock=clock)
    conf = cosbox.CosConfig(Region="local", Endpoint="localhost", Anonymous=True)
    (blob,) = victim.blobs("large")
    copy = Copier.copy

    def copy_late(self, jobs):
        """As if copying took so long that the grace was over."""
        for key in ("large", "copy"):
            client.delete_object(BUCKET, key)
        client.abort_multipart_upload(BUCKET, "unfinished", upload)
        clock.move(hours=2)
        transport._janitor.sweep()
        assert victim.file(blob).exists()
        return copy(self, jobs)

    with cosbox.CosS3Client(conf, transport=transport) as client:
        upload = next(client.iter_uploads(BUCKET))["UploadId"]
        monkeypatch.setattr(Copier, "copy", copy_late)
        back_up(victim.folder, target)
        monkeypatch.undo()
        transport._janitor.sweep()
        assert not victim.file(blob).exists()
    assert restore(target, tmp_path / "new").damaged == ()
    with cosbox.open(tmp_path / "new") as client:
        assert client.get_object(BUCKET, "large")["Body"].read() == LARGE


def test_the_clock_of_the_store_comes_back(victim, target, tmp_path):
    from datetime import timedelta

    FolderClock(victim.folder).move(timedelta(days=3))
    back_up(victim.folder, target)
    restore(target, tmp_path / "new")
    assert FolderClock(tmp_path / "new").offset() == timedelta(days=3)


class TestDamage:
    def test_a_spoilt_body_is_left_out_and_said(self, victim, target, tmp_path):
        (blob,) = victim.blobs("large")
        victim.flip(blob, 100)
        done = back_up(victim.folder, target)
        assert done.snapshot.damaged == (blob,)
        assert done.copied == 3

        assert restore(target, tmp_path / "new").damaged == (blob,)
        kinds = {finding.kind for finding in check(tmp_path / "new").problems}
        assert kinds == {Kind.MISSING}
        with cosbox.open(tmp_path / "new") as client:
            assert client.get_object(BUCKET, "whole")["Body"].read()[-len(SMALL) :] == SMALL

    def test_a_spoilt_small_body_is_said(self, victim, target):
        (blob,) = victim.blobs("small")
        victim.flip(blob, 1)
        assert back_up(victim.folder, target).snapshot.damaged == (blob,)

    def test_a_body_that_is_gone(self, victim, target):
        (blob,) = victim.blobs("large")
        victim.file(blob).unlink()
        assert back_up(victim.folder, target).snapshot.damaged == (blob,)

    def test_what_was_backed_up_before_it_was_spoilt_stays_good(self, victim, target, tmp_path):
        back_up(victim.folder, target)
        (blob,) = victim.blobs("large")
        victim.flip(blob, 100)
        assert back_up(victim.folder, target, keep=1).snapshot.damaged == ()
        assert restore(target, tmp_path / "new").damaged == ()
        assert check(tmp_path / "new").clean

    def test_verify_mends_the_backup(self, victim, target, tmp_path):
        back_up(victim.folder, target)
        path = next(path for path in (target / "blobs").rglob("*") if path.is_file())
        body = bytearray(path.read_bytes())
        body[5] ^= 1
        path.write_bytes(body)
        assert back_up(victim.folder, target).copied == 0
        assert len(restore(target, tmp_path / "spoilt").damaged) == 1
        assert back_up(victim.folder, target, verify=True).copied == 1
        assert restore(target, tmp_path / "new").damaged == ()

    def test_a_spoilt_copy_of_the_records_is_not_restored(self, victim, target, tmp_path):
        back_up(victim.folder, target)
        path = target / "snapshots" / "1.db"
        body = bytearray(path.read_bytes())
        body[len(body) // 2] ^= 1
        path.write_bytes(body)
        with pytest.raises(RecordsDamaged, match="restore another"):
            restore(target, tmp_path / "new")
        assert not (tmp_path / "new").exists()

    def test_damaged_records_are_not_backed_up(self, victim, target):
        back_up(victim.folder, target)
        path = victim.folder / "records.db"
        body = bytearray(path.read_bytes())
        body[8192:16384] = bytes(8192)
        path.write_bytes(body)
        with pytest.raises(RecordsDamaged):
            back_up(victim.folder, target)
        assert [each.number for each in list_snapshots(target)] == [1]


class TestRefused:
    def test_no_store(self, tmp_path, target):
        with pytest.raises(StoreFormatError, match="there is no store"):
            back_up(tmp_path / "nothing", target)
        assert not target.exists()

    @pytest.mark.parametrize("where", ["store", "store/backups", "store/blobs/000", "."])
    def test_places_that_lie_in_each_other(self, victim, tmp_path, where):
        with pytest.raises(StoreFormatError, match="lie"):
            back_up(victim.folder, tmp_path / where)
        with pytest.raises(StoreFormatError, match="lie"):
            restore(victim.folder, tmp_path / where)

    def test_by_a_link(self, victim, tmp_path):
        (tmp_path / "link").symlink_to(victim.folder)
        with pytest.raises(StoreFormatError, match="lie"):
            back_up(victim.folder, tmp_path / "link" / "backups")

    def test_a_place_that_holds_something_else(self, victim, target):
        target.mkdir()
        (target / "thesis.txt").write_text("mine")
        with pytest.raises(StoreFormatError, match="holds something else"):
            back_up(victim.folder, target)
        assert [path.name for path in target.iterdir()] == ["thesis.txt"]

    def test_a_place_that_is_a_store(self, victim, tmp_path):
        open_folder(tmp_path / "other").close()
        with pytest.raises(StoreFormatError, match="is a store"):
            back_up(victim.folder, tmp_path / "other")

    def test_backups_of_another_store(self, victim, target, tmp_path):
        back_up(victim.folder, target)
        open_folder(tmp_path / "other").close()
        with pytest.raises(StoreFormatError, match="another store"):
            back_up(tmp_path / "other", target)
        assert len(list_snapshots(target)) == 1

    @pytest.mark.parametrize(
        ("folder", "name"), [("store", "cosbox.json"), ("backups", "backup.json")]
    )
    def test_a_newer_format(self, victim, target, tmp_path, folder, name):
        back_up(victim.folder, target)
        marker = tmp_path / folder / name
        marker.write_text(json.dumps({**json.loads(marker.read_text()), "format": 99}))
        with pytest.raises(StoreFormatError, match=r"format 99.*newer version"):
            back_up(victim.folder, target)

    def test_a_folder_that_is_not_empty(self, victim, target):
        back_up(victim.folder, target)
        with pytest.raises(StoreFormatError, match="not empty"):
            restore(target, victim.folder)

    def test_two_at_once(self, victim, target, tmp_path):
        from cosbox.service.upkeep.vault import Vault
        from cosbox.storage.marker import store_id

        with (
            Vault.open(target, make_for=store_id(victim.folder)),
            pytest.raises(StoreInUseError, match="under way in"),
        ):
            back_up(victim.folder, target)

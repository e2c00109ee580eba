"""What is damaged can be replaced and deleted, and the store is whole again."""

import pytest

import cosbox
from cosbox.service.upkeep.fsck import check
from cosbox.service.upkeep.repair import repair
from cosbox.service.upkeep.report import Kind
from support.damage import BUCKET, LARGE


def lose_record(victim, blob):
    victim.sql("DELETE FROM blob WHERE id = ?", blob)


def lose_file(victim, blob):
    if victim.is_file(blob):
        victim.file(blob).unlink()


def miscount(victim, blob):
    victim.sql("UPDATE blob SET refs = 0 WHERE id = ?", blob)


def rot(victim, blob):
    victim.flip(blob, 0)


def forget_where(victim, blob):
    victim.sql("UPDATE current SET extents = substr(extents, 1, 23) WHERE size > 0")


def garble(victim, blob):
    victim.sql("UPDATE current SET headers = '{', acl = '['")


DAMAGE = [lose_record, lose_file, miscount, rot, forget_where, garble]


@pytest.mark.parametrize("damage", DAMAGE)
def test_it_can_be_replaced_and_deleted(victim, damage):
    keys = ("small", "large", "whole")
    for blob in [blob for key in keys for blob in victim.blobs(key)]:
        damage(victim, blob)
    with cosbox.open(victim.folder) as client:
        for key in keys:
            client.put_object(BUCKET, LARGE, key)
            assert client.get_object(BUCKET, key)["Body"].read() == LARGE
        for entry in client.list_objects(BUCKET)["Contents"]:
            client.delete_object(BUCKET, entry["Key"])
    findings = check(victim.folder).findings
    assert {finding.kind for finding in findings} <= {
        Kind.REFERENCES, Kind.ORPHAN, Kind.CHECKSUM, Kind.MISSING,
    }  # fmt: skip
    # A part of an unfinished upload has a piece of one of them.
    assert {each.place.key for each in findings if each.place} <= {"unfinished"}


@pytest.mark.parametrize("damage", [lose_record, lose_file, miscount, rot])
def test_a_damaged_upload_can_be_aborted(victim, damage):
    ((packed,),) = victim.sql("SELECT extents FROM part WHERE number = 1")
    damage(victim, int.from_bytes(packed[:8], "little"))
    with cosbox.open(victim.folder) as client:
        (upload,) = client.list_multipart_uploads(BUCKET)["Upload"]
        client.abort_multipart_upload(BUCKET, "unfinished", upload["UploadId"])
    repair(victim.folder, grace=0)
    assert check(victim.folder).clean

"""A store damaged at random: the check names what was done to it, all of it and nothing else, and a
repair leaves every object alone that was not touched.
"""

import json
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cosbox
from cosbox.client.transports.inprocess import InProcessTransport
from cosbox.service.upkeep.fsck import check
from cosbox.service.upkeep.repair import repair
from cosbox.service.upkeep.report import Kind
from cosbox.storage.extents import unpack_extents
from support.damage import BUCKET, Victim, brief

EXAMPLES = max(25, settings.default.max_examples // 3)


class Record(NamedTuple):
    """A version or part, and where it is."""

    table: str
    where: str
    place: tuple
    extents: list


class Scene:
    """A store under the knife, what was touched, and what a check must find."""

    def __init__(self, folder):
        self.victim = Victim(folder)
        self.records = list(self._records())
        self.sizes = dict(self.victim.sql("SELECT id, size FROM blob WHERE refs > 0"))
        self.touched = set()
        self.expected = set()

    def _records(self):
        for table in ("current", "past"):
            for name, key, stamp, extents in self.victim.sql(
                f"SELECT b.name, t.key, t.stamp, t.extents FROM {table} t"
                " JOIN bucket b ON b.id = t.bucket"
            ):
                yield Record(table, f"stamp = {stamp}", (name, key), unpack_extents(extents))
        for name, key, number, extents in self.victim.sql(
            "SELECT b.name, u.key, p.number, p.extents FROM part p"
            " JOIN upload u ON u.id = p.upload JOIN bucket b ON b.id = u.bucket"
        ):
            yield Record("part", f"number = {number}", (name, key), unpack_extents(extents))

    def holders(self, blob):
        return [record for record in self.records if blob in blobs_of(record)]

    def is_whole(self, record):
        """Whether its checksum can be told from those of its blobs."""
        return all((e.offset, e.length) == (0, self.sizes[e.blob]) for e in record.extents)

    def expect(self, kind, blob):
        """The same finding for everything that holds a blob."""
        self.expected |= {(kind, record.place, blob) for record in self.holders(blob)}


def blobs_of(record):
    return {extent.blob for extent in record.extents}


# What can be done to a blob. Each says what is to be found.


def flip(scene, blob, number):
    scene.victim.flip(blob, number % scene.sizes[blob])
    scene.expect(Kind.CHECKSUM, blob)


def cut_short(scene, blob, number):
    keep = number % scene.sizes[blob]
    victim = scene.victim
    if victim.is_file(blob):
        victim.file(blob).write_bytes(victim.file(blob).read_bytes()[:keep])
    else:
        victim.sql("UPDATE blob SET data = substr(data, 1, ?) WHERE id = ?", keep, blob)
    scene.expect(Kind.LENGTH, blob)


def lose(scene, blob, _number):
    victim = scene.victim
    if victim.is_file(blob):
        victim.file(blob).unlink()
    else:
        victim.sql("DELETE FROM blob WHERE id = ?", blob)
    scene.expect(Kind.MISSING, blob)


def lose_record(scene, blob, _number):
    scene.victim.sql("DELETE FROM blob WHERE id = ?", blob)
    scene.expect(Kind.MISSING, blob)


def miscount(scene, blob, number):
    by = number % 7 - 3 or 4
    scene.victim.sql("UPDATE blob SET refs = refs + ? WHERE id = ?", by, blob)
    scene.expected.add((Kind.REFERENCES, None, blob))


def condemn(scene, blob, number):
    scene.victim.sql("UPDATE blob SET garbage_since = ? WHERE id = ?", number, blob)
    scene.expected.add((Kind.REFERENCES, None, blob))


def mischeck(scene, blob, number):
    scene.victim.sql("UPDATE blob SET crc64 = crc64 + ? WHERE id = ?", number % 1000 + 1, blob)
    scene.expect(Kind.CHECKSUM, blob)
    for record in scene.holders(blob):
        if scene.is_whole(record):
            scene.expected.add((Kind.CONTENT, record.place, None))


# What can be done to a version or part.


def resize(scene, record, number):
    update(scene, record, "size = size + ?", number % 1000 + 1)
    scene.expected.add((Kind.CONTENT, record.place, None))


def mischeck_record(scene, record, number):
    update(scene, record, "crc64 = crc64 + ?", number % 1000 + 1)
    scene.expected.add((Kind.CONTENT, record.place, None))


def garble(scene, record, _number):
    table = "part" if record.table == "part" else "headers"
    if table == "part":
        update(scene, record, "extents = CAST(extents || x'00' AS BLOB)")
        miss(scene, record)
    else:
        update(scene, record, "headers = ?", '{"content-type":')
    scene.expected.add((Kind.CONTENT, record.place, None))


def truncate(scene, record, number):
    update(scene, record, "extents = substr(extents, 1, ?)", number % 23 + 1)
    scene.expected.add((Kind.CONTENT, record.place, None))
    miss(scene, record)


def miss(scene, record):
    """Its references are counted no more."""
    scene.expected |= {(Kind.REFERENCES, None, blob) for blob in blobs_of(record)}


def update(scene, record, change, *values):
    scene.victim.sql(f"UPDATE {record.table} SET {change} WHERE {record.where}", *values)


TO_BLOBS = (flip, cut_short, lose, lose_record, miscount, condemn, mischeck)
TO_RECORDS = (resize, mischeck_record, garble, truncate)
actions = st.lists(
    st.tuples(st.sampled_from(TO_BLOBS + TO_RECORDS), st.integers(0), st.integers(0, 1 << 40)),
    min_size=1,
    max_size=4,
)


def apply(scene, action, pick, number):
    """Do it to one that nothing was done to yet, so that no damage hides another."""
    if action in TO_BLOBS:
        free = sorted(scene.sizes.keys() - scene.touched)
        if free:
            blob = free[pick % len(free)]
            scene.touched |= {blob}.union(*(blobs_of(each) for each in scene.holders(blob)))
            action(scene, blob, number)
        return
    free = [each for each in scene.records if each.extents and not blobs_of(each) & scene.touched]
    if free:
        record = free[pick % len(free)]
        scene.touched |= blobs_of(record)
        action(scene, record, number)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return Victim.make(tmp_path_factory.mktemp("template") / "store").folder


def contents(folder):
    """What every object reads as; None where it cannot be read."""
    found = {}
    conf = cosbox.CosConfig(Region="local", Endpoint="localhost", Anonymous=True)
    with cosbox.CosS3Client(conf, retry=0, transport=InProcessTransport.open(folder)) as client:
        for entry in client.list_objects(BUCKET)["Contents"]:
            try:
                found[entry["Key"]] = client.get_object(BUCKET, entry["Key"])["Body"].read()
            except cosbox.CosException:
                found[entry["Key"]] = None
    return found


@settings(max_examples=EXAMPLES)
@given(actions=actions)
def test_random_damage(template, actions):
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "store"
        shutil.copytree(template, folder)
        sound = contents(folder)
        scene = Scene(folder)
        for action in actions:
            apply(scene, *action)

        report = check(folder)
        assert {brief(each) for each in report.findings} == scene.expected
        json.dumps(report.to_json())

        first = repair(folder)
        assert {brief(each) for each in first.findings} <= scene.expected
        second = repair(folder)
        assert (second.repairs, second.findings) == ((), first.findings)
        untouched = {
            record.place[1] for record in scene.records if not blobs_of(record) & scene.touched
        }
        now = contents(folder)
        assert {key: now[key] for key in untouched & sound.keys()} == {
            key: sound[key] for key in untouched & sound.keys()
        }
        assert all(now[key] in {None, sound[key]} for key in now)

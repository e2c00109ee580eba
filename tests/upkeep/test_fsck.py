"""What a check says of each kind of damage."""

import pytest

from cosbox.service.upkeep.fsck import check
from cosbox.service.upkeep.report import Kind
from support.damage import BUCKET, LARGE, PART, SMALL


def test_a_sound_store(victim):
    report = check(victim.folder)

    assert report.findings == ()
    assert report.clean
    tally = report.tally
    assert (tally.objects, tally.versions, tally.parts) == (5, 3, 2)
    assert (tally.blobs, tally.files) == (8, 5)
    assert tally.read == 2 * len(LARGE) + 3 * len(SMALL) + 2 * len(PART) + 70_000


@pytest.mark.parametrize("at", [0, 100_000, -1])
def test_a_flipped_byte_of_a_file(victim, at):
    (blob,) = victim.blobs("large")
    victim.flip(blob, at)

    held = {(BUCKET, key) for key in ("large", "copy", "unfinished")}
    assert victim.found() == {(Kind.CHECKSUM, place, blob) for place in held}
    assert victim.found(data=False) == set()

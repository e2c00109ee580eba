"""The process is killed, at any moment: what is done stays done, and the next call goes on.

COSBOX_TRANSFER_KILLS in the environment asks for more kills than these.
"""

import os
import time
from random import Random

import pytest

from support.moving import BUCKET, MIB, is_stored, journalled, make_file, unfinished

SIZE = 200 * 1000**2
KILLS = int(os.environ.get("COSBOX_TRANSFER_KILLS", "50"))
SEED = os.environ.get("COSBOX_TRANSFER_SEED") or os.urandom(4).hex()
RARE = ("create_multipart_upload", "list_parts", "list_multipart_uploads", "head_object")
LAST = "complete_multipart_upload"

pytestmark = pytest.mark.timeout(120 + KILLS * 10)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    return make_file(tmp_path_factory.mktemp("files") / "large", SIZE)


def let_live(child, chaos, mark, chance, span):
    """Wait for the moment to kill: mostly after some bytes, seldom at a request between them."""
    target = chaos.moved + chance.randrange(span)
    call = chance.choice((*RARE, LAST))
    if chance.random() < 0.85:

        def come():
            return chaos.wait_moved(target, 0.02) or chaos.since(mark, LAST)
    else:

        def come():
            return chaos.wait_seen(lambda seen: seen.call in {call, LAST}, mark, 0.02)

    while not child.ended() and not come():
        pass
    time.sleep(chance.random() * 0.01)


def lives(zygote, chaos, chance, order, about):
    """Run an order until it is done, killing it all the time; yields its requests of each life.

    ``about`` says what has been completed before each."""
    options = order["options"]
    under_way = options["PartSize"] * options["MAXThread"] * MIB
    span = int(chance.choice([2, 3, 6]) * under_way)
    for _ in range(1000):
        before, mark = about(), chaos.mark()
        child = zygote.run(**order)
        let_live(child, chaos, mark, chance, span)
        child.kill()
        outcome = child.wait()
        assert chaos.wait_idle()
        assert "raised" not in outcome, outcome
        yield before, chaos.since(mark), outcome
        if "returned" in outcome:
            return
    pytest.fail("it never ends")


def test_killed_uploads_go_on(zygote, chaos, direct, large, checkpoints):
    print(f"COSBOX_TRANSFER_SEED={SEED}")
    chance, kills, number = Random(SEED), 0, 0
    while kills < KILLS:
        number += 1
        key = f"killed {number}"
        options = {
            "PartSize": chance.choice([2, 5, 8]),
            "MAXThread": chance.choice([1, 2, 4]),
            "CheckpointDir": str(checkpoints),
        }
        order = {"function": "upload", "port": chaos.port, "bucket": BUCKET, "key": key}
        order |= {"path": str(large), "options": options}
        sent = 0
        for before, seen, outcome in lives(
            zygote, chaos, chance, order, lambda key=key: unfinished(direct, key)
        ):
            assert len(before) <= 1, "an upload was left behind"
            stored = set().union(*before.values())
            again = {each.part for each in seen} & stored
            assert not again, f"{options}: {again} of {stored} were sent again"
            kills += "killed" in outcome
            sent += sum(each.sent for each in seen)
        assert is_stored(direct, key, large)
        assert not unfinished(direct, key)
        assert not list(checkpoints.iterdir())
        direct.delete_object(BUCKET, key)


def test_killed_downloads_go_on(zygote, chaos, direct, large, tmp_path):
    print(f"COSBOX_TRANSFER_SEED={SEED}")
    direct.upload_file(BUCKET, "kept", large, PartSize=8)
    chance, kills, number = Random(SEED), 0, 0
    folder = tmp_path / "downloads"
    folder.mkdir()
    while kills < KILLS:
        number += 1
        path = folder / f"file {number}"
        size = chance.choice([2, 5, 8])
        options = {"PartSize": size, "MAXThread": chance.choice([1, 2, 4])}
        order = {"function": "download", "port": chaos.port, "bucket": BUCKET, "key": "kept"}
        order |= {"path": str(path), "options": options}

        def done(path=path):
            assert not path.exists()
            return set().union(*map(journalled, folder.glob(".cosbox-*.journal")))

        for before, seen, outcome in lives(zygote, chaos, chance, order, done):
            begun = {each.range[0] // (size * MIB) + 1 for each in seen if each.range}
            assert not begun & before, f"{options}: {begun & before} of {before} were read again"
            kills += "killed" in outcome
            if "killed" in outcome and path.exists():  # between its new name and the journal's end
                for left in folder.glob(".cosbox-*.journal"):
                    left.unlink()
                break
        with path.open("rb") as ours, large.open("rb") as theirs:
            while data := ours.read(MIB):
                assert data == theirs.read(MIB)
            assert not theirs.read(1)
        assert [each.name for each in folder.iterdir()] == [path.name]
        path.unlink()

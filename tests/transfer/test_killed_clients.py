"""The process is killed, at any moment: what is done stays done, and the next call goes on.

COSBOX_TRANSFER_KILLS in the environment asks for more kills than these.
"""

import itertools
import math
import os
import time
from random import Random

import pytest

from support import faults
from support.faults import Luck
from support.moving import BUCKET, MIB, is_stored, journalled, make_file, unfinished

SIZE = 200 * 1000**2
KILLS = int(os.environ.get("COSBOX_TRANSFER_KILLS", "50"))
SEED = os.environ.get("COSBOX_TRANSFER_SEED") or os.urandom(4).hex()
BETWEEN = {"create_multipart_upload", "list_parts", "list_multipart_uploads", "head_object"}
FAILED = "CosException"
FAULTS = (faults.DROP, faults.CUT, faults.LOSE, faults.TRUNCATE, faults.DELAY, faults.REFUSE_DONE)
LAST = "complete_multipart_upload"

pytestmark = pytest.mark.timeout(120 + KILLS * 10)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    return make_file(tmp_path_factory.mktemp("files") / "large", SIZE)


def let_live(child, chaos, mark, chance, span):
    """Wait for the moment to kill: mostly after some bytes, else at a request between them."""
    target, calls = chaos.moved + chance.randrange(span), {LAST}
    kind = chance.random()
    if kind < 0.2:
        target = math.inf
    if kind < 0.15:
        calls |= BETWEEN

    def come():
        return chaos.moved >= target or any(seen.call in calls for seen in chaos.since(mark))

    while not child.ended() and not chaos.wait(come, 0.05):
        pass
    time.sleep(chance.random() * 0.01)  # and not just when the proxy has seen something


class Lives:
    """Processes that are killed all the time, and how often that was."""

    def __init__(self, zygote, chaos, wanted=KILLS):
        print(f"COSBOX_TRANSFER_SEED={SEED}")
        self.zygote = zygote
        self.chaos = chaos
        self.chance = Random(SEED)
        self.kills = 0
        self.wanted = wanted

    def sizes(self):
        """Options of a transfer."""
        return {
            "PartSize": self.chance.choice([2, 5, 8]),
            "MAXThread": self.chance.choice([2, 4]),
        }

    def of(self, order, about):
        """Run an order until it is done. Yields, of each life, what ``about`` said before it, its
        requests, and how it ended."""
        options = order["options"]
        under_way = options["PartSize"] * options["MAXThread"] * MIB
        span = self.chance.choice([1, 2, 3]) * under_way
        for _ in range(1000):
            before, mark = about(), self.chaos.mark()
            awaits = self.chance.random() < 0.5  # one goes on where the other stopped
            child = self.zygote.run(**order, port=self.chaos.port, bucket=BUCKET, awaits=awaits)
            if self.kills < self.wanted:
                let_live(child, self.chaos, mark, self.chance, span)
                child.kill()
            outcome = child.wait()
            assert self.chaos.wait_idle()
            # Where the network fails as well, a life may end by itself.
            assert "raised" not in outcome or FAILED in outcome["raised"], outcome
            self.kills += "killed" in outcome
            yield before, self.chaos.since(mark), outcome
            if "returned" in outcome:
                return
        pytest.fail("it never ends")


def test_killed_uploads_go_on(zygote, chaos, direct, large, checkpoints):
    lives, number = Lives(zygote, chaos), 0
    while lives.kills < KILLS:
        number += 1
        key = f"killed {number}"
        options = {**lives.sizes(), "CheckpointDir": str(checkpoints)}
        order = {"function": "upload", "key": key, "path": str(large), "options": options}
        sent = 0
        for before, seen, outcome in lives.of(order, lambda key=key: unfinished(direct, key)):
            assert "raised" not in outcome, outcome
            assert len(before) <= 1, "an upload was left behind"
            stored = set().union(*before.values())
            again = {each.part for each in seen} & stored
            assert not again, f"{options}: {again} of {stored} were sent again"
            sent += sum(each.sent for each in seen)
        assert is_stored(direct, key, large)
        assert not unfinished(direct, key)
        assert not list(checkpoints.iterdir())
        direct.delete_object(BUCKET, key)
        print(f"{lives.kills} kills, {options}: {sent / SIZE:.2f} times its bytes were sent")


def test_killed_downloads_go_on(zygote, chaos, direct, large, tmp_path):
    direct.upload_file(BUCKET, "kept", large, PartSize=8, CheckpointDir=tmp_path / "checkpoints")
    lives = Lives(zygote, chaos)
    folder = tmp_path / "downloads"
    folder.mkdir()
    path = folder / "file"

    def done():
        assert not path.exists()
        return set().union(*map(journalled, folder.glob(".cosbox-*.journal")))

    while lives.kills < KILLS:
        options = lives.sizes()
        order = {"function": "download", "key": "kept", "path": str(path), "options": options}
        read = 0
        for before, seen, outcome in lives.of(order, done):
            assert "raised" not in outcome, outcome
            size = options["PartSize"] * MIB
            begun = {each.range[0] // size + 1 for each in seen if each.range}
            assert not begun & before, f"{options}: {begun & before} of {before} were read again"
            read += sum(each.answered for each in seen)
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
        print(f"{lives.kills} kills, {options}: {read / SIZE:.2f} times its bytes were read")


def test_killed_while_the_network_fails(zygote, chaos, direct, tmp_path, checkpoints):
    wanted = max(6, KILLS // 8)
    lives, file = Lives(zygote, chaos, wanted), make_file(tmp_path / "file", 40 * MIB)
    for number in itertools.count():
        key = f"failing {number}"
        chaos.choose = Luck(f"{SEED} {number}", 0.15, FAULTS)
        options = {**lives.sizes(), "CheckpointDir": str(checkpoints)}
        order = {"function": "upload", "key": key, "path": str(file), "options": options}
        for before, seen, _ in lives.of(order, lambda key=key: unfinished(direct, key)):
            assert len(before) <= 1, "an upload was left behind"
            assert not {each.part for each in seen} & set().union(*before.values())
        assert is_stored(direct, key, file)
        assert not unfinished(direct, key)
        assert not list(checkpoints.iterdir())
        if lives.kills >= wanted:
            return

"""The server is killed and comes back, at any moment of a transfer.

COSBOX_TRANSFER_SERVER_KILLS in the environment asks for more kills than these.
"""

import os
import time
from random import Random

import pytest

from support.chaos import Chaos
from support.errands import client_of
from support.moving import BUCKET, MIB, is_stored, make_file, unfinished
from support.serving import Serving

SIZE = 60 * MIB
KILLS = int(os.environ.get("COSBOX_TRANSFER_SERVER_KILLS", "5"))
SEED = os.environ.get("COSBOX_TRANSFER_SEED") or os.urandom(4).hex()
NETWORK = {"TransportError", "ServerFaultError"}

pytestmark = pytest.mark.timeout(120 + KILLS * 20)


class Mortal:
    """A server that can be killed, and comes back at the same port."""

    def __init__(self, folder):
        self.folder = folder
        self.serving = Serving(folder)
        self.port = self.serving.port
        with client_of(self.port) as client:
            client.create_bucket(BUCKET)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.serving.__exit__()

    def die_and_come_back(self, pause):
        self.serving.__exit__()
        time.sleep(pause)  # how long there is no server
        self.serving = Serving(self.folder, port=self.port)
        assert self.serving.port == self.port


@pytest.fixture
def mortal(tmp_path):
    with Mortal(tmp_path / "store") as mortal:
        yield mortal


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return make_file(tmp_path_factory.mktemp("files") / "file", SIZE)


def outlive(zygote, chaos, mortal, chance, order):
    """Run an order until it is done, killing the server all the time; how often it was killed."""
    killed = 0
    for _ in range(100):
        child = zygote.run(**order)
        while not child.ended():
            target = chaos.moved + chance.randrange(25 * MIB)
            while not child.ended() and not chaos.wait_moved(target, 0.02):
                pass
            if child.ended() or killed >= KILLS:
                break
            mortal.die_and_come_back(chance.random() * 0.4)
            killed += 1
        outcome = child.wait()
        if "returned" in outcome:
            return killed
        assert NETWORK & set(outcome["raised"]), outcome["text"]
    pytest.fail("it never ends")


def test_uploads_outlive_the_server(zygote, mortal, file, checkpoints):
    print(f"COSBOX_TRANSFER_SEED={SEED}")
    chance, kills, number = Random(SEED), 0, 0
    with Chaos(mortal.port) as chaos:
        while kills < KILLS:
            number += 1
            key = f"outlives {number}"
            options = {"PartSize": chance.choice([1, 3]), "CheckpointDir": str(checkpoints)}
            order = {"function": "upload", "port": chaos.port, "bucket": BUCKET, "key": key}
            order |= {"path": str(file), "options": options}
            mark = chaos.mark()
            kills += outlive(zygote, chaos, mortal, chance, order)
            assert chaos.wait_idle()
            with client_of(mortal.port) as direct:
                assert is_stored(direct, key, file)
                assert not unfinished(direct, key)
            told = set()
            for seen in chaos.since(mark, "upload_part"):
                part = seen.query["uploadId"], seen.part
                assert part not in told, "a part was sent again whose storing had been answered"
                if seen.status == 200 and seen.delivered:
                    told.add(part)


def test_downloads_outlive_the_server(zygote, mortal, file, tmp_path):
    print(f"COSBOX_TRANSFER_SEED={SEED}")
    chance, kills, number = Random(SEED), 0, 0
    with client_of(mortal.port) as direct:
        direct.upload_file(BUCKET, "kept", file, CheckpointDir=tmp_path / "checkpoints")
    folder = tmp_path / "downloads"
    folder.mkdir()
    with Chaos(mortal.port) as chaos:
        while kills < KILLS:
            number += 1
            path = folder / f"file {number}"
            order = {"function": "download", "port": chaos.port, "bucket": BUCKET, "key": "kept"}
            order |= {"path": str(path), "options": {"PartSize": chance.choice([2, 7])}}
            mark = chaos.mark()
            kills += outlive(zygote, chaos, mortal, chance, order)
            assert path.read_bytes() == file.read_bytes()
            assert [each.name for each in folder.iterdir()] == [path.name]
            path.unlink()
            assert chaos.wait_idle()
            # No byte is read twice, but for those that were under way when the server died.
            answered = sum(seen.answered for seen in chaos.since(mark, "get_object"))
            assert answered < SIZE + KILLS * 5 * 8 * MIB

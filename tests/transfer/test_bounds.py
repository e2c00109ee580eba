"""Transfers stay within bounds: the memory that they take, and the bytes a second that they may.

CI moves 1 GiB; COSBOX_TRANSFER_GIB=10 in the environment asks for more.
"""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import cosbox
from cosbox import TransferControl
from support import aio
from support.errands import client_of, config_of
from support.moving import BUCKET, MIB, Told, is_stored, make_file

GIB = int(os.environ.get("COSBOX_TRANSFER_GIB", "1"))
LIMIT_MIB = 128
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def counting():
    """The port of a server that only counts bytes."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.counting"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield int(process.stdout.readline().rpartition(":")[2])
        process.terminate()


@pytest.mark.timeout(120 + GIB * 120)
@pytest.mark.parametrize("awaits", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    ("size", "options"),
    [
        (GIB * 1024 * MIB, {}),
        (256 * MIB, {"PartSize": 64, "MAXThread": 4}),
    ],
    ids=["small parts", "large parts"],
)
def test_memory_of_uploads(zygote, counting, tmp_path, checkpoints, awaits, size, options):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(size)
    arguments = {"Bucket": BUCKET, "Key": "zeros", "LocalFilePath": str(path), **options}
    arguments["CheckpointDir"] = str(checkpoints)
    begun = time.perf_counter()
    outcome = zygote.run(
        "weigh", port=counting, call="upload_file", arguments=arguments, awaits=awaits
    ).wait()
    print(f"{size // MIB} MiB in {time.perf_counter() - begun:.1f} s: {outcome}")
    assert outcome["returned"] < LIMIT_MIB


def test_memory_of_streams(zygote, counting):
    arguments = {"Bucket": BUCKET, "Key": "zeros", "Stream": 6000, "PartSize": 8, "MAXThread": 3}
    outcome = zygote.run(
        "weigh", port=counting, call="upload_stream", arguments=arguments, awaits=False
    ).wait()
    # Three parts on their way, one that fills up, and what the allocator keeps for the next.
    assert outcome["returned"] < 2 * LIMIT_MIB


@pytest.mark.parametrize("awaits", [False, True], ids=["sync", "async"])
def test_memory_of_downloads(zygote, counting, tmp_path, awaits):
    arguments = {"Bucket": BUCKET, "Key": f"zeros/{300 * MIB}", "PartSize": 60}
    arguments["DestFilePath"] = str(tmp_path / "zeros")
    outcome = zygote.run(
        "weigh", port=counting, call="download_file", arguments=arguments, awaits=awaits
    ).wait()
    assert outcome["returned"] < LIMIT_MIB


# --------------------------------------------------------------------------------------------
# bandwidth: a slow machine takes longer than it must, and never less


RATE = 20 * MIB
SIZE = 21 * MIB + 4321
SOONEST = SIZE / RATE - 0.4


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return make_file(tmp_path_factory.mktemp("files") / "file", SIZE)


@pytest.fixture
def key(request):
    return request.node.name


def took(transfer):
    begun = time.monotonic()
    transfer()
    return time.monotonic() - begun


@pytest.mark.parametrize("awaits", [False, True], ids=["sync", "async"])
def test_bandwidth(port, direct, key, file, tmp_path, awaits):
    control = TransferControl(bandwidth=RATE)
    told = Told()
    up = {"CheckpointDir": tmp_path, "PartSize": 2, "control": control, "progress_callback": told}
    down = {"PartSize": 2, "control": control}
    path = tmp_path / "down"

    def upload():
        if awaits:
            aio.run(call("upload_file", BUCKET, key, file, **up))
        else:
            with client_of(port) as client:
                client.upload_file(BUCKET, key, file, **up)

    def download():
        if awaits:
            aio.run(call("download_file", BUCKET, key, path, **down))
        else:
            with client_of(port) as client:
                client.download_file(BUCKET, key, path, **down)

    async def call(name, *args, **more):
        async with cosbox.AsyncCosS3Client(config_of(port)) as client:
            return await getattr(client, name)(*args, **more)

    assert took(upload) > SOONEST
    told.check(SIZE)
    assert is_stored(direct, key, file)
    assert took(download) > SOONEST
    assert path.read_bytes() == file.read_bytes()


def test_transfers_with_one_control_share_its_bandwidth(port, key, tmp_path):
    control = TransferControl(bandwidth=8 * MIB)
    path = make_file(tmp_path / "file", 4 * MIB)

    def upload(number):
        with client_of(port) as client:
            client.upload_file(BUCKET, f"{key} {number}", path, control=control)

    threads = [threading.Thread(target=upload, args=(number,)) for number in range(3)]

    def all_of_them():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert took(all_of_them) > 12 / 8 - 0.4


def test_a_new_bandwidth_holds_at_once(chaos, key, file, tmp_path):
    control = TransferControl(bandwidth=100_000)  # for minutes

    def widen():
        assert chaos.wait_moved(50_000)
        control.bandwidth = None

    thread = threading.Thread(target=widen)
    thread.start()
    with client_of(chaos.port) as client:
        client.upload_file(BUCKET, key, file, CheckpointDir=tmp_path, control=control)
    thread.join()

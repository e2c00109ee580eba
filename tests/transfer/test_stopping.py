"""Whoever wants a transfer to end does not wait for the network, and can go on later.

Everything that is waited for here would take a minute; a second is what is promised, and machines
that are busy get some more.
"""

import asyncio
import contextlib
import hashlib
import os
import signal
import threading
import time

import pytest

import cosbox
from cosbox import TransferCancelledError, TransferControl
from cosbox.client.transfers.source import SourceFile
from cosbox.transfer.parts import Part
from support import aio, faults
from support.errands import client_of, config_of
from support.faults import Fault
from support.moving import BUCKET, MIB, is_stored, make_file, unfinished

SIZE = 21 * MIB + 4321
SOON = 5
LONG = 60

STUCK = {
    "the request stalls": lambda chaos: Fault(faults.STALL, seconds=LONG),
    "the answer does not come": lambda chaos: Fault(faults.DELAY, seconds=LONG),
    "the answer stalls": lambda chaos: Fault(faults.STALL_ANSWER, seconds=LONG),
    "the line is narrow": lambda chaos: setattr(chaos, "bandwidth", 50_000),
}
"""Why nothing moves."""

STUCK_WITHOUT_BODY = [why for why in STUCK if why != "the request stalls"]
CALLS = [("upload", why) for why in STUCK] + [("download", why) for why in STUCK_WITHOUT_BODY]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return make_file(tmp_path_factory.mktemp("files") / "file", SIZE)


@pytest.fixture(scope="module")
def source(port, file, tmp_path_factory):
    with client_of(port) as client:
        client.upload_file(BUCKET, "source", file, CheckpointDir=tmp_path_factory.mktemp("c"))
    return "source"


@pytest.fixture
def key(request):
    return request.node.name


@pytest.fixture
def stick(chaos):
    """Let nothing move from the third part on; returns what waits until it is so."""

    def stick(why):
        stuck = threading.Event()

        def choose(seen):
            bodies = seen.call == "upload_part" and seen.part >= 3
            if bodies or (seen.range and seen.range[0] >= 6 * MIB):
                stuck.set()
                return STUCK[why](chaos)
            return None

        chaos.choose = choose
        return stuck

    yield stick
    chaos.closing.set()


@pytest.fixture
def loosen(chaos):
    """Let all move again."""

    def loosen():
        chaos.choose = lambda seen: None
        chaos.widen()
        chaos.hang_up()
        assert chaos.wait_idle()

    return loosen


class Cancelling:
    """Cancels a control once it is stuck, and knows when."""

    def __init__(self, stuck):
        self.control = TransferControl()
        self.stuck = stuck
        self.at = 0.0
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        self.stuck.wait(30)
        time.sleep(0.1)  # the proxy tells of a request just before it gets stuck
        self.at = time.monotonic()
        self.control.cancel()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join()

    @property
    def took(self):
        return time.monotonic() - self.at


def source_of(key):
    return {"Bucket": BUCKET, "Key": key, "Region": "local"}


def call(port, awaits, name, *args, **options):
    """A call of either client."""
    if not awaits:
        with client_of(port) as client:
            return getattr(client, name)(*args, **options)

    async def run():
        async with cosbox.AsyncCosS3Client(config_of(port)) as client:
            return await getattr(client, name)(*args, **options)

    return aio.run(run())


@pytest.mark.parametrize("why", STUCK)
@pytest.mark.parametrize("awaits", [False, True], ids=["sync", "async"])
def test_cancelled_uploads(chaos, direct, stick, loosen, key, file, checkpoints, why, awaits):
    options = {"PartSize": 3, "MAXThread": 2, "CheckpointDir": checkpoints}
    with Cancelling(stick(why)) as cancelling, pytest.raises(TransferCancelledError):
        call(
            chaos.port, awaits, "upload_file", BUCKET, key, file,
            control=cancelling.control, **options,
        )  # fmt: skip
    assert cancelling.took < SOON
    loosen()
    stored = set().union(*unfinished(direct, key).values())
    mark = chaos.mark()
    call(chaos.port, awaits, "upload_file", BUCKET, key, file, **options)
    assert not stored & {seen.part for seen in chaos.since(mark)}
    assert is_stored(direct, key, file)
    assert unfinished(direct, key) == {}


@pytest.mark.parametrize("why", STUCK_WITHOUT_BODY)
@pytest.mark.parametrize("awaits", [False, True], ids=["sync", "async"])
def test_cancelled_downloads(chaos, stick, loosen, source, file, tmp_path, why, awaits):
    path = tmp_path / "downloaded"
    options = {"PartSize": 3, "MAXThread": 2}
    with Cancelling(stick(why)) as cancelling, pytest.raises(TransferCancelledError):
        call(
            chaos.port, awaits, "download_file", BUCKET, source, path,
            control=cancelling.control, **options,
        )  # fmt: skip
    assert cancelling.took < SOON
    assert not path.exists()
    loosen()
    call(chaos.port, awaits, "download_file", BUCKET, source, path, **options)
    assert path.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("awaits", [False, True], ids=["sync", "async"])
def test_what_cannot_go_on_is_aborted(chaos, direct, stick, key, awaits):
    pieces = (os.urandom(MIB) for _ in range(20))
    with (
        Cancelling(stick("the answer does not come")) as cancelling,
        pytest.raises(TransferCancelledError),
    ):
        call(
            chaos.port, awaits, "upload_stream", BUCKET, key, pieces,
            PartSize=2, MAXThread=2, control=cancelling.control,
        )  # fmt: skip
    assert cancelling.took < SOON
    assert unfinished(direct, key) == {}


@pytest.mark.parametrize("at", ["list_multipart_uploads", "create_multipart_upload", "upload_part"])
def test_cancelled_while_it_waits_to_try_again(chaos, key, file, checkpoints, at):
    stuck = threading.Event()

    def refuse(seen):
        if seen.call != at:
            return None
        stuck.set()
        return Fault(faults.REFUSE)

    chaos.choose = refuse
    patient = cosbox.client.runtime.Runtime(random=lambda: 0.999)
    with (
        Cancelling(stuck) as cancelling,
        cosbox.CosS3Client(config_of(chaos.port), 30, runtime=patient) as client,
        pytest.raises(TransferCancelledError),
    ):
        client.upload_file(BUCKET, key, file, CheckpointDir=checkpoints, control=cancelling.control)
    assert cancelling.took < SOON


def test_a_control_that_is_cancelled_sends_nothing(chaos, key, file, checkpoints, tmp_path):
    control = TransferControl()
    control.cancel()
    with client_of(chaos.port) as client:
        for transfer in (
            lambda: client.upload_file(
                BUCKET, key, file, CheckpointDir=checkpoints, control=control
            ),
            lambda: client.upload_stream(BUCKET, key, b"x", control=control),
            lambda: client.download_file(BUCKET, key, tmp_path / "x", control=control),
            lambda: client.copy(BUCKET, key, source_of("source"), control=control),
        ):
            with pytest.raises(TransferCancelledError):
                transfer()
    assert chaos.seen == []


def test_cancelling_the_task(chaos, direct, stick, loosen, key, file, checkpoints):
    stuck = stick("the answer does not come")
    options = {"PartSize": 3, "CheckpointDir": checkpoints}

    async def run():
        async with cosbox.AsyncCosS3Client(config_of(chaos.port)) as client:
            task = asyncio.create_task(client.upload_file(BUCKET, key, file, **options))
            await asyncio.to_thread(stuck.wait, 30)
            task.cancel()
            begun = time.monotonic()
            with pytest.raises(asyncio.CancelledError):
                await task
            return time.monotonic() - begun

    assert aio.run(run()) < SOON
    loosen()
    call(chaos.port, False, "upload_file", BUCKET, key, file, **options)
    assert is_stored(direct, key, file)
    assert unfinished(direct, key) == {}


@pytest.mark.parametrize(("function", "why"), CALLS)
def test_ctrl_c(
    chaos, direct, zygote, stick, loosen, source, key, file, checkpoints, tmp_path, why, function
):
    path = tmp_path / "downloaded"
    name, local = (key, file) if function == "upload" else (source, path)
    options = {"PartSize": 3, "MAXThread": 2}
    if function == "upload":
        options["CheckpointDir"] = str(checkpoints)
    order = {"port": chaos.port, "bucket": BUCKET, "key": name, "path": str(local)}
    stuck = stick(why)
    child = zygote.run(function, **order, options=options)
    assert stuck.wait(30)
    time.sleep(0.1)  # as above
    begun = time.monotonic()
    child.signal(signal.SIGINT)
    outcome = child.wait()
    assert outcome["raised"][0] == "KeyboardInterrupt", outcome
    assert outcome["at"] - begun < SOON
    loosen()
    stored = set().union(*unfinished(direct, name).values())
    mark = chaos.mark()
    outcome = zygote.run(function, **order, options=options).wait()
    assert "returned" in outcome, outcome
    if function == "upload":
        assert not stored & {seen.part for seen in chaos.since(mark)}
        assert is_stored(direct, key, file)
        assert unfinished(direct, key) == {}
    else:
        assert path.read_bytes() == file.read_bytes()


def test_a_part_that_is_compared_is_not_read_to_its_end(tmp_path):
    path = make_file(tmp_path / "file", 3 * MIB)
    control = TransferControl()
    with contextlib.closing(SourceFile(path, control.check)) as source:
        part = Part(1, 0, 3 * MIB)
        digest, _ = source.sums(part)
        assert digest == hashlib.md5(path.read_bytes()).digest()
        control.cancel()
        with pytest.raises(TransferCancelledError):
            source.sums(part)


@pytest.mark.parametrize("name", ["upload_file", "download_file", "upload_stream", "copy"])
@pytest.mark.parametrize("awaits", [False, True], ids=["sync", "async"])
def test_what_a_callback_raises_is_raised(
    port, direct, source, key, file, checkpoints, tmp_path, name, awaits
):
    def stop(done, total):
        if done > 4 * MIB:
            raise LookupError("enough")

    args, options = {
        "upload_file": ((BUCKET, key, file), {"PartSize": 3, "CheckpointDir": checkpoints}),
        "download_file": ((BUCKET, source, tmp_path / "x"), {"PartSize": 3}),
        "upload_stream": ((BUCKET, key, iter([bytes(MIB)] * 9)), {"PartSize": 3}),
        "copy": ((BUCKET, key, source_of(source)), {"PartSize": 3}),
    }[name]
    with pytest.raises(LookupError, match="enough"):
        call(port, awaits, name, *args, progress_callback=stop, **options)
    if name == "upload_file":
        call(port, awaits, name, *args, **options)
        assert is_stored(direct, key, file)
    assert unfinished(direct, key) == {}

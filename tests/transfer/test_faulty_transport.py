"""A network that drops, cuts, delays, repeats and spoils what goes over it, before a store that has
errors of its own: transfers finish right, or fail and say why, and nothing wrong is ever stored.

COSBOX_TRANSFER_SEEDS in the environment asks for more seeds than these, COSBOX_TRANSFER_SEED for
one of them.
"""

import contextlib
import os

import pytest

import cosbox
from cosbox import CosException
from support import aio, faults
from support.awaiting import Awaited
from support.errands import IMPATIENT, config_of
from support.faults import Luck
from support.moving import BUCKET, MIB, Told, is_stored, make_file, unfinished

SEEDS = range(int(os.environ.get("COSBOX_TRANSFER_SEEDS", "6")))
if "COSBOX_TRANSFER_SEED" in os.environ:
    SEEDS = [int(os.environ["COSBOX_TRANSFER_SEED"])]

NETWORK = (
    faults.DROP,
    faults.CUT,
    faults.LOSE,
    faults.TRUNCATE,
    faults.DELAY,
    faults.REPEAT,
    faults.STALL,
    faults.STALL_ANSWER,
)
STORE = (faults.REFUSE, faults.REFUSE_EARLY, faults.REFUSE_DONE)
DAMAGE = (faults.SPOIL, faults.SPOIL_ANSWER)
EVERYTHING = NETWORK + STORE + DAMAGE
SPARED = frozenset(
    {
        # Whoever repeats or garbles this makes an upload that nobody knows of.
        ("create_multipart_upload", faults.REPEAT),
        ("create_multipart_upload", faults.SPOIL_ANSWER),
        # Only Content-MD5 keeps a store from taking what was damaged.
        ("put_object", faults.SPOIL),
    }
)
TRANSFERS = ("upload_file", "upload_small", "download_file", "copy", "upload_stream")


class Client:
    """A client behind the proxy, of either kind."""

    def __init__(self, port, *, awaits):
        self.port = port
        self.awaits = awaits

    def __call__(self, name, *args, **more):
        config = config_of(self.port, Timeout=(5, 5))
        config.set_copy_part_threshold_size(2 * MIB)
        if not self.awaits:
            with cosbox.CosS3Client(config, runtime=IMPATIENT) as client:
                return getattr(client, name)(*args, **more)

        async def call():
            async with cosbox.AsyncCosS3Client(config, runtime=IMPATIENT) as client:
                return await getattr(client, name)(*args, **more)

        return aio.run(call())


class Case:
    """One transfer, and what must be true of it."""

    def __init__(self, client, direct, folder, files, key):
        self.client = client
        self.direct = direct
        self.folder = folder
        self.files = files
        self.key = key
        self.path = folder / "downloaded"
        self.told = Told()

    def old(self):
        """Something is there already."""
        self.direct.put_object(BUCKET, b"old", self.key)
        self.direct.upload_file(BUCKET, "source", self.files["middle"])

    def upload_file(self):
        self.client(
            "upload_file",
            BUCKET,
            self.key,
            self.files["large"],
            PartSize=2,
            **self.where,
            **self.told_to,
        )

    def upload_small(self):
        self.client(
            "upload_file", BUCKET, self.key, self.files["small"], **self.where, **self.told_to
        )

    def upload_stream(self):
        data = self.files["middle"].read_bytes()
        pieces = (data[at : at + 300_001] for at in range(0, len(data), 300_001))
        self.client("upload_stream", BUCKET, self.key, pieces, PartSize=1, **self.told_to)

    def copy(self):
        source = {"Bucket": BUCKET, "Key": "source", "Region": "local"}
        self.client("copy", BUCKET, self.key, source, PartSize=1, **self.told_to)

    def download_file(self):
        self.client("download_file", BUCKET, "source", self.path, PartSize=1, **self.told_to)

    @property
    def told_to(self):
        return {"progress_callback": self.told}

    @property
    def where(self):
        return {"CheckpointDir": self.folder / "checkpoints"}

    def file_of(self, name):
        return self.files[{"upload_file": "large", "upload_small": "small"}.get(name, "middle")]

    def is_done(self, name):
        if name == "download_file":
            data = self.path.read_bytes() if self.path.exists() else None
            return data is not None and data == self.files["middle"].read_bytes()
        return is_stored(self.direct, self.key, self.file_of(name))

    def is_old(self, name):
        if name == "download_file":
            return not self.path.exists()
        return self.direct.get_object(BUCKET, self.key)["Body"].read() == b"old"

    def left(self):
        """What is left that a finished transfer must not leave."""
        folders = [self.folder, self.folder / "checkpoints"]
        files = [f for folder in folders if folder.exists() for f in folder.iterdir()]
        return unfinished(self.direct, self.key), [
            file for file in files if file.is_file() and file != self.path
        ]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    return {
        "small": make_file(folder / "small", 300_000),
        "middle": make_file(folder / "middle", 5 * MIB + 12345),
        "large": make_file(folder / "large", 21 * MIB + 777),
    }


@pytest.fixture
def case(chaos, direct, tmp_path, files, request):
    case = Case(Client(chaos.port, awaits=False), direct, tmp_path, files, request.node.name)
    case.old()
    return case


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("awaits", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("name", TRANSFERS)
def test_all_that_can_go_wrong(chaos, case, name, awaits, seed):
    case.client.awaits = awaits
    kinds = (NETWORK, STORE, DAMAGE, EVERYTHING)[seed % 4]
    chaos.choose = Luck(f"{name} {seed}", (0.1, 0.25, 0.5)[seed % 3], kinds, spared=SPARED)
    failure = None
    case.told = Told()
    try:
        getattr(case, name)()
    except CosException as error:
        failure = error
    done = chaos.choose.done
    chaos.choose = lambda seen: None
    assert chaos.wait_idle()
    assert case.told.wrong == []
    if failure is None:
        case.told.check(case.file_of(name).stat().st_size)
        assert case.is_done(name), done
        assert case.left() == ({}, []), done
        return
    # A failure at the very end may hide that it is done.
    assert case.is_old(name) or case.is_done(name), (done, failure)
    if name in {"copy", "upload_stream"} and unfinished(case.direct, case.key):
        notes = "".join(getattr(failure, "__notes__", []))
        assert "could not be aborted" in notes, (done, failure)
        return
    case.told = Told()
    getattr(case, name)()
    assert case.is_done(name), (done, failure)
    case.told.check(case.file_of(name).stat().st_size)
    assert case.left() == ({}, []), (done, failure)


@pytest.mark.parametrize("awaits", [False, True], ids=["sync", "async"])
def test_what_must_not_happen_twice_is_not_sent_twice_over_a_connection_that_was_kept(
    chaos, rules, direct, awaits
):
    """libcurl would, by itself, when a connection that it used again is lost."""
    config = config_of(chaos.port)
    if awaits:
        client = Awaited(lambda: cosbox.AsyncCosS3Client(config))
    else:
        client = cosbox.CosS3Client(config)
    with contextlib.closing(client):
        for call in (
            lambda: client.create_multipart_upload(BUCKET, "once"),
            lambda: client.put_object(BUCKET, b"1", f"once {awaits}", ForbidOverwrite="true"),
        ):
            client.head_bucket(BUCKET)
            mark = chaos.mark()
            rules.add(faults.LOSE, lambda seen: True)
            with pytest.raises(cosbox.TransportError):
                call()
            assert len(chaos.since(mark)) == 1
    (upload_id,) = unfinished(direct, "once")
    direct.abort_multipart_upload(BUCKET, "once", upload_id)

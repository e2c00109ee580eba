"""Many clients on few keys: what each saw of a key is one story, in which nothing is lost.

Puts, conditional puts, deletes, copies and completed uploads, with versions and without; in this
process, and through a server with two workers.
"""

import hashlib
import itertools
import random
import threading
import time
from collections import defaultdict

import pytest

import cosbox
from support.linearizable import Event, is_linearizable
from support.registers import plain
from support.serving import KEYS, Serving

BUCKET = "few-1250000000"
NAMES = ["a", "b", "c"]
CLIENTS = 6
EACH = 40
ROUNDS = 3


@pytest.fixture(scope="module", params=["embedded", "two workers"])
def client(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("linear") / "store"
    if request.param == "embedded":
        with cosbox.open(folder) as client:
            yield client
        return
    with Serving(folder, "--workers", "2") as serving:
        conf = cosbox.CosConfig(
            Endpoint=f"127.0.0.1:{serving.port}",
            SecretId=KEYS["COSBOX_SECRET_ID"], SecretKey=KEYS["COSBOX_SECRET_KEY"],
        )  # fmt: skip
        # A request that is sent twice could take effect twice; the story would not know.
        with cosbox.CosS3Client(conf, retry=0) as client:
            yield client


class Worker:
    """One of the clients: does random things and notes what it was answered."""

    def __init__(self, client, seed, values, versioned):
        self.client = client
        self.random = random.Random(seed)
        self.values = values
        self.versioned = versioned
        self.events = []
        self.puts = []

    def run(self):
        deeds = [self.put, self.put, self.read, self.read, self.delete, self.copy, self.complete]
        if not self.versioned:
            deeds.append(self.create)
        for _ in range(EACH):
            self.random.choice(deeds)(self.random.choice(NAMES))

    def note(self, key, begin, kind, value=None, done=True):
        call, result = {
            "write": (("put", value), True),
            "create": (("add", value), done),
            "read": (("get",), value),
            "delete": (("delete",), True),
        }[kind]
        self.events.append((key, Event(begin, time.perf_counter(), call, result)))

    def value(self):
        return f"{next(self.values)}".encode()

    def put(self, key):
        value, begin = self.value(), time.perf_counter()
        made = self.client.put_object(BUCKET, value, key)
        self.note(key, begin, "write", plain_tag(value))
        self.puts.append((key, begin, time.perf_counter(), made.get("x-cos-version-id")))

    def create(self, key):
        value, begin = self.value(), time.perf_counter()
        try:
            self.client.put_object(BUCKET, value, key, ForbidOverwrite="true")
        except cosbox.ConflictError:
            self.note(key, begin, "create", plain_tag(value), done=False)
        else:
            self.note(key, begin, "create", plain_tag(value))

    def read(self, key):
        begin = time.perf_counter()
        try:
            answer = self.client.get_object(BUCKET, key)
        except cosbox.NotFoundError:
            self.note(key, begin, "read", None)
            return
        value, tag = answer["Body"].read(), answer["ETag"]
        assert tag in {plain_tag(value), joined_tag(value)}
        self.note(key, begin, "read", tag)

    def delete(self, key):
        begin = time.perf_counter()
        self.client.delete_object(BUCKET, key)
        self.note(key, begin, "delete")

    def copy(self, key):
        """A copy reads one key and writes another, and the ETag goes along."""
        source = self.random.choice([name for name in NAMES if name != key])
        begin = time.perf_counter()
        where = {"Bucket": BUCKET, "Key": source, "Region": "local"}
        try:
            made = self.client.copy_object(BUCKET, key, where)
        except cosbox.NotFoundError:
            self.note(source, begin, "read", None)
            return
        self.note(source, begin, "read", made["ETag"])
        self.note(key, begin, "write", made["ETag"])

    def complete(self, key):
        value = self.value()
        upload = self.client.create_multipart_upload(BUCKET, key)["UploadId"]
        part = self.client.upload_part(BUCKET, key, value, 1, upload)
        begin = time.perf_counter()
        self.client.complete_multipart_upload(
            BUCKET, key, upload, {"Part": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        )
        self.note(key, begin, "write", joined_tag(value))


def plain_tag(value):
    """The ETag of a value that was put."""
    return f'"{hashlib.md5(value).hexdigest()}"'


def joined_tag(value):
    """The ETag of a value that was uploaded as one part."""
    return f'"{hashlib.md5(hashlib.md5(value).digest()).hexdigest()}-1"'


def by_key(workers):
    found = defaultdict(list)
    for worker in workers:
        for key, event in worker.events:
            found[key].append(event)
    return found


@pytest.mark.parametrize("versioned", [False, True])
@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_each_key_has_one_story(client, versioned, round_number):
    client.create_bucket(BUCKET)
    if versioned:
        client.put_bucket_versioning(BUCKET, "Enabled")
    values = itertools.count()
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    workers = [Worker(client, seed + number, values, versioned) for number in range(CLIENTS)]
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert sum(len(worker.events) for worker in workers) >= CLIENTS * EACH
        for key, events in by_key(workers).items():
            assert is_linearizable(events, plain, None), f"no story explains {key}"
        if versioned:
            check_versions(client, workers)
    finally:
        empty(client)


def check_versions(client, workers):
    """Every acknowledged put is a version, and what came later stands before what came earlier."""
    page = client.list_objects_versions(BUCKET)
    assert page["IsTruncated"] == "false"
    place = {
        (entry["Key"], entry["VersionId"]): index
        for index, entry in enumerate(page.get("Version", []))
    }
    puts = [put for worker in workers for put in worker.puts]
    for key, _, _, version in puts:
        assert (key, version) in place
    for (key, _, ended, older), (other, began, _, newer) in itertools.permutations(puts, 2):
        if key == other and ended < began:
            assert place[key, newer] < place[key, older]


def empty(client):
    page = client.list_objects_versions(BUCKET)
    for entry in [*page.get("Version", []), *page.get("DeleteMarker", [])]:
        client.delete_object(BUCKET, entry["Key"], VersionId=entry["VersionId"] or "null")
    client.delete_bucket(BUCKET)

"""Many clients on few keys: what each of them saw can have happened one call after the other."""

import contextlib
import itertools
import random
import signal
import threading
import time
from collections import defaultdict

import pytest

import cosbox
from support.linearizable import UNKNOWN, Event, is_linearizable
from support.rawhttp import wait_until
from support.registers import plain, versioned
from support.serving import KEYS, Serving

PLAIN, VERSIONED, SUSPENDED = (f"{name}-1250000000" for name in ("plain", "versions", "stopped"))
BUCKETS = (PLAIN, VERSIONED, SUSPENDED)
SOURCES = "sources-1250000000"
FILLER = {"small": 100, "a file of its own": 70_000}
BROKEN_OFF = (cosbox.TransportError, cosbox.ServerFaultError)
THREADS = 6
CALLS = 60
KEYS_OF_EACH = ("a", "b")
MADE_BEFORE = 30
BEFORE_THE_END = 200


def client_of(serving, retry=3):
    conf = cosbox.CosConfig(
        Endpoint=f"127.0.0.1:{serving.port}",
        SecretId=KEYS["COSBOX_SECRET_ID"],
        SecretKey=KEYS["COSBOX_SECRET_KEY"],
    )
    return cosbox.CosS3Client(conf, retry=retry)


def body_of(tag):
    return f"{tag}\n".encode() + b"x" * random.choice(list(FILLER.values()))


class Recorder:
    """Makes calls and notes them, each under its bucket and key."""

    def __init__(self):
        self.histories = defaultdict(list)
        self.faults = []
        self._tags = itertools.count()
        self._ready = {}

    def prepare(self, client):
        """Sources to copy and uploads to complete, each of which writes a tag of its own."""
        client.create_bucket(SOURCES)
        for bucket in BUCKETS:
            client.create_bucket(bucket)
            for key in KEYS_OF_EACH:
                self._ready["copy", bucket, key] = [
                    self._source(client, f"{bucket}/{key}/{number}")
                    for number in range(MADE_BEFORE)
                ]
                self._ready["complete", bucket, key] = [
                    self._upload(client, bucket, key) for _ in range(MADE_BEFORE)
                ]
        client.put_bucket_versioning(VERSIONED, "Enabled")
        client.put_bucket_versioning(SUSPENDED, "Suspended")

    def _source(self, client, key):
        tag = f"copy of {key}"
        client.put_object(SOURCES, body_of(tag), key)
        return tag, key

    def _upload(self, client, bucket, key):
        tag = f"upload {next(self._tags)}"
        upload_id = client.create_multipart_upload(bucket, key)["UploadId"]
        part = client.upload_part(bucket, key, body_of(tag), 1, upload_id)
        return tag, upload_id, {"Part": [{"PartNumber": 1, "ETag": part["ETag"]}]}

    def many(self, client, seed, count=CALLS):
        """Random calls of one client, until it has made them all or its server is gone."""
        chance = random.Random(seed)
        known = defaultdict(list)
        for _ in range(count):
            bucket = chance.choice(BUCKETS)
            key = chance.choice(KEYS_OF_EACH)
            kinds = ["put", "put", "delete", "get", "get", "get", "copy", "complete"]
            kinds += ["add", "add"] if bucket == PLAIN else ["get version", "remove"]
            try:
                self.one(client, bucket, key, chance.choice(kinds), known[bucket, key], chance)
            except BROKEN_OFF:
                return
            except Exception as error:
                self.faults.append(error)
                raise

    def one(self, client, bucket, key, kind, known, chance):
        """One call, noted."""
        if kind in {"copy", "complete"}:
            try:
                tag, *rest = self._ready[kind, bucket, key].pop()
            except IndexError:
                return
        elif kind in {"get version", "remove"}:
            if not known:
                return
            tag, rest = chance.choice(known), []
        else:
            tag, rest = f"tag {next(self._tags)}", []
        body = body_of(tag)
        call = ("put" if kind in {"copy", "complete"} else kind, tag)
        made = time.monotonic()
        try:
            make = getattr(self, f"_{kind.replace(' ', '_')}")
            result = make(client, bucket, key, body, tag, *rest)
        except BROKEN_OFF:
            self.histories[bucket, key].append(Event(made, made, call, UNKNOWN))
            raise
        self.histories[bucket, key].append(Event(made, time.monotonic(), call, result))
        if bucket != PLAIN and call[0] in {"put", "delete"}:
            known.append(result)

    def _put(self, client, bucket, key, body, tag):
        return _version(bucket, client.put_object(bucket, body, key))

    def _add(self, client, bucket, key, body, tag):
        try:
            client.put_object(bucket, body, key, ForbidOverwrite="true")
        except cosbox.ConflictError:
            return False
        return True

    def _copy(self, client, bucket, key, body, tag, source):
        copied = client.copy_object(
            bucket, key, {"Bucket": SOURCES, "Key": source, "Region": "local"}
        )
        return _version(bucket, {"x-cos-version-id": copied.get("VersionId"), **copied})

    def _complete(self, client, bucket, key, body, tag, upload_id, parts):
        return _version(bucket, client.complete_multipart_upload(bucket, key, upload_id, parts))

    def _delete(self, client, bucket, key, body, tag):
        return _version(bucket, client.delete_object(bucket, key))

    def _get(self, client, bucket, key, body, tag):
        return _tag(client, bucket, key)

    def _get_version(self, client, bucket, key, body, tag):
        return _tag(client, bucket, key, VersionId=tag)

    def _remove(self, client, bucket, key, body, tag):
        client.delete_object(bucket, key, VersionId=tag)
        return True

    def _list(self, client, bucket, key, body, tag):
        page = client.list_objects_versions(bucket, key)
        return tuple(entry["VersionId"] for entry in reversed(page.get("Version", [])))

    def count(self):
        """How many calls were noted."""
        return sum(map(len, self.histories.values()))

    def check(self):
        """Every key's history is linearizable."""
        assert self.faults == []
        for (bucket, key), history in self.histories.items():
            model, state = (plain, None) if bucket == PLAIN else (versioned, ())
            assert is_linearizable(history, model, state), (bucket, key, sorted(history))


def _version(bucket, answer):
    """What a write gives: the version's id, where its bucket has versions."""
    if bucket == PLAIN:
        return True
    return (answer or {}).get("x-cos-version-id") or "null"


def _tag(client, bucket, key, **more):
    try:
        body = client.get_object(bucket, key, **more)["Body"].read()
    except cosbox.NotFoundError:
        return None
    except cosbox.CosServiceError as error:
        if more and error.get_status_code() == 405:
            return None  # a delete marker that is named takes no GET
        raise
    return body.partition(b"\n")[0].decode()


def run(recorder, clients, count=CALLS, meanwhile=lambda: None):
    """All clients at once, each in a thread."""
    threads = [
        threading.Thread(target=recorder.many, args=(client, number, count))
        for number, client in enumerate(clients)
    ]
    for thread in threads:
        thread.start()
    meanwhile()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("way", ["two workers", "embedded", "both at once"])
def test_what_clients_see_can_have_happened(tmp_path, way):
    folder = tmp_path / "store"
    recorder = Recorder()
    with contextlib.ExitStack() as stack:
        clients = []
        if way != "embedded":
            serving = stack.enter_context(Serving(folder, "--workers", "2"))
            clients.append(stack.enter_context(client_of(serving)))
        if way != "two workers":
            clients.append(stack.enter_context(cosbox.open(folder, appid="1250000000")))
        recorder.prepare(clients[0])
        run(recorder, (clients * THREADS)[:THREADS])
        for key in KEYS_OF_EACH:
            recorder.one(clients[-1], VERSIONED, key, "list", [], random.Random())
    recorder.check()
    assert recorder.count() > THREADS * CALLS * 0.8


def test_what_was_answered_outlives_the_server(tmp_path):
    """The server is killed under its clients. What it answered was done; what it did not answer was
    done or not, and nothing in between."""
    folder = tmp_path / "store"
    recorder = Recorder()
    with Serving(folder) as serving, client_of(serving, retry=0) as client:
        recorder.prepare(client)

        def kill():
            wait_until(lambda: recorder.faults or recorder.count() >= BEFORE_THE_END, 60)
            serving.process.send_signal(signal.SIGKILL)

        run(recorder, [client] * THREADS, count=10_000, meanwhile=kill)
    assert any(e.result is UNKNOWN for e in itertools.chain(*recorder.histories.values()))
    with cosbox.open(folder, appid="1250000000") as client:
        for bucket, key in itertools.product(BUCKETS, KEYS_OF_EACH):
            recorder.one(client, bucket, key, "get", [], random.Random())
    recorder.check()

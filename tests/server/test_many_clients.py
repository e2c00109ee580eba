"""Many clients at once: all are served, and what they cost stays small."""

import contextlib
import os
import threading

import pytest

import cosbox
from cosbox.checksums import crc64
from support.large import peak_mib
from support.rawhttp import Client
from support.serving import KEYS, Serving, signed

BUCKET = "many-1250000000"
MIB = 1024 * 1024
LIMIT_MIB = 250


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    with Serving(tmp_path_factory.mktemp("many") / "store") as serving:
        yield serving
        assert serving.end() == (0, "", "")


@pytest.fixture(scope="module")
def client(serving):
    conf = cosbox.CosConfig(
        Endpoint=f"127.0.0.1:{serving.port}",
        SecretId=KEYS["COSBOX_SECRET_ID"],
        SecretKey=KEYS["COSBOX_SECRET_KEY"],
        PoolConnections=64,
    )
    with cosbox.CosS3Client(conf) as client:
        client.create_bucket(BUCKET)
        yield client


@contextlib.contextmanager
def asked(serving, method, key, *lines):
    """A connection on which a signed request has begun."""
    connection = serving.connection()
    connection.connect()
    path = f"/{BUCKET}/{key}"
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *lines]
    head += [f"{name}: {value}" for name, value in signed(method, path).items()]
    connection.sock.sendall("\r\n".join([*head, "", ""]).encode())
    talk = Client(connection.sock)
    try:
        yield talk
    finally:
        talk.file.close()
        connection.close()


def together(count, function):
    """So many threads at once; raises what the first of them raised."""
    faults = []

    def run(number):
        try:
            function(number)
        except Exception as fault:  # noqa: BLE001 - raised again below
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def test_small_objects(client):
    """Each thread reads what it wrote, whatever the others write."""

    def work(number):
        for turn in range(10):
            key, body = f"small/{number}/{turn}", os.urandom(1 + number * 50)
            client.put_object(BUCKET, body, key)
            assert client.get_object(BUCKET, key)["Body"].read() == body

    together(32, work)
    page = client.list_objects(BUCKET, Prefix="small/")
    assert len(page["Contents"]) == 320


def test_uploads_at_once_cost_little(serving, client):
    """Uploads are told apart, each is whole, and what arrives faster than it is written waits at
    the clients."""
    pieces = [os.urandom(MIB) for _ in range(4)]

    def work(number):
        body = [pieces[(number + turn) % 4] for turn in range(16)]
        with asked(serving, "PUT", f"up/{number}", f"Content-Length: {16 * MIB}") as talk:
            for piece in body:
                talk.send(piece)
            reply = talk.reply()
        crc = 0
        for piece in body:
            crc = crc64(piece, crc)
        assert (reply.status, reply.headers["x-cos-hash-crc64ecma"]) == (200, str(crc))

    together(32, work)
    assert peak_mib(serving.process.pid) < LIMIT_MIB


def test_readers_that_do_not_read_cost_little(serving, client):
    """Others are served beside them, and when they read on, they get everything."""
    body = os.urandom(16 * MIB)
    client.put_object(BUCKET, body, "read")
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(asked(serving, "GET", "read")) for _ in range(64)]
        for talk in slow:
            assert talk.head()[0] == 200
        for number in range(100):
            client.put_object(BUCKET, bytes([number]), "beside")
            assert client.get_object(BUCKET, "beside")["Body"].read() == bytes([number])
        for talk in slow[:8]:
            assert talk.file.read(len(body)) == body
    assert peak_mib(serving.process.pid) < LIMIT_MIB


def test_connections_that_do_nothing(serving, client):
    with contextlib.ExitStack() as stack:
        for _ in range(500):
            connection = stack.enter_context(contextlib.closing(serving.connection()))
            connection.connect()
        client.put_object(BUCKET, b"served", "among idle ones")
        assert client.get_object(BUCKET, "among idle ones")["Body"].read() == b"served"
    assert peak_mib(serving.process.pid) < LIMIT_MIB

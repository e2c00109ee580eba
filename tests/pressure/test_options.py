"""The limits that can be set, through the command that they are given to."""

import contextlib
import socket

import pytest

import cosbox
from cosbox.cli.main import main
from support.rawhttp import Client, wait_until
from support.serving import KEYS, Serving, signed

BUCKET = "options-1250000000"


def client_of(serving):
    conf = cosbox.CosConfig(
        Endpoint=f"127.0.0.1:{serving.port}",
        SecretId=KEYS["COSBOX_SECRET_ID"],
        SecretKey=KEYS["COSBOX_SECRET_KEY"],
    )
    return cosbox.CosS3Client(conf)


def begin(serving, size):
    """A connection on which a signed PUT of a body has begun."""
    path = f"/{BUCKET}/k"
    lines = [f"PUT {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {size}"]
    lines += [f"{name}: {value}" for name, value in signed("PUT", path).items()]
    sock = socket.create_connection(("127.0.0.1", serving.port), timeout=20)
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    return sock


def test_a_body_must_keep_its_rate(tmp_path):
    options = ("--min-rate", "100000", "--body-timeout", "1")
    with Serving(tmp_path / "store", *options) as serving, client_of(serving) as client:
        client.create_bucket(BUCKET)
        with begin(serving, 10_000_000) as sock:
            sock.settimeout(0.1)
            with contextlib.suppress(ConnectionError):
                for _ in range(200):
                    sock.sendall(b"slow")
                    with contextlib.suppress(TimeoutError):
                        if sock.recv(1, socket.MSG_PEEK):
                            break
            talk = Client(sock)
            reply = talk.reply()
            talk.file.close()
        assert (reply.status, reply.code) == (400, "UserNetworkTooSlow")
        assert "Contents" not in client.list_objects(BUCKET)
        client.put_object(BUCKET, bytes(1_000_000), "k")
        assert serving.end() == (0, "", "")


def test_old_uploads_are_given_up_where_it_is_asked_for(tmp_path):
    folder = tmp_path / "store"
    for options, left in (((), 1), (("--abort-uploads-after", "7"), 0)):
        with Serving(folder, *options) as serving, client_of(serving) as client:
            if left:
                client.create_bucket(BUCKET)
                client.create_multipart_upload(BUCKET, "k")
                assert main(["clock", str(folder), "--move", "8d"]) == 0
            else:
                wait_until(lambda c=client: not c.list_multipart_uploads(BUCKET).get("Upload"))
            assert len(client.list_multipart_uploads(BUCKET).get("Upload", [])) == left


@pytest.mark.parametrize(
    "arguments",
    [
        ("--min-rate", "-1"),
        ("--max-requests", "0"),
        ("--max-transfers", "0"),
        ("--answer-timeout", "0"),
        ("--abort-uploads-after", "0"),
        ("--reserve", "-1"),
        ("--reserve", "much"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        main(["serve", str(tmp_path / "store"), *arguments])
    assert ended.value.code == 2
    assert arguments[0] in capsys.readouterr().err
    assert not (tmp_path / "store").exists()


def test_no_reserve(tmp_path):
    folder = tmp_path / "store"
    with Serving(folder, "--reserve", "0") as serving, client_of(serving) as client:
        client.create_bucket(BUCKET)
        assert not (folder / "reserve").exists()
    with Serving(folder, "--reserve", "1") as serving, client_of(serving) as client:
        client.put_object(BUCKET, b"x", "k")
        assert (folder / "reserve").stat().st_size == 1024 * 1024

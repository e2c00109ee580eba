"""Secrets are shown to nobody: not in logs, not in answers, not to other users of the machine."""

import logging
import os
import stat
import subprocess
import sys

import pytest

import cosbox
from cosbox.protocol.signing import Credential
from cosbox.storage.rows import KeyPair
from support.rawhttp import Client
from support.serving import KEYS, Serving

BUCKET = "secrets-1250000000"
SECRET = "veryverysecret" * 3
TOKEN = "tokentokentoken" * 3
MINE = KEYS | {"COSBOX_SECRET_KEY": SECRET}


def config(serving, secret=SECRET, **more):
    return cosbox.CosConfig(
        Endpoint=f"127.0.0.1:{serving.port}",
        SecretId=KEYS["COSBOX_SECRET_ID"],
        SecretKey=secret,
        Token=TOKEN,
        **more,
    )


def busy_day(serving, folder):
    """Calls that work and calls that do not; what the answers and errors said."""
    said = []
    with cosbox.CosS3Client(config(serving), retry=0) as client:
        client.create_bucket(BUCKET)
        client.put_object(BUCKET, bytes(200_000), "k")
        client.get_object(BUCKET, "k")["Body"].read()
        url = client.get_presigned_url(BUCKET, "k", "GET")
        said += [raw(serving, "GET", url.partition(str(serving.port))[2])]
        said += [raw(serving, "DELETE", url.partition(str(serving.port))[2])]
        for call in (
            lambda: client.get_object(BUCKET, "missing"),
            lambda: client.put_bucket_acl(BUCKET, ACL="nonsense"),
            lambda: client.list_objects("missing-1250000000"),
        ):
            with pytest.raises(cosbox.CosException) as told:
                call()
            said += [str(told.value), repr(told.value), repr(told.value.args)]
        said += [repr(client), repr(config(serving))]
        # A fault of the server's own, with its story in the log.
        for path in (folder / "blobs").rglob("*"):
            if path.is_file():
                path.unlink()
        with pytest.raises(cosbox.CosException) as told:
            client.get_object(BUCKET, "k")
        said += [str(told.value)]
    with cosbox.CosS3Client(config(serving, "wrong" + SECRET), retry=0) as liar:
        with pytest.raises(cosbox.AccessDeniedError) as told:
            liar.list_objects(BUCKET)
        said += [str(told.value), told.value.get_origin_msg()]
    for line in ("GET / HTTP/1.1\r\nHost: h\r\nAuthorization: " + "q" * 70_000, "nonsense"):
        said.append(raw_bytes(serving, line.encode() + b"\r\n\r\n"))
    return said


def raw(serving, method, target):
    return raw_bytes(serving, f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())


def raw_bytes(serving, data):
    connection = serving.connection()
    connection.connect()
    talk = Client(connection.sock)
    try:
        talk.send(data)
        return talk.reply().body.decode()
    finally:
        talk.file.close()
        connection.close()


def signatures(text):
    """Signatures in a text, however they were sent."""
    import re

    return re.findall(r"q-signature=[0-9a-f]{8}", text)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_log_and_no_answer_holds_a_secret(tmp_path, caplog, workers):
    folder = tmp_path / "store"
    options = ("--log-level", "debug", "--access-log", "--workers", workers)
    with Serving(folder, *options, keys=MINE) as serving:
        with caplog.at_level(logging.DEBUG):
            said = busy_day(serving, folder)
        status, out, log = serving.end()
    assert status == 0
    assert "Traceback" in log
    assert f'"GET /{BUCKET}/k"' in log
    assert f"PUT 127.0.0.1:{serving.port}/{BUCKET}/k" in caplog.text
    for text in (out, log, caplog.text, *said):
        assert SECRET not in text
        assert TOKEN not in text
        assert not signatures(text)


def test_reprs_show_no_secret():
    pair = KeyPair("AKIDx", SECRET, "1250000000", 0)
    assert SECRET not in f"{pair!r} {pair}"
    credential = Credential("AKIDx", SECRET, TOKEN)
    assert SECRET not in f"{credential!r} {credential}"
    assert TOKEN not in repr(credential)


def modes(folder):
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in [folder, *folder.rglob("*")]
    }


def test_nobody_else_can_read_a_store(tmp_path):
    """Whatever the umask says."""
    folder = tmp_path / "parent" / "store"
    before = os.umask(0)
    try:
        with Serving(folder, "--workers", "2", keys=MINE) as serving:
            with cosbox.CosS3Client(config(serving)) as client:
                client.create_bucket(BUCKET)
                client.put_object(BUCKET, bytes(200_000), "k")
            subprocess.run(
                [sys.executable, "-m", "cosbox.cli.main", "clock", str(folder), "--move", "1h"],
                check=True,
                capture_output=True,
            )
            found = modes(folder)
            serving.end()
    finally:
        os.umask(before)
    assert {"records.db", "records.db-wal", "clock.json", "reserve"} <= found.keys()
    for name, mode in (found | modes(folder)).items():
        assert mode & 0o077 == 0, f"{name} has {mode:o}"


def test_a_store_that_others_can_read_is_warned_of(tmp_path):
    folder = tmp_path / "store"
    with Serving(folder) as serving:
        serving.end()
    (folder / "records.db").chmod(0o644)
    with Serving(folder) as serving:
        assert serving.end() == (0, "", "")
    folder.chmod(0o755)
    with Serving(folder) as serving:
        status, _, err = serving.end()
        assert status == 0
        assert "others may read the secrets" in err
        assert f"run: chmod -R go= {folder}\n" in err


def test_signatures_are_compared_in_constant_time():
    """As far as can be tested without a stopwatch: by what compares them."""
    import ast
    import inspect

    from cosbox.protocol import signing

    nodes = list(ast.walk(ast.parse(inspect.getsource(signing._matches))))
    calls = [node.attr for node in nodes if isinstance(node, ast.Attribute)]
    assert "compare_digest" in calls
    assert not any(isinstance(node, ast.Compare) for node in nodes)

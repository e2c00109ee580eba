"""``cosbox user``, beside a server that has the store open."""

import re
import subprocess
import sys

import pytest

import cosbox
from support.serving import KEYS, Serving


def user(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "cosbox.cli.main", "user", *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip


def values(text):
    return dict(line.split(None, 1) for line in text.splitlines())


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    folder = tmp_path_factory.mktemp("users") / "store"
    with Serving(folder) as serving:
        serving.folder = folder
        yield serving


def client_of(serving, made):
    conf = cosbox.CosConfig(
        Endpoint=f"127.0.0.1:{serving.port}",
        SecretId=made["SecretId"], SecretKey=made["SecretKey"],
    )  # fmt: skip
    return cosbox.CosS3Client(conf)


def test_a_new_account_signs_and_owns_its_buckets(serving):
    made = values(user("add", serving.folder, "--name", "second").stdout)

    assert re.fullmatch(r"AKID\w{32}", made["SecretId"])
    with client_of(serving, made) as client:
        client.create_bucket(Bucket=f"mine-{made['APPID']}")
        with pytest.raises(cosbox.AccessDeniedError):
            client.create_bucket(Bucket=f"theirs-{KEYS['COSBOX_APPID']}")


def test_a_key_that_is_taken_away_is_refused_at_once(serving):
    appid = values(user("add", serving.folder).stdout)["APPID"]
    made = values(user("add-key", serving.folder, appid).stdout)
    with client_of(serving, made) as client:
        client.list_buckets()
        assert user("remove-key", serving.folder, made["SecretId"]).returncode == 0
        with pytest.raises(cosbox.AccessDeniedError, match="InvalidAccessKeyId"):
            client.list_buckets()


def test_list_shows_no_secret(serving):
    made = values(user("add", serving.folder, "--appid", "1300000000", "--name", "third").stdout)

    shown = user("list", serving.folder).stdout

    assert "1300000000" in shown
    assert "third" in shown
    assert made["SecretId"] in shown
    assert made["SecretKey"] not in shown
    assert KEYS["COSBOX_SECRET_KEY"] not in shown


def test_an_account_with_buckets_stays(serving):
    made = values(user("add", serving.folder).stdout)
    with client_of(serving, made) as client:
        bucket = f"kept-{made['APPID']}"
        client.create_bucket(Bucket=bucket)
        refused = user("remove", serving.folder, made["APPID"])
        assert (refused.returncode, refused.stderr) == (
            1, f"cosbox: the account {made['APPID']} owns buckets, {bucket} among them\n",
        )  # fmt: skip
        client.delete_bucket(Bucket=bucket)
    assert user("remove", serving.folder, made["APPID"]).returncode == 0
    assert made["APPID"] not in user("list", serving.folder).stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("add", "{}", "--appid", "12a"), "APPID must be digits"),
        (("add", "{}", "--appid", KEYS["COSBOX_APPID"]), "already"),
        (("add-key", "{}", "999"), "no account"),
        (("remove-key", "{}", "nobody"), "no key pair"),
        (("list", "{}/nowhere"), "no store"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(serving, arguments, why):
    done = user(*(argument.format(serving.folder) for argument in arguments))

    assert done.returncode == 1
    assert why in done.stderr
    assert done.stderr.count("\n") == 1

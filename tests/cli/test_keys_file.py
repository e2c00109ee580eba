"""Where keys come from."""

import pytest

from cosbox.cli.failure import CommandError
from cosbox.cli.keys import Keys, find_keys, read_keys, settle_keys
from cosbox.storage.folder import open_folder

PAIR = Keys("AKIDx", "secretsecret", "1250000001")


def write(path, text, mode=0o600):
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    "text",
    [
        '{"SecretId": "AKIDx", "SecretKey": "secretsecret", "APPID": 1250000001}',
        "SecretId = AKIDx\nSecretKey = secretsecret\nAPPID = 1250000001\n",
        "# keys\n[default]\nsecret_id: AKIDx\n\nSECRET_KEY: secretsecret\r\n  appid=1250000001",
    ],
)
def test_forms_of_the_file(tmp_path, text):
    assert read_keys(write(tmp_path / "keys", text)) == PAIR


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{nonsense", "it is no JSON"),
        ("hello", "line 1 is not of the form NAME = VALUE"),
        ("Password = x", "Password is none of SecretId, SecretKey, APPID"),
    ],
)
def test_files_that_make_no_sense(tmp_path, text, why):
    with pytest.raises(CommandError, match=why) as caught:
        read_keys(write(tmp_path / "keys", text))
    assert caught.value.status == 2


def test_a_file_that_everybody_can_read_is_refused(tmp_path):
    path = write(tmp_path / "keys", "SecretId = x", 0o644)
    with pytest.raises(CommandError, match="chmod 600"):
        read_keys(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        read_keys(tmp_path / "keys")


def test_half_a_pair_is_refused(tmp_path):
    with pytest.raises(CommandError, match="both a SecretId and a SecretKey"):
        find_keys(None, {"COSBOX_SECRET_ID": "x"})
    with pytest.raises(CommandError, match="both a SecretId and a SecretKey"):
        find_keys(str(write(tmp_path / "keys", "SecretKey = x")), {})


def test_the_file_goes_before_the_environment(tmp_path):
    path = write(tmp_path / "keys", "SecretId = AKIDx\nSecretKey = secretsecret\nAPPID=1250000001")
    environment = {"COSBOX_SECRET_ID": "a", "COSBOX_SECRET_KEY": "b", "COSBOX_APPID": "1"}
    assert find_keys(str(path), environment) == PAIR
    assert find_keys(None, environment) == Keys("a", "b", "1")
    assert find_keys(None, {}) is None


def test_no_secret_in_a_repr():
    assert "secretsecret" not in repr(PAIR)


def test_keys_are_kept_by_the_store(tmp_path):
    for pair in (PAIR, PAIR, PAIR._replace(secret_key="othersecret")):
        settle_keys(tmp_path / "data", pair)
        with open_folder(tmp_path / "data") as store, store.records.read() as snapshot:
            assert snapshot.key_pair("AKIDx").secret_key == pair.secret_key
            assert len(snapshot.key_pairs("1250000001")) == 1


def test_keys_that_cannot_be(tmp_path):
    with pytest.raises(CommandError, match="8 to 128"):
        settle_keys(tmp_path / "data", PAIR._replace(secret_key="short"))

"""The keys with which a served store can be used: given in a file or the environment, or made."""

import json
import os
import re
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cosbox.cli.failure import CommandError

_NAMES = {"secretid": "secret_id", "secretkey": "secret_key", "appid": "appid"}
_LINE = re.compile(r"\s*([A-Za-z_]+)\s*[:=]\s*(.*?)\s*")


class Keys(NamedTuple):
    """A key pair and the account it belongs to; "" is not given. Its repr shows no secret."""

    secret_id: str = ""
    secret_key: str = ""
    appid: str = ""

    def __repr__(self) -> str:
        return f"Keys(secret_id={self.secret_id!r}, appid={self.appid!r})"


def find_keys(path: str | None, environment: Mapping[str, str]) -> Keys | None:
    """The keys in a file, if one is named, or in the environment; None if in neither.

    Raises:
        CommandError: they cannot be read, or one half of the pair is missing.
    """
    if path is not None:
        keys, where = read_keys(Path(path)), path
    else:
        keys = Keys(
            environment.get("COSBOX_SECRET_ID", ""),
            environment.get("COSBOX_SECRET_KEY", ""),
            environment.get("COSBOX_APPID", ""),
        )
        where = "the environment (COSBOX_SECRET_ID, COSBOX_SECRET_KEY)"
        if keys == Keys():
            return None
    if not (keys.secret_id and keys.secret_key):
        raise CommandError(f"{where} must give both a SecretId and a SecretKey", status=2)
    return keys


def read_keys(path: Path) -> Keys:
    """The keys in a file: a JSON object, or lines of ``SecretId = …``.

    Raises:
        CommandError: there is no such file, everybody may read it, or it is neither.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise CommandError(f"cannot read the keys in {path}: {reason}", status=2) from error
    if sys.platform != "win32" and mode & stat.S_IROTH:
        raise CommandError(f"everybody can read {path}; run: chmod 600 {path}", status=2)
    try:
        return Keys(**_fields(text))
    except ValueError as error:
        raise CommandError(f"cannot make sense of {path}: {error}", status=2) from error


def _fields(text: str) -> dict[str, str]:
    if text.lstrip().startswith("{"):
        try:
            pairs = list(json.loads(text).items())
        except ValueError as error:
            raise ValueError("it is no JSON") from error
    else:
        pairs = []
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip() and line.lstrip()[0] not in "#;[":
                match = _LINE.fullmatch(line)
                if match is None:
                    raise ValueError(f"line {number} is not of the form NAME = VALUE")
                pairs.append((match[1], match[2]))
    found = {}
    for name, value in pairs:
        field = _NAMES.get(str(name).replace("_", "").lower())
        if field is None:
            raise ValueError(f"{name} is none of SecretId, SecretKey, APPID")
        found[field] = str(value)
    return found


def settle_keys(folder: str | os.PathLike[str], keys: Keys | None) -> None:
    """Make sure that the store knows the keys. Where none are given and nobody could sign, a pair
    is made and shown, this once, on stderr.

    Raises:
        CommandError: the store cannot be opened, or the keys cannot be used.
    """
    from cosbox.service import accounts  # noqa: PLC0415 - quick start
    from cosbox.service.clock import SystemClock  # noqa: PLC0415 - quick start
    from cosbox.storage.errors import StorageError  # noqa: PLC0415 - quick start
    from cosbox.storage.folder import open_folder  # noqa: PLC0415 - quick start
    from cosbox.storage.records import Transaction  # noqa: PLC0415 - quick start
    from cosbox.storage.rows import KeyPair  # noqa: PLC0415 - quick start

    now = SystemClock().now()

    def settle(txn: Transaction) -> KeyPair | None:
        if keys is not None:
            accounts.ensure_key_pair(txn, now=now, **keys._asdict())
            return None
        if accounts.has_keys(txn):
            return None
        account = accounts.ensure_account(txn, now=now)
        return accounts.create_key_pair(txn, account.appid, now=now)

    try:
        with open_folder(folder) as store:
            made = store.records.write(settle).result()
    except (StorageError, accounts.AccountError) as error:
        raise CommandError(str(error)) from error
    if made is not None:
        print(
            f"cosbox: this store had no keys, so a pair was made. It is shown this once:\n"
            f"  SecretId:  {made.secret_id}\n"
            f"  SecretKey: {made.secret_key}\n"
            f"  APPID:     {made.appid}",
            file=sys.stderr,
            flush=True,
        )

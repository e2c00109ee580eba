"""Accounts and the key pairs with which they sign.

An account has an APPID (which ends the names of its buckets), a UIN (by which access lists name
it) and any number of key pairs.
"""

import re
import secrets
import string
from typing import Final

from cosbox.storage.records import Snapshot, Transaction
from cosbox.storage.rows import Account, KeyPair

FIRST_APPID: Final = 1_250_000_000
FIRST_UIN: Final = 100_000_000_001

_ALPHABET: Final = string.ascii_letters + string.digits
_APPID = re.compile(r"[0-9]{1,20}", re.ASCII)
_SECRET_ID = re.compile(r"[\x21-\x7e]{1,128}")
_SECRET_KEY = re.compile(r"[\x21-\x7e]{8,128}")


class AccountError(ValueError):
    """An account or key pair cannot be what it was asked to be."""


def new_secret_id() -> str:
    """A SecretId of the form that COS gives out: AKID and 32 characters."""
    return "AKID" + "".join(secrets.choice(_ALPHABET) for _ in range(32))


def new_secret_key() -> str:
    """A SecretKey: 32 characters, 190 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(32))


def create_account(
    txn: Transaction, *, now: int, appid: str = "", uin: str = "", name: str = ""
) -> Account:
    """Add an account; an APPID and a UIN that are not given are the next free ones.

    Raises:
        AccountError: the APPID or UIN is taken, or is no number.
    """
    accounts = txn.accounts()
    appid = appid or str(max([FIRST_APPID - 1, *(int(each.appid) for each in accounts)]) + 1)
    uin = uin or str(max([FIRST_UIN - 1, *(int(each.uin) for each in accounts)]) + 1)
    for what, text in (("APPID", appid), ("UIN", uin)):
        if not _APPID.fullmatch(text):
            raise AccountError(f"{what} must be digits, 20 at the most, not {text!r}")
    if txn.account(appid):
        raise AccountError(f"there is an account with the APPID {appid} already")
    if txn.account_by_uin(uin):
        raise AccountError(f"there is an account with the UIN {uin} already")
    account = Account(appid, uin, name or appid, now)
    txn.put_account(account)
    return account


def create_key_pair(
    txn: Transaction, appid: str, *, now: int, secret_id: str = "", secret_key: str = ""
) -> KeyPair:
    """Give an account a key pair; what is not given is made up.

    Raises:
        AccountError: no such account, or the SecretId is another account's, or one of the two is
            empty, too short (a SecretKey has 8 characters at least), or not printable ASCII.
    """
    if not txn.account(appid):
        raise AccountError(f"there is no account with the APPID {appid}")
    pair = KeyPair(secret_id or new_secret_id(), secret_key or new_secret_key(), appid, now)
    if not _SECRET_ID.fullmatch(pair.secret_id):
        raise AccountError("a SecretId is 1 to 128 printable ASCII characters without blanks")
    if not _SECRET_KEY.fullmatch(pair.secret_key):
        raise AccountError("a SecretKey is 8 to 128 printable ASCII characters without blanks")
    taken = txn.key_pair(pair.secret_id)
    if taken and taken.appid != appid:
        raise AccountError(f"the SecretId {pair.secret_id} belongs to another account")
    txn.put_key_pair(pair)
    return pair


def ensure_account(txn: Transaction, *, now: int, appid: str = "") -> Account:
    """The account with this APPID, made if need be; without one, the store's first account.

    Raises:
        AccountError: the APPID is no number.
    """
    accounts = txn.accounts()
    known = txn.account(appid) if appid else (accounts[0] if accounts else None)
    return known or create_account(txn, now=now, appid=appid)


def ensure_key_pair(
    txn: Transaction, *, now: int, appid: str = "", secret_id: str, secret_key: str
) -> tuple[Account, KeyPair]:
    """The account (as `ensure_account` finds it) with this key pair, made or renewed if need be.

    Raises:
        AccountError: as `create_account` and `create_key_pair` raise it.
    """
    account = ensure_account(txn, now=now, appid=appid)
    known = txn.key_pair(secret_id)
    if known and known.appid == account.appid and known.secret_key == secret_key:
        return account, known
    return account, create_key_pair(
        txn, account.appid, now=now, secret_id=secret_id, secret_key=secret_key
    )


def remove_account(txn: Transaction, appid: str) -> None:
    """Remove an account and its key pairs.

    Raises:
        AccountError: there is none, or it owns buckets.
    """
    if not txn.account(appid):
        raise AccountError(f"there is no account with the APPID {appid}")
    owned = txn.buckets(appid, "", 1)
    if owned:
        raise AccountError(f"the account {appid} owns buckets, {owned[0].name} among them")
    txn.delete_account(appid)


def remove_key_pair(txn: Transaction, secret_id: str) -> None:
    """Take a key pair away; requests signed with it are refused from then on.

    Raises:
        AccountError: there is none.
    """
    if not txn.key_pair(secret_id):
        raise AccountError(f"there is no key pair with the SecretId {secret_id}")
    txn.delete_key_pair(secret_id)


def has_keys(snapshot: Snapshot) -> bool:
    """Whether anybody can sign at all; a new store has no account."""
    return any(snapshot.key_pairs(account.appid) for account in snapshot.accounts())

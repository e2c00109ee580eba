"""``cosbox user``: the accounts of a store, and the key pairs with which they sign."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from cosbox.cli.failure import CommandError

if TYPE_CHECKING:
    from cosbox.storage.records import Transaction

T = TypeVar("T")

_EPILOG = """\
An account owns the buckets whose names end in its APPID. A secret is shown once, when it is made.
Servers that have the store open know of every change at once.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of the command line."""
    parser = subparsers.add_parser(
        "user",
        help="manage the accounts of a store and their keys",
        description="Manage the accounts of a store and their keys.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    _action(actions, "list", _list, "show the accounts and the SecretIds of their keys")
    add = _action(actions, "add", _add, "make an account and a key pair for it")
    add.add_argument("--appid", default="", help="the next free one otherwise")
    add.add_argument("--uin", default="", help="the next free one otherwise")
    add.add_argument("--name", default="", help="for people")
    remove = _action(actions, "remove", _remove, "remove an account that owns no buckets")
    remove.add_argument("appid", metavar="APPID")
    key = _action(actions, "add-key", _add_key, "give an account another key pair")
    key.add_argument("appid", metavar="APPID")
    gone = _action(actions, "remove-key", _remove_key, "take a key pair away")
    gone.add_argument("secret_id", metavar="SECRET_ID")


def _action(
    actions: Any, name: str, run: Callable[[argparse.Namespace], int], about: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=about, description=about)
    parser.add_argument("folder", metavar="DIR", help="where the store is kept")
    parser.set_defaults(run=run)
    return parser


def _change(folder: str, change: Callable[["Transaction", int], T]) -> T:
    """Run a change on a store.

    Raises:
        CommandError: there is no store, or it refuses.
    """
    from cosbox.service.accounts import AccountError  # noqa: PLC0415 - loaded when needed
    from cosbox.service.clock import SystemClock  # noqa: PLC0415 - loaded when needed
    from cosbox.storage.errors import StorageError  # noqa: PLC0415 - loaded when needed
    from cosbox.storage.folder import open_folder  # noqa: PLC0415 - loaded when needed

    now = SystemClock().now()
    try:
        with open_folder(folder, create=False) as store:
            return store.records.write(lambda txn: change(txn, now)).result()
    except (AccountError, StorageError) as error:
        raise CommandError(str(error)) from error


def _list(args: argparse.Namespace) -> int:
    def read(txn: "Transaction", _now: int) -> list[str]:
        lines = []
        for account in txn.accounts():
            lines.append(f"{account.appid}  uin {account.uin}  {account.name}")
            lines += [f"    {pair.secret_id}" for pair in txn.key_pairs(account.appid)]
        return lines

    for line in _change(args.folder, read) or ["there are no accounts"]:
        print(line)
    return 0


def _add(args: argparse.Namespace) -> int:
    from cosbox.service import accounts  # noqa: PLC0415 - loaded when needed

    def add(txn: "Transaction", now: int) -> tuple[Any, Any]:
        account = accounts.create_account(
            txn, now=now, appid=args.appid, uin=args.uin, name=args.name
        )
        return account, accounts.create_key_pair(txn, account.appid, now=now)

    account, pair = _change(args.folder, add)
    print(f"APPID      {account.appid}")
    print(f"UIN        {account.uin}")
    _show(pair)
    return 0


def _add_key(args: argparse.Namespace) -> int:
    from cosbox.service import accounts  # noqa: PLC0415 - loaded when needed

    _show(_change(args.folder, lambda txn, now: accounts.create_key_pair(txn, args.appid, now=now)))
    return 0


def _show(pair: Any) -> None:
    print(f"SecretId   {pair.secret_id}")
    print(f"SecretKey  {pair.secret_key}")


def _remove(args: argparse.Namespace) -> int:
    from cosbox.service import accounts  # noqa: PLC0415 - loaded when needed

    _change(args.folder, lambda txn, _now: accounts.remove_account(txn, args.appid))
    return 0


def _remove_key(args: argparse.Namespace) -> int:
    from cosbox.service import accounts  # noqa: PLC0415 - loaded when needed

    _change(args.folder, lambda txn, _now: accounts.remove_key_pair(txn, args.secret_id))
    return 0

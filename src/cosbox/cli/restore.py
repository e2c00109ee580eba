"""``cosbox restore``: a store made of a snapshot."""

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cosbox.cli.backup import copying, human
from cosbox.cli.failure import CommandError
from cosbox.cli.progress import shown

if TYPE_CHECKING:
    from cosbox.service.upkeep.vault import Snapshot

_EPILOG = """\
DIR is made, or is empty. Every body is compared with its checksum. When this is interrupted, run it
again, and it goes on; DIR is no store until all is in it.

Exit status: 0 done, 1 failed, or something in the backup is damaged and missing from the store.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of the command line."""
    parser = subparsers.add_parser(
        "restore",
        help="make a store of a backup",
        description="Make a store of a snapshot that `cosbox backup` took.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("target", metavar="TARGET", help="the folder of the backups")
    parser.add_argument("folder", metavar="DIR", nargs="?", help="where the store will be")
    parser.add_argument("--list", action="store_true", help="say which snapshots there are")
    parser.add_argument("--snapshot", type=int, metavar="N", help="which one (the last)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Restore, or list what can be.

    Raises:
        CommandError: it could not be done, or not all of it.
    """
    from cosbox.service.upkeep import restore  # noqa: PLC0415 - loaded when needed
    from cosbox.storage.errors import StorageError  # noqa: PLC0415 - loaded when needed

    if args.list == (args.folder is not None):
        raise CommandError("name either DIR, to restore to, or --list", status=2)
    try:
        if args.list:
            for snapshot in restore.list_snapshots(args.target):
                print(_line(snapshot))
            return 0
        with shown(copying) as show:
            done = restore.restore(args.target, args.folder, number=args.snapshot, progress=show)
    except StorageError as error:
        raise CommandError(str(error)) from error
    except KeyboardInterrupt as interrupt:
        message = f"interrupted; {args.folder} is no store yet. Run it again, and it goes on"
        raise CommandError(message, status=130) from interrupt
    print(f"cosbox: {args.folder} is a store, as of snapshot {_line(done.snapshot)}")
    if done.damaged:
        raise CommandError(
            f"but {len(done.damaged)} bodies are damaged or missing in {args.target}; which objects"
            f" cannot be read says: cosbox fsck {args.folder}"
        )
    return 0


def _line(snapshot: "Snapshot") -> str:
    taken = datetime.fromtimestamp(snapshot.taken / 1e6, UTC)
    text = (
        f"{snapshot.number}, taken {taken:%Y-%m-%d %H:%M:%S} UTC:"
        f" {snapshot.files} files ({human(snapshot.bytes)}), records {human(snapshot.records_size)}"
    )
    return f"{text}, {len(snapshot.damaged)} bodies damaged" if snapshot.damaged else text

"""``cosbox backup``: a snapshot of a store, beside earlier ones."""

import argparse
from typing import TYPE_CHECKING, Any

from cosbox.cli.failure import CommandError
from cosbox.cli.progress import shown

if TYPE_CHECKING:
    from cosbox.service.upkeep.backup import BackedUp
    from cosbox.service.upkeep.copier import Copied

_EPILOG = """\
The store may be served and written to meanwhile: what is backed up is the store at one moment.
TARGET is a folder of its own, elsewhere, which is made if need be. Bodies that are there already
are not copied again. It holds the keys of all users, and is readable for its owner alone.

Whenever this is interrupted, the snapshots of before are still there; run it again, and it goes on.
`cosbox restore TARGET NEWDIR` makes a store of a snapshot again.

Exit status: 0 done, 1 failed, or something in the store is damaged and missing from the snapshot.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of the command line."""
    parser = subparsers.add_parser(
        "backup",
        help="back a store up, also while it is served",
        description="Take a snapshot of a store in a folder of its backups.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", metavar="DIR", help="where the store is kept")
    parser.add_argument("target", metavar="TARGET", help="the folder of its backups")
    parser.add_argument(
        "--keep", type=_count, default=3, metavar="N", help="snapshots to keep (%(default)s)"
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="read what is in TARGET already, and copy anew what is damaged there",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Take a snapshot, and say what was copied.

    Raises:
        CommandError: it could not be taken.
    """
    from cosbox.service.upkeep.backup import back_up  # noqa: PLC0415 - loaded when needed
    from cosbox.storage.errors import StorageError  # noqa: PLC0415 - loaded when needed

    try:
        with shown(copying) as show:
            done = back_up(
                args.folder, args.target, keep=args.keep, verify=args.verify, progress=show
            )
    except StorageError as error:
        raise CommandError(str(error)) from error
    except KeyboardInterrupt as interrupt:
        message = "interrupted; earlier snapshots are as they were, and the next goes on"
        raise CommandError(message, status=130) from interrupt
    print(f"cosbox: snapshot {done.snapshot.number} is in {args.target}: {_told(done)}")
    if done.snapshot.damaged:
        raise CommandError(
            f"but {len(done.snapshot.damaged)} bodies in {args.folder} are damaged or gone, and"
            f" {args.target} has them not; which objects those are says: cosbox fsck {args.folder}"
        )
    return 0


def _told(done: "BackedUp") -> str:
    return (
        f"{done.copied} files ({human(done.copied_bytes)}) copied, {done.there} there already,"
        f" {done.removed} removed; records {human(done.snapshot.records_size)}"
    )


def copying(copied: "Copied") -> str:
    """How far the copying is."""
    return f"{copied.files} files ({human(copied.bytes)}) copied, {copied.there} there already"


def human(size: int) -> str:
    """A number of bytes for people.

    >>> human(999), human(2_500_000), human(5 * 10**12)
    ('999 B', '2.5 MB', '5.0 TB')
    """
    if size < 1000:
        return f"{size} B"
    amount, unit = float(size), 0
    while amount >= 999.95 and unit < 5:
        amount /= 1000
        unit += 1
    return f"{amount:.1f} {'BkMGTP'[unit]}B"


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number

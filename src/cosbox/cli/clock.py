"""``cosbox clock``: what time it is in a store, and travelling in it.

An archived object takes hours to be restored, and its restored copy days to go away. Whoever wants
to see that moves the store's clock.
"""

import argparse
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cosbox.cli.failure import CommandError

_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_SPAN = re.compile(r"([+-]?)(\d{1,6})([dhms])", re.ASCII)
_BACK = re.compile(r"-\d+[dhms]?$", re.ASCII)

_EPILOG = """\
Without an option it says what time it is in the store, and how far that is from the machine's
clock. Servers and clients that have the store open follow within a moment. Signatures are always
judged by the machine's clock, and versions stay in order when the clock goes back.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of the command line."""
    parser = subparsers.add_parser(
        "clock",
        help="show or move the clock of a store",
        description="Show or move the clock of a store, so that days pass in a moment.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    # argparse takes -30m for an option unless it looks like a number.
    parser._negative_number_matcher = _BACK  # noqa: SLF001 - there is no public way
    parser.add_argument("folder", metavar="DIR", help="where the store is kept")
    change = parser.add_mutually_exclusive_group()
    change.add_argument(
        "--move", type=_span, metavar="SPAN", help="forward by 5h, 2d, 90s; or back by -30m"
    )
    change.add_argument("--reset", action="store_true", help="back to the machine's clock")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Do it, and say what time it is then.

    Raises:
        CommandError: there is no store, or its clock cannot be read or written.
    """
    from cosbox.service.clock import FolderClock  # noqa: PLC0415 - loaded when needed
    from cosbox.storage.errors import StorageError  # noqa: PLC0415 - loaded when needed
    from cosbox.storage.folder import open_folder  # noqa: PLC0415 - loaded when needed

    try:
        open_folder(args.folder, create=False).close()
        clock = FolderClock(args.folder)
        if args.reset:
            clock.reset()
        elif args.move is not None:
            clock.move(args.move)
        offset = clock.offset()
        now = datetime.now(UTC) + offset
    except (StorageError, OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise CommandError(f"cannot tell or set the clock of {args.folder}: {error}") from error
    print(f"{now:%Y-%m-%dT%H:%M:%SZ} {_told(offset)}")
    return 0


def _span(text: str) -> timedelta:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no span such as 5h, 2d, 90s or -30m")
    sign, number, unit = match.groups()
    span = timedelta(**{_UNITS[unit]: int(number)})
    return -span if sign == "-" else span


def _told(offset: timedelta) -> str:
    if not offset:
        return "(the machine's clock)"
    return (
        f"({abs(offset)} {'ahead of' if offset > timedelta(0) else 'behind'} the machine's clock)"
    )

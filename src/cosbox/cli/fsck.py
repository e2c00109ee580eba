"""``cosbox fsck``: is everything in a store there, and as it was written?"""

import argparse
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cosbox.cli.failure import CommandError
from cosbox.cli.progress import shown

if TYPE_CHECKING:
    from cosbox.service.upkeep.report import Report, Tally
    from cosbox.service.upkeep.scrub_state import Pass

_EPILOG = """\
The store may be served and written to meanwhile. Every problem is a line on stdout, with the
bucket, key, version and blob in question, and a summary ends it.

Exit status: 0 no problem (left, with --repair), 1 problems, 2 the store cannot be checked.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of the command line."""
    parser = subparsers.add_parser(
        "fsck",
        help="check that a store is whole",
        description="Check that everything in a store is there, and as it was written.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", metavar="DIR", help="where the store is kept")
    parser.add_argument(
        "--fast", action="store_true", help="do not read what is stored; compare records and sizes"
    )
    parser.add_argument(
        "--repair", action="store_true", help="mend what can be mended without taking anything away"
    )
    parser.add_argument("--json", action="store_true", help="write the report as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check; the exit status says what came of it.

    Raises:
        CommandError: the store cannot be checked.
    """
    from cosbox.service.upkeep.fsck import check  # noqa: PLC0415 - loaded when needed
    from cosbox.service.upkeep.repair import repair  # noqa: PLC0415 - loaded when needed
    from cosbox.storage.errors import StorageError  # noqa: PLC0415 - loaded when needed

    look = repair if args.repair else check
    try:
        with shown(_told) as show:
            report = look(args.folder, data=not args.fast, progress=show)
    except StorageError as error:
        raise CommandError(f"cannot check {args.folder}: {error}", status=2) from error
    if args.json:
        print(json.dumps(report.to_json(), indent=2))
    else:
        _print(report, repaired=args.repair)
    return 0 if report.clean else 1


def _told(tally: "Tally") -> str:
    return f"{tally.blobs} blobs, {tally.read >> 20} MiB read"


def _print(report: "Report", *, repaired: bool) -> None:
    for line in report.repairs:
        print(f"repaired: {line}")
    for finding in report.findings:
        print(finding)
    tally = report.tally
    print(
        f"{tally.objects} objects, {tally.versions} past versions, {tally.parts} parts, "
        f"{tally.blobs} blobs ({tally.files} files), "
        f"{tally.read} bytes compared with their checksums"
    )
    if not report.complete:
        print("not everything could be looked at")
    if report.scrub is not None:
        print(_scrubbed(report.scrub.current))
    count = len(report.problems)
    left = " left" if repaired else ""
    print(f"{count or 'no'} problem{'s' if count != 1 else ''}{left}")


def _scrubbed(found: "Pass") -> str:
    def moment(seconds: float) -> str:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"

    ended = f"ended {moment(found.ended)}" if found.ended else "is under way"
    return (
        f"scrub: pass {found.number} began {moment(found.began)} and {ended}: {found.blobs} blobs,"
        f" {found.bytes} bytes, {len(found.bad)} of the blobs bad"
    )

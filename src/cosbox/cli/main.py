"""The ``cosbox`` command. Each subcommand is a module of this package, loaded when it is asked
for: ``cosbox --help`` should not wait for a server to be imported."""

import argparse
import sys
from collections.abc import Sequence

from cosbox._version import __version__
from cosbox.cli import backup, clock, fsck, restore, serve, user
from cosbox.cli.failure import CommandError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0 done, 1 failed, 2 wrongly asked for."""
    parser = argparse.ArgumentParser(
        prog="cosbox", description="An object store that speaks Tencent Cloud COS."
    )
    parser.add_argument("--version", action="version", version=f"cosbox {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (serve, user, clock, fsck, backup, restore):
        command.add_parser(subparsers)
    options = parser.parse_args(arguments)
    try:
        status: int = options.run(options)
    except CommandError as error:
        print(f"cosbox: {error}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main())

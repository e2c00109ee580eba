"""``cosbox serve``: a folder as an HTTP server."""

import argparse
import ipaddress
import os
import re
import stat
import sys
from pathlib import Path
from typing import Any

from cosbox.cli.failure import CommandError
from cosbox.cli.keys import find_keys, settle_keys

_RATE = re.compile(r"([0-9]{1,12})([KMG]?)|off", re.ASCII | re.IGNORECASE)

_EPILOG = """\
Keys come from --keys, a file with SecretId, SecretKey and APPID as a JSON object or as lines of
NAME = VALUE, that not everybody may read; or else from COSBOX_SECRET_ID, COSBOX_SECRET_KEY and
COSBOX_APPID; or else, when the store has none yet, a pair is made and shown once on stderr.

With --durability full, nothing that was answered is lost, whatever happens. With process, small
objects and changes are several times faster, and the death of a process loses nothing either; but a
power cut may take the store back to what it was a few seconds before. Nothing is ever damaged.

When it answers requests it writes "cosbox: serving DIR at http://HOST:PORT" to stdout. SIGTERM and
SIGINT (Ctrl-C) let requests under way finish, refuse new ones, and end it with status 0.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of the command line."""
    parser = subparsers.add_parser(
        "serve",
        help="serve a folder as an object store over HTTP",
        description="Serve a folder as an object store over HTTP. The folder is made if needed.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", metavar="DIR", help="where the store is kept")
    parser.add_argument("--host", default="127.0.0.1", help="listen here (%(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="0 takes a free one (%(default)s)")
    parser.add_argument("--workers", type=_count, default=1, help="processes (%(default)s)")
    parser.add_argument("--region", default="local", help="of new buckets (%(default)s)")
    parser.add_argument(
        "--durability",
        choices=["full", "process"],
        default="full",
        help="what an answer outlives; see below (%(default)s)",
    )
    parser.add_argument("--keys", metavar="FILE", help="the keys to accept; see below")
    parser.add_argument(
        "--log-level",
        choices=["critical", "error", "warning", "info", "debug"],
        default="warning",
        help="what to write to stderr (%(default)s)",
    )
    parser.add_argument(
        "--access-log", action="store_true", help="write a line per request to stderr"
    )
    parser.add_argument(
        "--scrub-rate",
        type=_rate,
        default="8M",
        metavar="RATE",
        help="read what is stored again, to find what rots, at so many bytes per second, as in 500K"
        " or 20M; off for not at all (%(default)s)",
    )
    parser.add_argument(
        "--reserve",
        type=_amount,
        default=32,
        metavar="MIB",
        help="kept on the disk, so that deletes work when it is full; 0 for none (%(default)s)",
    )
    parser.add_argument(
        "--abort-uploads-after",
        type=_seconds,
        metavar="DAYS",
        help="give up multipart uploads that got no part for so long (never)",
    )
    limits = parser.add_argument_group("limits", "times in seconds")
    for name, kind, default, text in (
        ("--grace", _count, 30, "for requests under way at the end"),
        ("--header-timeout", _seconds, 20.0, "for a whole header block"),
        ("--idle-timeout", _seconds, 75.0, "for a connection between requests"),
        ("--body-timeout", _seconds, 60.0, "for a body that stands still"),
        ("--write-timeout", _seconds, 60.0, "for an answer that is not read"),
        ("--answer-timeout", _seconds, 300.0, "for the store to begin an answer"),
        ("--min-rate", _amount, 1024, "bytes per second of a body or an answer; 0 for any"),
        ("--max-connections", _count, 4096, "per process"),
        ("--max-requests", _count, 1024, "under way, per process"),
        ("--max-transfers", _count, 512, "large bodies under way, per process"),
        ("--max-header-bytes", _count, 64 * 1024, "per request"),
    ):
        limits.add_argument(
            name, type=kind, default=default, metavar="N", help=f"{text} (%(default)s)"
        )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until a signal ends it.

    Raises:
        CommandError: it cannot.
    """
    try:
        from cosbox.server.http.limits import Limits  # noqa: PLC0415 - loaded when needed
        from cosbox.server.http.options import ServeOptions  # noqa: PLC0415 - loaded when needed
        from cosbox.server.http.runner import serve  # noqa: PLC0415 - loaded when needed
        from cosbox.server.http.supervisor import WorkerFailed  # noqa: PLC0415 - loaded when needed
    except ModuleNotFoundError as error:
        if error.name in {"uvicorn", "httptools", "uvloop"}:
            message = f"the server needs {error.name}: pip install 'cosbox[server]'"
            raise CommandError(message) from error
        raise
    from cosbox.storage.errors import StorageError  # noqa: PLC0415 - loaded when needed

    options = ServeOptions(
        host=args.host,
        port=args.port,
        workers=args.workers,
        region=args.region,
        durability=args.durability,
        grace=args.grace,
        log_level=args.log_level,
        access_log=args.access_log,
        scrub_rate=args.scrub_rate,
        reserve=args.reserve * 1024 * 1024,
        abort_uploads_after=_in_seconds(args.abort_uploads_after),
        limits=Limits(
            header_timeout=args.header_timeout,
            idle_timeout=args.idle_timeout,
            body_timeout=args.body_timeout,
            write_timeout=args.write_timeout,
            answer_timeout=args.answer_timeout,
            min_rate=args.min_rate,
            connections=args.max_connections,
            requests=args.max_requests,
            transfers=args.max_transfers,
            header_bytes=args.max_header_bytes,
        ),
    )
    settle_keys(args.folder, find_keys(args.keys, os.environ))
    if _is_open_to_others(args.folder):
        _warn(f"others may read the secrets in {args.folder}; run: chmod -R go= {args.folder}")
    if not _is_loopback(args.host):
        _warn(f"{args.host} can be reached from other machines, and HTTP is not encrypted")
    try:
        serve(args.folder, options)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(f"cannot listen on {args.host}:{args.port}: {reason}") from error
    except (StorageError, WorkerFailed) as error:
        raise CommandError(str(error)) from error
    return 0


def _in_seconds(days: float | None) -> float | None:
    return None if days is None else days * 86_400


def _warn(text: str) -> None:
    print(f"cosbox: warning: {text}", file=sys.stderr, flush=True)


def _is_open_to_others(folder: str) -> bool:
    """Whether a copy, say, has lost what keeps others from the records."""
    from cosbox.storage.folder import DATABASE  # noqa: PLC0415 - loaded when needed

    others = stat.S_IRWXG | stat.S_IRWXO
    path = Path(folder)
    return sys.platform != "win32" and all(
        each.stat().st_mode & others for each in (path, path / DATABASE)
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return port


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _rate(text: str) -> int:
    match = _RATE.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a rate such as 500K or 20M nor off")
    number, unit = match.groups()
    return int(number) << 10 * " KMG".index(unit.upper() or " ") if number else 0


def _amount(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return number


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < 1e9:
        raise argparse.ArgumentTypeError("must be more than 0")
    return seconds

"""The text of a checkpoint: what is being moved, and which parts are done.

One JSON document a line, only ever added to: a header, then a line for each part that is done; a
second header ends what the first began. A process may be killed while it writes, so the last line
counts only if it is whole; a line that is lost costs the work of one part and nothing else.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from cosbox.transfer.ledger import Done

_VERSION: Final = 1


class Journal(NamedTuple):
    """A journal that was read.

    Attributes:
        header: what is being moved.
        done: the parts, by number.
    """

    header: Mapping[str, Any]
    done: Mapping[int, Done]


def header_line(fields: Mapping[str, Any]) -> bytes:
    """The line that begins something."""
    return _line({"cosbox-transfer": _VERSION, **fields})


def done_line(number: int, done: Done) -> bytes:
    """The line of a part.

    >>> done_line(3, Done('"abc"', 7))
    b'{"part": 3, "etag": "\\\\"abc\\\\"", "crc64": 7}\\n'
    """
    return _line({"part": number, "etag": done.etag, "crc64": done.crc64})


def read_journal(text: bytes) -> Journal | None:
    """What a journal says; None if it is none, or of another version."""
    header: Mapping[str, Any] | None = None
    done: dict[int, Done] = {}
    for line in text.split(b"\n")[:-1]:
        fields = _fields(line) or {}
        if fields.get("cosbox-transfer") == _VERSION:
            header, done = fields, {}
            continue
        number, etag, crc = fields.get("part"), fields.get("etag"), fields.get("crc64")
        if type(number) is int and isinstance(etag, str) and (crc is None or type(crc) is int):
            done[number] = Done(etag, crc)
    return None if header is None else Journal(header, done)


def _line(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def _fields(line: bytes) -> dict[str, Any] | None:
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None

"""Archived objects: readable only while a restored copy of them lasts."""

import json
from typing import Final

from cosbox.protocol.dates import http_date
from cosbox.protocol.errors import Refusal
from cosbox.storage.rows import Summary, Version

ARCHIVE_CLASSES: Final = frozenset({"ARCHIVE", "DEEP_ARCHIVE"})


def check_readable(version: Version, now: int) -> None:
    """Refuse to read what is archived and not restored.

    Raises:
        Refusal: InvalidObjectState, with the storage class in a header.
    """
    if version.storage_class in ARCHIVE_CLASSES and status(version, now) != "DONE":
        raise Refusal("InvalidObjectState", headers={"x-cos-storage-class": version.storage_class})


def status(version: Version | Summary, now: int) -> str:
    """``ONGOING``, ``DONE``, or ``""`` where nothing is restored (any more)."""
    if not version.restore:
        return ""
    state = json.loads(version.restore)
    if now < state["ready"]:
        return "ONGOING"
    return "DONE" if now < state["expires"] else ""


def headers(version: Version, now: int) -> dict[str, str]:
    """The headers that tell how far the restoring is."""
    state = json.loads(version.restore)
    match status(version, now):
        case "ONGOING":
            asked = http_date(state["asked"] // 1_000_000)
            return {
                "x-cos-restore": 'ongoing-request="true"',
                "x-cos-restore-status": f'tier="{state["tier"]}"; request-date="{asked}"',
            }
        case "DONE":
            expiry = http_date(state["expires"] // 1_000_000)
            return {"x-cos-restore": f'ongoing-request="false", expiry-date="{expiry}"'}
        case _:
            return {}

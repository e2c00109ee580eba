"""Archived objects: readable only while a restored copy of them lasts."""

import json
from collections.abc import Mapping
from typing import Any, Final

from cosbox.protocol.dates import http_date
from cosbox.protocol.errors import Refusal
from cosbox.storage.rows import Summary, Version

MAX_DAYS: Final = 365
DEFAULT_TIER: Final = "Standard"

_SECOND: Final = 1_000_000
_HOUR: Final = 3600 * _SECOND
_DAY: Final = 24 * _HOUR
_BEIJING: Final = 8 * _HOUR

_DURATIONS: Final[Mapping[str, Mapping[str, int]]] = {
    "ARCHIVE": {"Expedited": _HOUR // 12, "Standard": 5 * _HOUR, "Bulk": 12 * _HOUR},
    "DEEP_ARCHIVE": {"Standard": 24 * _HOUR, "Bulk": 48 * _HOUR},
}
"""How long a restore takes: the longest that COS documents for the tier."""

ARCHIVE_CLASSES: Final = frozenset(_DURATIONS)


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
            asked = http_date(state["asked"] // _SECOND)
            return {
                "x-cos-restore": 'ongoing-request="true"',
                "x-cos-restore-status": f'tier="{state["tier"]}"; request-date="{asked}"',
            }
        case "DONE":
            expiry = http_date(state["expires"] // _SECOND)
            return {"x-cos-restore": f'ongoing-request="false", expiry-date="{expiry}"'}
        case _:
            return {}


def restored(version: Version, request: Mapping[str, Any], now: int) -> Version:
    """The version with a restore begun, or, where one is done already, with a new expiry.

    Raises:
        Refusal: RestoreNonArchiveObject, RestoreAlreadyInProgress or InvalidArgument.
    """
    tiers = _DURATIONS.get(version.storage_class)
    if tiers is None:
        raise Refusal("RestoreNonArchiveObject")
    days = request["Days"]
    if not 1 <= days <= MAX_DAYS:
        raise Refusal("InvalidArgument", f"Days must be 1 to {MAX_DAYS}, not {days}.")
    tier = request.get("CASJobParameters", {}).get("Tier", DEFAULT_TIER)
    if tier not in tiers:
        raise Refusal(
            "InvalidArgument",
            f"Tier must be one of {', '.join(tiers)} for {version.storage_class}, not"
            f" {tier[:40]!r}.",
        )
    match status(version, now):
        case "ONGOING":
            raise Refusal("RestoreAlreadyInProgress")
        case "DONE":
            state = json.loads(version.restore)
            state["expires"] = _expiry(now, days)
        case _:
            ready = now + tiers[tier]
            state = {
                "tier": tier.lower(),
                "asked": now,
                "ready": ready,
                "expires": _expiry(ready, days),
            }
    return version._replace(restore=json.dumps(state, separators=(",", ":")))


def _expiry(start: int, days: int) -> int:
    """The first midnight of Beijing after so many days, as COS has it."""
    due = start + days * _DAY + _BEIJING
    return -(-due // _DAY) * _DAY - _BEIJING

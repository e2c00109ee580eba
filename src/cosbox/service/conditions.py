"""Conditional requests: If-Match and its kin.

COS does not document which condition wins; RFC 9110 §13.2.2 does, and S3 follows it: If-Match is
looked at before If-Unmodified-Since and replaces it, If-None-Match likewise replaces
If-Modified-Since. A condition that cannot be read (a date that is none) does not exist.
"""

from collections.abc import Mapping
from typing import NamedTuple

from cosbox.protocol.dates import parse_http_date
from cosbox.protocol.errors import Refusal


class Conditions(NamedTuple):
    """The four conditions as their headers hold them; None where absent."""

    if_match: str | None
    if_none_match: str | None
    if_modified_since: str | None
    if_unmodified_since: str | None

    def hold(self, etag: str, modified: int) -> bool | None:
        """Whether they hold for an object: True, False where a state was required that is not
        (412), None where only something newer was wanted (304).

        Args:
            etag: without quotes.
            modified: microseconds since 1970; conditions see whole seconds.
        """
        seconds = modified // 1_000_000
        if self.if_match is not None:
            if not _names(self.if_match, etag):
                return False
        elif (since := _date(self.if_unmodified_since)) is not None and seconds > since:
            return False
        if self.if_none_match is not None:
            if _names(self.if_none_match, etag):
                return None
        elif (since := _date(self.if_modified_since)) is not None and seconds <= since:
            return None
        return True


def of_read(args: Mapping[str, object]) -> Conditions | None:
    """The conditions of a GET or HEAD, if there are any."""
    return _of(args, "")


def of_copy(args: Mapping[str, object]) -> Conditions | None:
    """The conditions on the source of a copy, if there are any."""
    return _of(args, "CopySource")


def _of(args: Mapping[str, object], prefix: str) -> Conditions | None:
    if not args:
        return None
    values = [
        args.get(f"{prefix}{name}")
        for name in ("IfMatch", "IfNoneMatch", "IfModifiedSince", "IfUnmodifiedSince")
    ]
    if not any(values):
        return None
    return Conditions(*(str(value) if value else None for value in values))


def check_copy(conditions: Conditions | None, etag: str, modified: int) -> None:
    """Refuse a copy whose source is not as required; every failure is a 412.

    Raises:
        Refusal: PreconditionFailed.
    """
    if conditions is not None and conditions.hold(etag, modified) is not True:
        raise Refusal("PreconditionFailed")


def _names(header: str, etag: str) -> bool:
    """Whether a list of ETags names this one (``*`` names all). Quotes may be missing, as in the
    calls of many users; a weak mark is ignored."""
    items = [item.strip().removeprefix("W/").strip('"') for item in header.split(",")]
    return etag in items or "*" in items


def _date(header: str | None) -> int | None:
    return None if header is None else parse_http_date(header)

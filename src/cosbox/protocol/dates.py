"""The three forms in which COS writes a moment.

Headers carry RFC 1123 dates, listings ISO 8601 with milliseconds, copy results ISO 8601 with
seconds. Inside the store a moment is an integer: microseconds since 1970, UTC.
"""

import time
from functools import lru_cache

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=1024)
def http_date(seconds: int) -> str:
    """RFC 1123, as in ``Last-Modified``.

    >>> http_date(1414528200)
    'Tue, 28 Oct 2014 20:30:00 GMT'
    """
    t = time.gmtime(seconds)
    return (
        f"{_DAYS[t.tm_wday]}, {t.tm_mday:02} {_MONTHS[t.tm_mon - 1]} {t.tm_year:04}"
        f" {t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02} GMT"
    )


def parse_http_date(text: str) -> int | None:
    """Seconds since 1970, or None when ``text`` is no date (a header with one is then ignored).

    >>> parse_http_date("Wed, 28 Oct 2014 20:30:00 GMT")
    1414528200
    >>> parse_http_date("yesterday")
    """
    # Loaded here, so that clients do without: they send dates, and read none.
    from datetime import UTC  # noqa: PLC0415
    from email.utils import parsedate_to_datetime  # noqa: PLC0415

    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:  # no zone, or "-0000": HTTP knows no other than GMT
            moment = moment.replace(tzinfo=UTC)
        return int(moment.timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


@lru_cache(maxsize=1024)
def _iso_seconds(seconds: int) -> str:
    t = time.gmtime(seconds)
    return f"{t.tm_year:04}-{t.tm_mon:02}-{t.tm_mday:02}T{t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02}"


def iso_millis(micros: int) -> str:
    """ISO 8601 with milliseconds, as in listings.

    >>> iso_millis(1502185415_000_000)
    '2017-08-08T09:43:35.000Z'
    """
    return f"{_iso_seconds(micros // 1_000_000)}.{micros // 1000 % 1000:03}Z"


def iso_seconds(micros: int) -> str:
    """ISO 8601 with seconds, as in copy results.

    >>> iso_seconds(1586542830_000_000)
    '2020-04-10T18:20:30Z'
    """
    return f"{_iso_seconds(micros // 1_000_000)}Z"

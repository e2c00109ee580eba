"""Moments as COS writes them."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosbox.protocol.dates import http_date, iso_millis, iso_seconds, parse_http_date
from support import strategies as some

seconds = st.integers(0, 4_102_444_800)


@given(moment=seconds)
def test_http_dates(moment: int) -> None:
    text = http_date(moment)
    assert text == format_datetime(datetime.fromtimestamp(moment, UTC), usegmt=True)
    assert parse_http_date(text) == moment


@given(moment=seconds, micros=st.integers(0, 999_999))
def test_iso_dates(moment: int, micros: int) -> None:
    stamp = moment * 1_000_000 + micros
    told = datetime.fromtimestamp(moment, UTC).replace(microsecond=micros)
    assert iso_seconds(stamp) == told.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert iso_millis(stamp) == told.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 -0000",
        "Sun, 06 Nov 1994 10:49:37 +0200",
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai"])
def test_every_form_of_http_means_the_same_wherever_we_are(text, zone, monkeypatch) -> None:
    monkeypatch.setenv("TZ", zone)
    assert parse_http_date(text) == 784111777


@given(
    text=some.texts
    | st.from_regex(r"(Sun, )?[0-9]{1,5} (Nov|Jan) [0-9]{1,25} [0-9:]{1,9} ?[+-]?[0-9G]*")
)
def test_what_is_no_date_is_none(text: str) -> None:
    found = parse_http_date(text)
    assert found is None or isinstance(found, int)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "0", "2014-10-28", "Sun, 99 Nov 1994 08:49:37 GMT"]
)
def test_no_dates(text: str) -> None:
    assert parse_http_date(text) is None

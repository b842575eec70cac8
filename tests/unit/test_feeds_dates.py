from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import DateConfidence
from bot.feeds.dates import read, resolve

NOW = datetime(2026, 11, 25, 19, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "expected", "zoned"),
    [
        ("Wed, 25 Nov 2026 18:54:53 GMT", "2026-11-25T18:54:53", True),
        ("Wed, 25 Nov 2026 18:54:53 +0200", "2026-11-25T16:54:53", True),
        ("Wed, 25 Nov 2026 18:54:53 CEST", "2026-11-25T16:54:53", True),
        ("Wed, 25 Nov 2026 18:54:53 IST", "2026-11-25T13:24:53", True),
        ("Wed, 25 Nov 2026 18:54:53 MSK", "2026-11-25T15:54:53", True),
        ("Wed, 25 Nov 2026 18:54:53 GMT+0300 (MSK)", "2026-11-25T15:54:53", True),
        ("25 Nov 26 18:54 EST", "2026-11-25T23:54:00", True),
        ("Wednesday, 25-Nov-26 18:54:53 GMT", "2026-11-25T18:54:53", True),
        ("Wed Nov 25 18:54:53 UTC 2026", "2026-11-25T18:54:53", True),
        ("2026-11-25T18:54:53Z", "2026-11-25T18:54:53", True),
        ("2026-11-25T18:54:53.123+01:00", "2026-11-25T17:54:53.123", True),
        ("20261125T185453Z", "2026-11-25T18:54:53", True),
        ("2026-11-25 18:54", "2026-11-25T18:54:00", False),
        ("2026-11-25", "2026-11-25T00:00:00", False),
        ("2026-11", "2026-11-01T00:00:00", False),
        ("25.11.2026 18:54", "2026-11-25T18:54:00", False),
        ("November 25th, 2026 at 5:30 pm", "2026-11-25T17:30:00", False),
        ("1764090000", "2025-11-25T17:00:00", True),
        ("1764090000000", "2025-11-25T17:00:00", True),
        ("Tue, 31 Dec 2024 24:00:00 GMT", "2025-01-01T00:00:00", True),
        ("Sat, 31 Dec 2016 23:59:60 GMT", "2016-12-31T23:59:59", True),
    ],
)
def test_dates_are_read_with_their_zones(raw, expected, zoned):
    assert read(raw) == (datetime.fromisoformat(expected).replace(tzinfo=UTC), zoned)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "yesterday",
        "2026-13-01",
        "2026-02-30",
        "Wed, 32 Nov 2026 10:00:00 GMT",
        "25:61",
        "99999999999999999",
        "0000-00-00",
    ],
)
def test_dates_that_do_not_exist_are_not_made_up(raw):
    assert read(raw) is None


def test_a_stated_date_keeps_its_text():
    raw = "Wed, 25 Nov 2026 18:54:53 GMT"
    assert resolve((raw,), NOW)[1:] == (raw, DateConfidence.STATED)


def test_a_date_without_a_zone_is_a_repaired_one():
    assert resolve(("2026-11-25 18:54",), NOW)[2] is DateConfidence.REPAIRED


def test_a_date_a_little_ahead_becomes_now():
    ahead = (NOW + timedelta(hours=5)).isoformat()
    assert resolve((ahead,), NOW) == (NOW, ahead, DateConfidence.REPAIRED)


@pytest.mark.parametrize("raw", ["2031-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "soon", ""])
def test_a_date_that_cannot_be_believed_gives_the_time_of_discovery(raw):
    assert resolve((raw,), NOW) == (NOW, raw, DateConfidence.FIRST_SEEN)


def test_the_next_date_is_tried_where_the_first_lies():
    moment, raw, confidence = resolve(("2031-01-01T00:00:00Z", "2026-11-24T10:00:00Z"), NOW)
    assert (moment, raw, confidence) == (
        datetime(2026, 11, 24, 10, tzinfo=UTC),
        "2026-11-24T10:00:00Z",
        DateConfidence.STATED,
    )


@settings(deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.from_regex(r"\d{1,4}[-./ ]\w{1,4}[-./ ]\d{1,4}[T ]\d\d:\d\d(:\d\d)? ?[A-Z+-]{0,4}\d{0,4}"),
    )
)
def test_any_text_gives_a_date_that_is_not_ahead(raw):
    moment, _, _ = resolve((raw,), NOW)
    assert moment.tzinfo is not None
    assert moment <= NOW


@settings(deadline=None)
@given(st.integers(634_000_000, 1_790_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_iso_dates_come_back_as_they_went_in(moment):
    assert read(moment.isoformat()) == (moment, True)

"""`feeds check` for people: short, by name, what is wrong first."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.commands.feed_lines import feed_lines
from bot.config import load_feeds
from bot.feeds.check import FeedCheck

NEWEST = datetime(2026, 3, 2, 8, 5, tzinfo=UTC)


def sound(url: str, **changes: object) -> FeedCheck:
    usual = {
        "format": "rss20",
        "entries": 100,
        "newest": NEWEST,
        "status": 200,
        "cadence_s": 1200.0,
        "robots": "allowed",
    }
    return FeedCheck(**({"feed": url, "outcome": "ok"} | usual | changes))


def gone(url: str) -> FeedCheck:
    return FeedCheck(
        feed=url, outcome="not_found", problem="404: nothing is at this address", advice="Look for another."
    )


def test_the_shipped_feeds_are_a_line_each_within_eighty_columns_and_a_total(root: Path) -> None:
    feeds = load_feeds(root / "config" / "feeds.yaml")
    lines = list(feed_lines([sound(feed.url) for feed in feeds], {feed.url: feed.name for feed in feeds}))
    assert len(lines) == len(feeds) + 2 > 30
    assert max(map(len, lines)) <= 80
    assert lines[0] == "       HTTP  entries   every  newest, UTC       feed"
    assert lines[1] == f"ok      200      100  20 min  2026-03-02 08:05  {feeds[0].name}"
    assert [line[48:] for line in lines[1:-1]] == [feed.name for feed in feeds]
    assert lines[-1] == f"{len(feeds)} feeds: {len(feeds)} can be polled, none cannot."


def test_failures_come_first_with_address_and_advice_then_notes_then_the_rest() -> None:
    found = [
        sound("https://a/"),
        sound("https://b/", problem="entries are stubs", advice="Be calm."),
        gone("https://c/"),
    ]
    assert list(feed_lines(found, {"https://a/": "Ay", "https://b/": "Bee", "https://c/": "Cee"})) == [
        "WRONG  Cee: 404: nothing is at this address",
        "       https://c/",
        "       Look for another.",
        "note   Bee: entries are stubs",
        "       Be calm.",
        "       HTTP  entries   every  newest, UTC       feed",
        "ok      200      100  20 min  2026-03-02 08:05  Ay",
        "3 feeds: 2 can be polled, 1 of them with a note, 1 cannot.",
    ]


def test_what_the_desk_gave_no_name_is_called_by_its_title_or_address() -> None:
    found = [sound("https://a/", title="A\x1b[31m\nTitle " + "x" * 99, entries=1, newest=None), gone("https://c/")]
    wrong, _, _, named, _ = feed_lines(found, {})
    assert wrong == "WRONG  https://c/: 404: nothing is at this address"
    assert named.startswith("ok      200        1  20 min  -                 A")
    assert len(named) <= 80
    assert named.isprintable()


@pytest.mark.parametrize(
    ("cadence_s", "told"),
    [(None, "-"), (3.0, "1 min"), (5390.0, "90 min"), (7200.0, "2 h"), (129_000.0, "36 h"), (864_000.0, "10 d")],
)
def test_the_usual_time_between_entries_is_told_in_a_unit_that_suits_it(cadence_s: float | None, told: str) -> None:
    _, row, _ = feed_lines([sound("https://a/", cadence_s=cadence_s)], {})
    assert row[20:28].strip() == told


def test_a_file_has_no_status_and_long_advice_is_folded() -> None:
    many = " ".join(["word"] * 60)
    lines = list(feed_lines([sound("a.xml", status=None), sound("b.xml", problem="odd", advice=many)], {}))
    assert lines[-2].startswith("ok        -      100")
    assert " ".join(line.strip() for line in lines[1:-3]) == many
    assert max(map(len, lines)) <= 80


def test_a_page_in_the_place_of_a_feed_and_a_closed_door_are_notes() -> None:
    page, closed = (
        sound("https://s/feed.xml", found_at="https://s/"),
        sound("https://r/", robots="forbidden", problem="no entries"),
    )
    names = {"https://s/": "Site", "https://r/": "Robots"}
    assert list(feed_lines([page, closed], names))[:3] == [
        "note   Site: no feed but a page, which names https://s/feed.xml: put that into feeds.yaml",
        "note   Robots: no entries; robots.txt keeps us from its articles",
        "       Its articles are read from the feed's own text.",
    ]

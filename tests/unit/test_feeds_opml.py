# ruff: noqa: E501 - sample documents read better unbroken
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import Feed
from bot.feeds.opml import read, write

FILE = b"""<?xml version="1.0"?>
<opml version="1.0"><head><title>Mine</title></head><body>
<outline text="News">
<outline text="Paper &amp; Co" xmlUrl="https://paper.example/feed" type="rss" language="en-GB"/>
<outline text="Again" xmlUrl="http://www.paper.example/feed/"/>
<outline title="Upper" XMLURL="feed://upper.example/rss"/>
<outline text="Bad" xmlUrl="javascript:alert(1)"/>
<outline text="AT&T" xmlUrl="https://att.example/rss?a=1&b=2"/>
</outline></body></opml>"""


def test_every_outline_that_names_a_feed_has_its_line():
    feeds, lines = read(FILE)
    assert [(feed.name, feed.url) for feed in feeds] == [
        ("Paper & Co", "https://paper.example/feed"),
        ("Upper", "https://upper.example/rss"),
        ("AT&T", "https://att.example/rss?a=1&b=2"),
    ]
    assert [(line.line, line.outcome) for line in lines] == [
        (4, "feed"), (5, "duplicate"), (6, "feed"), (7, "refused"), (8, "feed"),
    ]  # fmt: skip
    assert feeds[0].language == "en-gb"


def test_a_file_that_breaks_off_gives_what_comes_before_and_says_where():
    feeds, lines = read(FILE[: FILE.index(b"<outline title")])
    assert len(feeds) == 1
    assert lines[-1].outcome == "broken"
    assert lines[-1].line >= 5


@pytest.mark.parametrize("body", [b"", b"words", b"<html></html>", b"\xff\xfe", b"<opml/>"])
def test_what_names_no_feed_says_so(body):
    feeds, lines = read(body)
    assert feeds == []
    assert lines[-1].outcome == "broken"
    assert lines[-1].problem


def test_declared_entities_are_not_expanded():
    bomb = b'<!DOCTYPE o [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><opml><outline xmlUrl="https://x.example/" text="&b;"/></opml>'
    feeds, _ = read(bomb)
    assert all("aaaaaaaaaa" not in feed.name for feed in feeds)


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            Feed,
            url=st.integers(0, 10**6).map(lambda n: f"https://paper{n}.example/feed?a={n}&b=<"),
            name=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), min_size=1)
            .map(str.strip)
            .filter(bool),
        ),
        max_size=8,
        unique_by=lambda feed: feed.url,
    )
)
def test_what_is_written_is_read_back(feeds):
    found, lines = read(write(feeds))
    assert [feed.url for feed in found] == [feed.url for feed in feeds]
    assert [" ".join(feed.name.split()) for feed in found] == [" ".join(feed.name.split()) for feed in feeds]
    assert feeds == [] or {line.outcome for line in lines} == {"feed"}


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_have_a_report(body):
    _, lines = read(body)
    assert lines

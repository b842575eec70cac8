from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reading.liveblog import live_items, moment_of, text_of

SAID = "The envoys came out of the customs house and said nothing to the people who waited."


def ld(*updates: object, kind: str = "LiveBlogPosting") -> str:
    data = json.dumps({"@graph": [{"@type": kind, "liveBlogUpdate": list(updates)}]})
    return f"<html><head><script type='application/ld+json'>{data}</script></head><body></body></html>"


def blocks(n: int, *, title: str = "Talks: live updates", tag: str = "div") -> str:
    items = "".join(
        f"<{tag} id='b{k}' class='block'><h3>Heading {k}</h3><time datetime='2026-02-10T0{k}:30:00Z'>0{k}:30</time>"
        f"<p>{SAID}</p><p>It was item number {k}.</p></{tag}>"
        for k in range(n)
    )
    return f"<html><head><title>{title}</title></head><body><main><div>{items}</div><p>End.</p></main></body></html>"


def test_a_page_that_declares_its_updates_gives_them_with_title_time_and_address():
    page = ld(
        {
            "headline": "Late <b>word</b>",
            "datePublished": "2026-02-10T12:00:00+02:00",
            "articleBody": f"<p>{SAID}</p><p>More.</p>",
            "url": "/live#2",
        },
        {"datePublished": "2026-02-10T09:00:00Z", "articleBody": SAID + " Earlier."},
        {"datePublished": "2026-02-10T08:00:00Z", "articleBody": "  "},
    )  # fmt: skip
    first, second = live_items(page, "https://paper.example/live")
    assert (first.title, first.text) == ("Late word", f"{SAID}\n\nMore.")
    assert (first.published, first.url) == (datetime(2026, 2, 10, 10, tzinfo=UTC), "https://paper.example/live#2")
    assert second.published == datetime(2026, 2, 10, 9, tzinfo=UTC)


def test_what_sums_a_live_page_up_without_a_time_is_left_out():
    dated = [{"datePublished": f"2026-02-10T0{n}:00:00Z", "articleBody": f"{SAID} ({n})"} for n in range(2)]
    assert len(live_items(ld({"articleBody": "Key points: all that was said so far."}, *dated))) == 2


def test_a_page_that_only_calls_itself_live_gives_its_timed_blocks():
    items = live_items(blocks(4), "https://paper.example/talks")
    assert [item.title for item in items] == [f"Heading {k}" for k in range(4)]
    assert items[2].text == f"{SAID}\n\nIt was item number 2."
    assert (items[2].url, items[2].published) == (
        "https://paper.example/talks#b2",
        datetime(2026, 2, 10, 2, 30, tzinfo=UTC),
    )


def test_schema_attributes_mark_items_too():
    page = blocks(2, title="Talks", tag="article").replace("<article ", "<article itemprop='liveBlogUpdate' ")
    page = page.replace("<main>", "<main itemtype='https://schema.org/LiveBlogPosting'><time datetime='2026'></time>")
    assert len(live_items(page, "https://paper.example/a")) == 2


@pytest.mark.parametrize(
    "page",
    [
        blocks(4, title="Envoys meet"),
        blocks(2),
        ld({"articleBody": SAID}, kind="NewsArticle"),
        "<html><title>Live</title><time datetime='x'><time datetime='y'><time datetime='z'></html>",
        "",
    ],
    ids=["an index of articles", "two blocks", "no live page", "times without texts", "nothing"],
)
def test_other_pages_have_no_items(page):
    assert live_items(page, "https://paper.example/a") == ()


def test_markup_becomes_paragraphs():
    assert text_of("<p>A &amp; B</p><script>x()</script><ul><li>one<li>two</ul>") == "A & B\n\none\n\ntwo"


def test_times_are_read_with_and_without_zone():
    assert moment_of("2026-02-10T12:00:00") == datetime(2026, 2, 10, 12, tzinfo=UTC)
    assert moment_of("yesterday") is None
    assert moment_of("0001-01-01T00:00:00+10:00") is None


@given(st.text(alphabet="<>/abtime \"'=datetime-live!&;\n", max_size=200))
@settings(max_examples=60, deadline=None)
def test_no_page_makes_it_raise(page):
    assert isinstance(live_items(f"<title>live</title>{'<time datetime=1>' * 3}{page}"), tuple)

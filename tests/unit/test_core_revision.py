from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.revision import Item, Known, Memory, Novelty, entry_id, judge, marks

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FEED = "https://paper.example/feed"
LONG = "The spokesman said that the line of the government had not changed since the spring, and would not change. " * 2


def item(**changes) -> Item:
    values = {
        "guid": "g1",
        "url": "https://paper.example/a",
        "title": "Talks resume",
        "content": LONG,
        "published": NOW,
    }
    return Item(**(values | changes))


def stored(source: Item, *, feed: str = FEED, revision: int = 0) -> Known:
    (mark,) = marks([source])
    return Known(
        id=entry_id(feed, mark), feed_url=feed, guid=mark.guid, url=mark.url, title=mark.title,
        content_hash=mark.content_hash, published=mark.published, revision=revision,
    )  # fmt: skip


def verdict(new: Item, *known: Known, revisions: int = 3) -> Novelty:
    (mark,) = marks([new])
    return judge(mark, Memory.of(known, FEED), revisions=revisions).novelty


def test_what_nobody_has_seen_is_new():
    assert verdict(item()) is Novelty.NEW


def test_the_same_item_again_is_the_same():
    assert verdict(item(), stored(item())) is Novelty.SAME


def test_a_date_bumped_with_nothing_changed_is_the_same():
    assert verdict(item(published=NOW + timedelta(hours=1)), stored(item())) is Novelty.SAME


def test_white_space_is_no_edit():
    assert verdict(item(title="  Talks\n resume "), stored(item())) is Novelty.SAME


def test_other_text_under_the_same_guid_is_a_revision():
    assert verdict(item(content=LONG + "One sentence more."), stored(item())) is Novelty.REVISED


def test_edits_beyond_the_limit_are_passed_over_with_a_reason():
    (mark,) = marks([item(content="another")])
    judged = judge(mark, Memory.of([stored(item(), revision=3)], FEED), revisions=3)
    assert judged.novelty is Novelty.SAME
    assert "after 3 revisions" in judged.reason


def test_changed_guids_do_not_flood():
    before = [stored(item(guid=f"old-{n}", url=f"https://paper.example/{n}", title=f"T{n}")) for n in range(20)]
    after = [item(guid=f"new-{n}", url=f"https://paper.example/{n}", title=f"T{n}") for n in range(20)]
    memory = Memory.of(before, FEED)
    assert {judge(mark, memory, revisions=3).novelty for mark in marks(after)} == {Novelty.SAME}


def test_a_guid_that_goes_from_http_to_https_with_trackers_is_the_same():
    old = item(guid="http://paper.example/a?utm_source=x")
    assert verdict(item(guid="https://paper.example/a", url=""), stored(old)) is Novelty.SAME


def test_guid_and_address_changed_with_the_same_long_text_is_the_same():
    assert verdict(item(guid="x", url="https://new.example/b"), stored(item())) is Novelty.SAME


def test_a_short_headline_again_on_another_day_is_new():
    old = item(title="Daily briefing", content="")
    again = item(
        title="Daily briefing", content="", guid="g2", url="https://paper.example/b", published=NOW + timedelta(days=1)
    )
    assert verdict(again, stored(old)) is Novelty.NEW


def test_the_same_address_in_another_feed_is_a_duplicate():
    other = stored(item(guid="theirs"), feed="https://other.example/feed")
    assert verdict(item(title="Their headline"), other) is Novelty.DUPLICATE


def test_a_guid_that_another_article_uses_again_is_new():
    reused = item(url="https://paper.example/b", title="Something else", content="Other words.")
    assert verdict(reused, stored(item())) is Novelty.NEW
    assert entry_id(FEED, marks([reused])[0]) != stored(item()).id


def test_one_guid_for_all_items_identifies_none():
    found = marks(
        [item(guid="same", url=f"https://paper.example/{n}", title=f"T{n}", content=f"{n}") for n in range(5)]
    )
    assert {mark.guid for mark in found} == {""}
    assert len({entry_id(FEED, mark) for mark in found}) == 5


def test_one_address_for_all_items_identifies_none():
    found = marks([item(guid=f"g{n}", url="https://paper.example/", title=f"T{n}") for n in range(5)])
    assert {mark.url for mark in found} == {""}


def test_items_without_guid_and_address_are_known_by_what_they_say():
    bare = item(guid="", url="")
    assert verdict(bare, stored(bare)) is Novelty.SAME
    assert verdict(item(guid="", url="", title="Another", content="text"), stored(bare)) is Novelty.NEW


TEXTS = st.text(max_size=12)
ITEMS = st.builds(Item, guid=TEXTS, url=TEXTS, title=TEXTS, content=TEXTS, published=st.just(NOW))


@settings(deadline=None)
@given(st.lists(ITEMS, max_size=8))
def test_a_document_polled_twice_brings_nothing_new(items):
    first = marks(items)
    known = [
        Known(
            id=entry_id(FEED, mark), feed_url=FEED, guid=mark.guid, url=mark.url, title=mark.title,
            content_hash=mark.content_hash, published=mark.published,
        )
        for mark in first
    ]  # fmt: skip
    memory = Memory.of(known, FEED)
    assert {judge(mark, memory, revisions=3).novelty for mark in marks(items)} <= {Novelty.SAME}

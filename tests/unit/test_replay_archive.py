"""Archives: read from files, folders and feeds, dated, and put into the order of time."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bot.domain import Article
from bot.errors import InputError
from bot.feeds.parsed import NotAFeed, ParsedEntry, ParsedFeed
from bot.reading.page import PageExtractor
from bot.replay.archive import UNDATED, between, in_order, item_of, read_archives

WORDS = "The premier said on Monday that the harbour would not be sold to anybody."


class Parser:
    """Takes each body for the feed that is named in it."""

    def __init__(self, **feeds):
        self.feeds = feeds

    def parse(self, body, content_type=""):
        return self.feeds.get(body.decode(), NotAFeed(kind="html", problem="a web page"))


def read(*paths, **feeds):
    return read_archives(paths, extractor=PageExtractor(), parser=Parser(**feeds))


def entry(guid, text, date="2026-01-05T10:00:00Z"):
    return ParsedEntry(guid=guid, url=f"https://x.example/{guid}", title="Harbour", text=text, dates=(date,))


def test_rows_come_in_the_order_of_time_whatever_their_order_in_the_file(tmp_path):
    rows = [{"id": n, "published": f"2026-01-0{n}T08:00:00Z", "text": f"{WORDS} {n}"} for n in (3, 1, 2)]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = read(path)
    assert [item.document for item in found.items] == ["1", "2", "3"]
    assert [item.at.day for item in found.items] == [1, 2, 3]
    assert not found.unread


def test_articles_without_an_address_get_one_each_so_that_the_ledger_can_tell_them_apart(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"id": n, "published": "2026-01-01", "text": WORDS}) + "\n" for n in range(3)))
    assert len({item.article.url for item in read(path).items}) == 3


def test_an_article_without_a_date_is_told_and_not_replayed(tmp_path):
    path = tmp_path / "rows.jsonl"
    dated = {"id": "a", "published": "2026-01-01", "text": WORDS}
    path.write_text(json.dumps({"id": "b", "text": WORDS}) + "\n" + json.dumps(dated) + "\n")
    found = read(path)
    assert [item.document for item in found.items] == ["a"]
    assert "has no date" in str(found.unread[0])


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("2026-02-10 harbour.txt", datetime(2026, 2, 10, tzinfo=UTC)),
        ("2026-02-10T0930_harbour.txt", datetime(2026, 2, 10, 9, 30, tzinfo=UTC)),
        ("2026-02-30 harbour.txt", None),
        ("harbour.txt", None),
    ],
)
def test_a_text_takes_its_date_from_its_name(tmp_path, name, at):
    (tmp_path / name).write_text(WORDS)
    found = read(tmp_path)
    assert [item.at for item in found.items] == ([at] if at else [])
    assert len(found.unread) == (0 if at else 1)


def test_an_index_says_which_files_are_articles_and_when_they_appeared(tmp_path):
    (tmp_path / "one.txt").write_bytes(f"{WORDS}\r\nAnd more.".encode())
    (tmp_path / "notes.txt").write_text("not an article")
    (tmp_path / "documents.yaml").write_text(
        "documents:\n  - {id: '007', file: one.txt, published: 2024-12-31, title: The harbour}\n"
    )
    (only,) = read(tmp_path).items
    assert (only.document, only.at, only.article.title) == ("007", datetime(2024, 12, 31, tzinfo=UTC), "The harbour")
    assert only.article.text == f"{WORDS}\r\nAnd more."


@pytest.mark.parametrize(
    ("index", "complaint"),
    [
        ("documents: 3", "a list"),
        ("documents: [{published: 2024-01-01}]", "'file'"),
        ("documents: [{file: a.txt, published: soon}]", "not a date"),
        ("documents: [", "cannot be read"),
    ],
)
def test_an_index_that_cannot_be_used_is_told(tmp_path, index, complaint):
    (tmp_path / "documents.yaml").write_text(index)
    (fault,) = read(tmp_path).unread
    assert isinstance(fault, InputError)
    assert complaint in str(fault)


def test_saved_states_of_a_feed_give_each_item_once_and_later_editions_as_such(tmp_path):
    (tmp_path / "1.xml").write_text("first")
    (tmp_path / "2.xml").write_text("second")
    found = read(
        tmp_path,
        first=ParsedFeed(format="rss", title="Gazette", entries=(entry("a", WORDS), entry("b", WORDS))),
        second=ParsedFeed(format="rss", title="Gazette", entries=(entry("a", WORDS), entry("b", f"{WORDS} Edited."))),
    )
    told = [(item.document, item.article.revision, item.article.outlet) for item in found.items]
    assert told == [("a", 0, "Gazette"), ("b", 0, "Gazette"), ("b", 1, "Gazette")]


def test_a_file_that_is_no_feed_and_an_item_without_a_date_are_told(tmp_path):
    (tmp_path / "1.xml").write_text("page")
    (tmp_path / "2.xml").write_text("feed")
    undated = ParsedEntry(guid="a", text=WORDS, dates=("yesterday",))
    found = read(tmp_path, feed=ParsedFeed(format="rss", entries=(undated,)))
    assert [str(fault).split(": ")[0] for fault in found.unread] == ["1.xml", "a"]
    assert not found.items


def test_what_bears_no_date_is_read_where_that_is_wanted(tmp_path):
    (tmp_path / "1.txt").write_text(WORDS)
    (tmp_path / "2.xml").write_text("feed")
    entries = (ParsedEntry(guid="a", text=f"{WORDS} a", dates=("yesterday",)), entry("b", f"{WORDS} b"))
    parser = Parser(feed=ParsedFeed(format="rss", entries=entries))
    found = read_archives([tmp_path], extractor=PageExtractor(), parser=parser, undated=True)
    assert [(item.document, item.at == UNDATED) for item in found.items] == [("1.txt", True), ("a", True), ("b", False)]
    assert not found.unread


def test_a_path_that_does_not_exist_and_an_empty_folder_are_told(tmp_path):
    (tmp_path / "empty").mkdir()
    found = read(tmp_path / "missing.jsonl", tmp_path / "empty")
    assert ["cannot be read" in str(found.unread[0]), "holds no texts" in str(found.unread[1])] == [True, True]


def test_a_span_takes_its_start_and_not_its_end():
    items = in_order(
        item_of(
            f"d{day}", Article(id=f"{day}", url="", title="", text="x", published=datetime(2026, 1, day, tzinfo=UTC))
        )
        for day in (1, 2, 3)
    )
    kept = between(items, datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC))
    assert [item.document for item in kept] == ["d2"]
    assert between(items, None, None) == items

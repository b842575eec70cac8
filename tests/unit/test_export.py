"""Export: the same rows as CSV, JSON and Atom."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from bot.export.atom import ATOM, NEWEST, AtomEntry, as_atom, shift_entry, statement_entry
from bot.export.tables import as_csv, as_json

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHIFT = {
    "key": "k1", "position": "no-tanks", "holder": "Norland", "topic": "tanks", "relation": "softening", "kind": "shift",
    "opened_at": "2026-02-10T09:00:00+00:00", "last_seen_at": "2026-02-11T09:00:00+00:00", "line": "No tanks.",
    "statement": "A dozen tanks <may> go & soon.", "speaker": "Ada Berg", "outlet": "Gazette", "title": "Tanks",
    "url": "https://x.example/1", "published": "2026-02-10T08:00:00+00:00", "probability": 0.8, "reports": 3, "alerted": True,
    "disputed": "", "verdict": "", "updated_at": "2026-02-12T09:00:00+00:00",
}  # fmt: skip
NAMES = {"a": ATOM}


def entry(number, link="https://x.example/"):
    at = datetime(2026, 1, 1, number % 24, number // 24, tzinfo=UTC)
    return AtomEntry(id=f"urn:x:{number}", title="A title", summary="Words", link=link, published=at, updated=at)


def feed(entries, **more):
    return ET.fromstring(as_atom(entries, name="shifts", title="Shifts", now=NOW, **more))


def test_every_row_is_there_under_its_column_whatever_stands_in_it():
    rows = [{"a": 'say "no", twice\nplease', "b": 2}, {"a": "ü", "b": True}]
    assert list(csv.DictReader(io.StringIO(as_csv(rows, ("a", "b"))))) == [
        {"a": 'say "no", twice\nplease', "b": "2"},
        {"a": "ü", "b": "True"},
    ]
    assert json.loads(as_json(rows)) == rows
    assert json.loads(as_json([])) == []
    assert as_csv([], ("a", "b")) == "a,b\r\n"


@pytest.mark.parametrize("words", ["=1+1", "@here", "+49 30", "-2", "\tx"])
def test_words_that_a_spreadsheet_would_run_are_text(words):
    assert next(csv.reader(io.StringIO(as_csv([{"a": words}], ("a",)).split("\r\n", 1)[1]))) == [f"'{words}"]


def test_half_a_character_breaks_no_file():
    as_csv([{"a": "\ud83d"}], ("a",)).encode()
    as_json([{"a": "\ud83d"}]).encode()


def test_a_feed_has_what_the_standard_asks_of_it():
    made = feed([shift_entry(SHIFT)], address="https://desk.example/shifts.atom")
    for name in ("id", "title", "updated", "author"):
        assert made.find(f"a:{name}", NAMES) is not None
    assert made.find("a:link", NAMES).get("rel") == "self"
    (one,) = made.findall("a:entry", NAMES)
    assert one.find("a:id", NAMES).text == "urn:walkback:shift:k1"
    assert one.find("a:title", NAMES).text == "Norland softens on tanks"
    assert one.find("a:updated", NAMES).text == SHIFT["updated_at"]
    assert one.find("a:link", NAMES).get("href") == SHIFT["url"]
    assert "<may> go & soon" in one.find("a:summary", NAMES).text


def test_a_feed_without_entries_is_a_feed():
    assert feed([]).find("a:updated", NAMES).text == NOW.isoformat()


def test_the_newest_come_first_and_no_more_than_a_reader_wants():
    made = feed([entry(number) for number in range(NEWEST + 50)]).findall("a:entry", NAMES)
    updated = [one.find("a:updated", NAMES).text for one in made]
    assert len(made) == NEWEST
    assert updated == sorted(updated, reverse=True)


def test_only_web_addresses_become_links():
    (one,) = feed([entry(1, link="archive:abc")]).findall("a:entry", NAMES)
    assert one.find("a:link", NAMES) is None


def test_characters_that_xml_forbids_are_left_out():
    (one,) = feed([shift_entry(SHIFT | {"statement": "a\x00b\x1b[31m\u202e\ud83d"})]).findall("a:entry", NAMES)
    assert "a b [31m" in one.find("a:summary", NAMES).text


@pytest.mark.parametrize(
    ("change", "title", "told"),
    [
        ({"disputed": "denies it"}, "Disputed: Norland softens on tanks", "A later account denies it."),
        ({"kind": "differ"}, "Accounts differ: Norland softens on tanks", "3 statements tell of it."),
        ({"verdict": "confirm"}, "Norland softens on tanks", "The desk's verdict: confirm."),
    ],
)
def test_an_entry_says_what_became_of_a_shift(change, title, told):
    made = shift_entry(SHIFT | change)
    assert made.title == title
    assert told in made.summary


def test_a_statement_has_the_same_entry_every_time():
    row = {
        "position": "no-tanks", "holder": "Norland", "topic": "tanks", "at": "2026-02-10T09:00:00+00:00", "relation": "consistent",
        "statement": "No tanks.", "speaker": "", "outlet": "Gazette", "url": "", "line": "No tanks.", "line_since": "2026-01-01",
    }  # fmt: skip
    assert statement_entry(row) == statement_entry(dict(row))
    assert statement_entry(row).id != statement_entry(row | {"statement": "Tanks."}).id
    assert "The line since 1 Jan 2026: No tanks." in statement_entry(row).summary

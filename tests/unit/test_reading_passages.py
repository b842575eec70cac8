from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain import Article, Mode, Statement
from bot.reading.reader import ArticleReader

_SPEC = importlib.util.spec_from_file_location("reading_passages", Path(__file__).with_name("reading_passages.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
table = importlib.util.module_from_spec(_SPEC)
__import__("sys").modules["reading_passages"] = table
_SPEC.loader.exec_module(table)

READER = ArticleReader(table.HOLDERS)


def statement(passage) -> Statement:
    article = Article(id="p", url="", title="", text=passage.text, published=datetime(2026, 2, 10, tzinfo=UTC))
    found = [one for one in READER.read(article) if passage.needle in one.text]
    assert len(found) == 1, f"{passage.needle!r} stands in {len(found)} statements"
    return found[0]


def test_the_table_has_at_least_150_passages():
    assert len(table.PASSAGES) >= 150


@pytest.mark.parametrize("passage", table.PASSAGES, ids=lambda p: f"{p.form}: {p.needle}")
def test_passage_is_read_as_a_reader_would(passage):
    one = statement(passage)
    assert one.text == passage.text[one.start : one.end]
    assert one.speaker == passage.speaker
    assert one.outsider or not passage.form.startswith("outsider:")
    assert not (one.outsider and passage.form == "no outsider")
    if passage.holder is not None:
        assert one.holder == passage.holder
    if passage.mode is not None:
        assert one.mode == passage.mode
    if passage.certainty is not None:
        assert one.certainty == passage.certainty
    if passage.past is not None:
        assert one.past_date == passage.past


@pytest.mark.parametrize("passage", table.PASSAGES, ids=lambda p: f"{p.form}: {p.needle}")
def test_the_parts_of_a_passage_say_what_the_whole_says(passage):
    article = Article(id="p", url="", title="", text=passage.text, published=datetime(2026, 2, 10, tzinfo=UTC))
    whole = statement(passage)
    parts = [one for one in READER.utterances(article) if whole.start <= one.start and one.end <= whole.end]
    assert parts
    for part in parts:
        if part.source_start == whole.source_start is not None and passage.needle in part.text and whole.attributed:
            assert (part.speaker, part.holder) == (whole.speaker, whole.holder)
            if whole.mode is Mode.HISTORY:
                assert (part.mode, part.past_date) == (Mode.HISTORY, whole.past_date)
        if part.attributed or part.text == whole.text:
            continue
        assert len(part.text.split()) >= 4
        assert part.text[0] not in "”»,;:.—"
        assert part.text[-1] not in "“„«‘,;:—"

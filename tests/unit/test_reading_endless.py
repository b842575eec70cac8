"""5 MB on one line: what is handed to the parser is counted, since a test that takes the time fails on a busy machine."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain import Article, Holder
from bot.reading import citing, parse
from bot.reading.layout import lay_out
from bot.reading.passages import REACH, needed
from bot.reading.reader import ArticleReader
from bot.reading.sentences import LONGEST

READER = ArticleReader([Holder(name="Russia")])
SIZE = 5_000_000
SENTENCE = (
    "On Monday the minister of the island told the council at some length that nobody had asked the harbour masters, and that "
    "the old ferry, which was built before the war and has been mended in every port of the coast, would go on to carry grain, "
    "coal and passengers over the strait until the bridge is opened or until the money is spent. "
)


@pytest.fixture
def handed(monkeypatch):
    """The passages that reach the parser."""
    passages: list[str] = []
    parsed = parse.parsed

    def counting(given, visit):
        passages.extend(given)
        return parsed(given, visit)

    monkeypatch.setattr(parse, "parsed", counting)
    return passages


def article(text: str) -> Article:
    return Article(id="a", url="", title="", text=text, published=datetime(2026, 2, 10, tzinfo=UTC))


def test_a_line_of_5_mb_without_spaces_is_read_in_pieces_without_the_parser(handed):
    text = "x" * SIZE
    found = READER.utterances(article(text), range(0, SIZE // LONGEST, 25))
    assert [(s.start, s.end) for s in found] == [(at, at + LONGEST) for at in range(0, SIZE, 25 * LONGEST)]
    assert all(s.text == text[s.start : s.end] for s in found)
    assert handed == []


def test_a_line_of_5_mb_of_quotation_marks_says_nothing(handed):
    text = '"' * (SIZE // 2) + "“”" * (SIZE // 4)
    assert READER.utterances(article(text)) == ()
    assert lay_out("The clerk drew " + '"' * 20 + "and then he wrote a word.").quotes == ()
    assert handed == []


def test_of_a_line_of_5_mb_the_parser_sees_each_different_sentence_once(handed):
    text = SENTENCE * (SIZE // len(SENTENCE))
    count = SIZE // len(SENTENCE)
    found = READER.read(article(text), {0, count // 2, count - 1})
    assert [s.start for s in found] == [0, count // 2 * len(SENTENCE), (count - 1) * len(SENTENCE)]
    assert all(s.text == text[s.start : s.end] == SENTENCE.strip() for s in found)
    assert all(s.attributed for s in found)
    assert handed == [SENTENCE.strip()]


def test_of_a_paragraph_without_end_the_neighbourhood_is_parsed():
    text = "".join(f"Minister {number} said that he would go on to the next one. " for number in range(3000))
    sentences = lay_out(text).sentences
    assert len(sentences) == 3000
    assert needed(text, sentences, [5, 1500]) == [*range(5 + REACH + 1), *range(1500 - REACH, 1500 + REACH + 1)]
    assert needed(text, sentences, range(3000)) == list(range(3000))


def test_of_the_paragraph_before_one_that_leans_on_it_the_end_is_parsed():
    text = "The road over the hills was closed again. " * 100 + "\n\nHe said that it was late.\n\nIt rained."
    sentences = lay_out(text).sentences
    assert needed(text, sentences, [100]) == list(range(100 - REACH, 101))
    assert needed(text, sentences, [0]) == list(range(REACH + 1))


def test_different_sentences_beyond_a_number_are_read_without_the_parser(handed, monkeypatch):
    monkeypatch.setattr(citing, "MOST", 3)
    text = "".join(f"Minister {number} said that he would go on to the next one. " for number in range(8))
    found = READER.read(article(text))
    assert len(handed) == 3
    assert [s.attributed for s in found] == [True] * 3 + [False] * 5

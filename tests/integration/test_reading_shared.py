from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bot.domain import Article, Holder, Mode
from bot.reading.abstain import assess_readability
from bot.reading.reader import ArticleReader

pytestmark = pytest.mark.shared

READER = ArticleReader([Holder(name=name) for name in ("Russia", "Ukraine", "United States", "European states")])


def corpus_text(shared, document):
    (path,) = (shared / "corpus").glob(f"{document}_*.txt")
    return path.read_bytes().decode("utf-8")


def read(shared, document):
    text = corpus_text(shared, document)
    return text, READER.read(
        Article(id=document, url="", title="", text=text, published=datetime(2026, 2, 10, tzinfo=UTC))
    )


@pytest.mark.parametrize("document", ["000", "001", "002", "003", "004"])
def test_every_document_is_read_and_spans_reproduce_it(shared, document):
    text, statements = read(shared, document)
    assert assess_readability(text) is None
    assert statements
    assert all(one.text == text[one.start : one.end] for one in statements)


def test_every_turn_of_the_interview_has_its_speaker(shared):
    text, statements = read(shared, "004")
    turns = [at for at in range(len(text)) if text.startswith(("\nQuestion:", "\nSergey Lavrov:"), at)]
    assert len(turns) == 28
    for place, start in enumerate(turns):
        end = turns[place + 1] if place + 1 < len(turns) else len(text)
        asks = text.startswith("\nQuestion:", start)
        inside = [one for one in statements if start < one.start < end]
        assert inside
        if asks:
            assert {(one.speaker, one.mode, one.holder) for one in inside} == {("NTV interviewer", Mode.QUESTION, "")}
        else:
            assert inside[0].speaker == "Sergey Lavrov"
            assert all(one.speaker for one in inside)


def test_furniture_around_the_articles_is_gone(shared):
    text, statements = read(shared, "003")
    last = text.index("This article was created")
    caption = text.index("(AP Photo")
    assert all(caption < one.start and one.end < last for one in statements)
    text, statements = read(shared, "002")
    assert all(one.end <= text.index("Manbilas") for one in statements)


def test_speakers_are_those_of_the_annotation_in_92_of_100_rows(shared):
    gold = [json.loads(line) for line in (shared / "corpus" / "gold.jsonl").read_text(encoding="utf-8").splitlines()]
    by_document = {document: read(shared, document)[1] for document in ("000", "001", "002", "003", "004")}
    right = 0
    for row in gold:
        over = max(by_document[row["document"]], key=lambda s: min(s.end, row["end"]) - max(s.start, row["start"]))
        found = over.speaker if min(over.end, row["end"]) > max(over.start, row["start"]) else None
        if row["speaker"] == "reporter":
            right += found == ""
        else:
            right += bool(found) and (
                row["speaker"].split()[-1].lower() in found.lower() or found.lower() in row["speaker"].lower()
            )
    assert right / len(gold) >= 0.92

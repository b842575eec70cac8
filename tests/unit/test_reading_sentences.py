from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reading.layout import lay_out
from bot.reading.quotes import quotations
from bot.reading.sentences import LONGEST, paragraphs, split


def sentences_of(text: str) -> list[str]:
    return [text[s.start : s.end] for s in lay_out(text).sentences]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Orlin met Gen. Stone. They left.", ["Mr. Orlin met Gen. Stone.", "They left."]),
        ("J. R. Stone spoke. He left.", ["J. R. Stone spoke.", "He left."]),
        ("The U.S. Army left. It rained.", ["The U.S. Army left.", "It rained."]),
        ("It flew to the U.S. The crew slept.", ["It flew to the U.S.", "The crew slept."]),
        ("They met at 5 p.m. on Dec. 3 in Rome.", ["They met at 5 p.m. on Dec. 3 in Rome."]),
        ("We wait ... and watch. He sat.", ["We wait ... and watch.", "He sat."]),
        ("We wait… Then we go.", ["We wait…", "Then we go."]),
        ("“Why?” he asked. “No.” He left.", ["“Why?” he asked.", "“No.”", "He left."]),
        ("“Enough!” Lev Orlin said. He left.", ["“Enough!” Lev Orlin said.", "He left."]),
        ("The rate is 3.5 percent. No. 4 fell.", ["The rate is 3.5 percent.", "No. 4 fell."]),
        ("Go to www.example.org. Then wait.", ["Go to www.example.org.", "Then wait."]),
        ("🎉 Good news! 🚀 We fly.", ["🎉 Good news!", "🚀 We fly."]),
    ],
)
def test_sentences_survive_what_is_no_end(text, expected):
    assert sentences_of(text) == expected


def test_bullets_are_sentences_without_their_marks():
    text = "There are two terms:\n- Troops must leave\n- Prisoners must come home"
    assert sentences_of(text) == ["There are two terms:", "Troops must leave", "Prisoners must come home"]


def test_hard_wrapped_lines_are_one_paragraph():
    text = (
        "The envoys met for the third time in the old customs house by the\n"
        "harbour and talked until late in the evening without any of the\n"
        "papers that they had promised to bring along from their capitals\n"
        "and left without a word.\n\nNobody spoke to the press after that."
    )
    assert len(paragraphs(text)) == 2
    assert len(sentences_of(text)) == 2


def test_lines_are_paragraphs_where_each_ends_a_sentence():
    assert len(paragraphs("One line ends here.\nAnother line ends here.\nA third one, too.")) == 3


def test_an_endless_line_is_cut():
    text = "word " * 5000
    assert all(end - start <= LONGEST for start, end in split(text, 0, len(text)))


def test_a_quotation_left_open_is_continued_by_the_next_paragraph():
    text = "He said: “We wait.\n\n“We go on waiting.” It rained."
    quotes = quotations(text, paragraphs(text))
    assert [text[q.start : q.end] for q in quotes] == ["“We wait.", "“We go on waiting.”"]
    assert quotes[1].continues


def test_apostrophes_are_no_quotations():
    text = "The minister's aides didn't know the Joneses' address."
    assert quotations(text, paragraphs(text)) == ()


@given(st.text(max_size=600))
@settings(max_examples=300, deadline=None)
def test_spans_reproduce_the_text_in_order_without_overlap(text):
    layout = lay_out(text)
    reached = 0
    for sentence in layout.sentences:
        assert reached <= sentence.start < sentence.end <= len(text)
        assert text[sentence.start : sentence.end].strip() == text[sentence.start : sentence.end]
        start, end = layout.paragraphs[sentence.paragraph]
        assert start <= sentence.start
        assert sentence.end <= end
        reached = sentence.end


@given(st.text(alphabet="ab .?!\"“”‘’'\n:-*AB", max_size=400))
@settings(max_examples=300, deadline=None)
def test_punctuation_in_any_order_gives_spans_of_the_text(text):
    layout = lay_out(text)
    for quote in layout.quotes:
        assert 0 <= quote.start < quote.end <= len(text)
    for sentence in layout.sentences:
        assert text[sentence.start : sentence.end].strip()

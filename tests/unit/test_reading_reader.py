from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import Article, Certainty, Holder, Mode
from bot.reading.reader import ArticleReader

READER = ArticleReader([Holder(name="Russia"), Holder(name="Ukraine")])


def article(text: str, title: str = "") -> Article:
    return Article(id="a", url="", title=title, text=text, published=datetime(2026, 2, 10, tzinfo=UTC))


def test_only_wanted_sentences_are_returned_with_their_neighbours():
    text = "Snow fell at night. Anton Veresov said the road was closed. It opened at noon."
    (one,) = READER.read(article(text), {1})
    assert one.text == "Anton Veresov said the road was closed."
    assert (one.before, one.after) == ("Snow fell at night.", "It opened at noon.")
    assert text[one.source_start : one.source_end] == "Anton Veresov"
    assert one.cue == "said"
    assert one.attributed


def test_a_wanted_sentence_is_read_as_in_the_whole_article():
    text = (
        "Russian Foreign Minister Anton Veresov flew to Oslo.\n\nThe weather was bad.\n\n"
        "He said the talks had failed. “We tried everything we could,” he added. “Nobody listened to us there.”"
    )
    whole = READER.read(article(text))
    for index, statement in enumerate(whole):
        assert READER.read(article(text), {index}) == (statement,)


def test_indices_beyond_the_text_are_passed_over():
    assert READER.read(article("It rained."), {-1, 5}) == ()


def test_ids_are_stable_and_differ_between_sentences():
    text = "It rained. It rained."
    first, second = READER.read(article(text))
    assert first.id != second.id
    assert READER.read(article(text))[0].id == first.id


def test_a_sentence_of_which_a_part_is_cited_gives_its_parts():
    text = "The bridge was closed on Monday, and Anton Veresov said that Moscow would pay for it."
    lines = READER.utterances(article(text))
    cited = [one for one in lines if one.attributed]
    assert [one.text for one in cited] == ["that Moscow would pay for it"]
    assert cited[0].speaker == "Anton Veresov"
    assert any("bridge was closed" in one.text and not one.attributed for one in lines)


def test_a_chain_gives_both_ends_outer_first():
    text = "Two diplomats said that Olena Marchuk had promised to sign the text."
    lines = [one for one in READER.utterances(article(text)) if one.attributed]
    assert [one.speaker for one in lines] == ["Two diplomats", "Olena Marchuk"]
    assert lines[1].text in lines[0].text


def test_a_holder_that_is_the_subject_of_a_report_holds_it_without_a_speaker():
    (one,) = READER.read(article("Moscow has dropped its demand for the port."))
    assert (one.speaker, one.holder, one.certainty) == ("", "Russia", Certainty.REPORTED)


def test_furniture_is_no_statement():
    text = (
        "Snow fell in the hills on Monday, and the road was closed.\n\nRelated posts\n\nFive hats for the winter\n\n"
        "How useful was this post?"
    )
    assert [one.text for one in READER.read(article(text))] == [
        "Snow fell in the hills on Monday, and the road was closed."
    ]


def test_a_headline_with_a_name_and_a_colon_is_that_persons():
    text = "Anton Veresov: “We do not need this treaty”\n\nAnton Veresov met the press."
    assert READER.read(article(text))[0].speaker == "Anton Veresov"


def test_questions_of_an_interviewer_hold_nothing():
    text = "Question: Russia could sign it.\n\nLev Orlin: No.\n\nQuestion: Never?\n\nLev Orlin: Never."
    found = READER.read(article(text))
    asked = [(one.text, one.mode, one.holder) for one in found if one.speaker == "interviewer"]
    assert asked == [("Russia could sign it.", Mode.QUESTION, ""), ("Never?", Mode.QUESTION, "")]
    assert [one.text for one in found if one.speaker == "Lev Orlin"] == ["No.", "Never."]
    assert [one.outsider for one in found] == [True, False, True, False]


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_unicode_is_read_and_spans_reproduce_it(text):
    given_article = article(text)
    for one in (*READER.read(given_article), *READER.utterances(given_article)):
        assert one.text == text[one.start : one.end] != ""
        if one.source_start is not None and one.source_end is not None:
            assert 0 <= one.source_start < one.source_end <= len(text)


@given(
    st.lists(
        st.sampled_from(
            [
                "He",
                "said",
                "that",
                "“",
                "”",
                '"',
                "Moscow",
                "who",
                ",",
                ".",
                "\n\n",
                "according to",
                "Anton Veresov",
                "will",
                ":",
                "—",
                "?",
                "- ",
            ]
        ),
        max_size=40,
    )
)
@settings(max_examples=60, deadline=None)
def test_words_of_citing_in_any_order_are_read(words):
    text = " ".join(words)
    for one in READER.utterances(article(text)):
        assert one.text == text[one.start : one.end]


@pytest.mark.parametrize("ought", ["would have to accept", "must accept", "has to accept", "should accept"])
def test_what_another_demands_of_a_holder_is_not_told_of_its_stance(ought: str) -> None:
    text = f"Poland's defence minister said on Thursday that Russia {ought} European peacekeepers in Ukraine."
    (statement,) = READER.read(article(text))
    assert (statement.speaker, statement.holder) == ("Poland's defence minister", "")


@pytest.mark.parametrize(
    "heading",
    [
        "🎙 Anton Veresov’s answers on fisheries and on the long road over the hills to Port Arnes (Arnes, 4 March 2026)",
        "🔴 #LIVE : the minister speaks to the press, and will not hurry",
    ],
)
def test_a_posts_heading_is_no_statement(heading):
    assert [one.text for one in READER.read(article(f"{heading}\n\nThe road was closed on Monday."))] == [
        "The road was closed on Monday."
    ]

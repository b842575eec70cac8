from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.core.attribution import Attribution
from bot.domain import Article, Holder, Mode, Statement, Voice
from bot.reading.parts import frame_of, gaps
from bot.reading.past import past_date
from bot.reading.reader import ArticleReader

READER = ArticleReader(
    [
        Holder(name="Russia", voices=(Voice(name="Igor Sablin", role="minister", until=date(2023, 6, 30)),)),
        Holder(name="Ukraine"),
        Holder(name="NATO"),
        Holder(name="European Union"),
    ]
)
TODAY = date(2026, 2, 10)
STATES = {"Russia": "Russia", "Moscow": "Russia", "the Kremlin": "Russia", "Kyiv": "Ukraine", "Ukraine": "Ukraine"}
OUTSIDERS = (
    "former president Stepan Kovalchuk",
    "former Russian prime minister Kirill Danilin",
    "ex-minister Kirill Danilin",
    "Igor Sablin",
    "the former minister",
    "former officials",
    "political analyst Gleb Tarasov",
    "analysts",
    "two military experts",
    "opposition leader Nina Sorokina",
    "opposition politicians",
)
INSIDERS = ("two diplomats", "Western officials", "three people familiar with the talks")
STANCES = ("would never leave the coast", "will not sign the draft", "had dropped its demand", "wants the whole port")
FORMS = (
    "{source} said {content}.",
    "{source} said that {content}.",
    "{content}, {source} said.",
    "“{content},” said {source}.",
)


def both(text: str) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
    """Return the statements of a text as wholes and as parts."""
    article = Article(id="a", url="", title="", text=text, published=datetime(2026, 2, 10, tzinfo=UTC))
    return READER.read(article), READER.utterances(article)


def sentence(form: str, **words: str) -> str:
    text = form.format(**words)
    return text[0].upper() + text[1:] if text[0].isalpha() else text[0] + text[1].upper() + text[2:]


@given(st.sampled_from(FORMS), st.sampled_from(OUTSIDERS), st.sampled_from(sorted(STATES)), st.sampled_from(STANCES))
@settings(max_examples=25, deadline=None)
def test_what_an_outsider_tells_of_a_state_is_nobodys_stance(form, source, state, stance):
    whole, parts = both(sentence(form, source=source, content=f"{state} {stance}"))
    assert {one.holder for one in (*whole, *parts)} == {""}
    assert any(one.speaker for one in (*whole, *parts))


@given(st.sampled_from(FORMS[:3]), st.sampled_from(INSIDERS), st.sampled_from(sorted(STATES)), st.sampled_from(STANCES))
@settings(max_examples=20, deadline=None)
def test_what_others_tell_of_a_state_keeps_both_ends(form, source, state, stance):
    (whole,), parts = both(sentence(form, source=source, content=f"{state} {stance}"))
    assert whole.speaker.lower() == source.lower()
    assert (whole.holder, parts[0].holder) == (STATES[state], STATES[state])


@given(
    st.sampled_from(["In {year}", "In April {year}", "On April 3, {year},", "By late {year}"]),
    st.integers(min_value=1950, max_value=2025),
    st.sampled_from(["Anton Veresov", "Olena Marchuk", "Moscow", "the minister"]),
    st.sampled_from(["promised that", "said that", "announced that", "insisted that"]),
    st.sampled_from(["the ban would be lifted", "the troops would leave the port", "Kyiv had agreed to the line"]),
)
@settings(max_examples=25, deadline=None)
def test_an_account_of_the_past_is_one_in_its_parts_with_its_date(opening, year, source, cue, content):
    (whole,), parts = both(f"{opening.format(year=year)} {source} {cue} {content}.")
    named = f"{year}-04-03" if "3," in opening else f"{year}-04" if "April" in opening else str(year)
    assert (whole.mode, whole.past_date) == (Mode.HISTORY, named)
    assert {(one.mode, one.past_date) for one in parts} == {(Mode.HISTORY, named)}


@given(
    st.sampled_from(['"{content}," {source} said.', "“{content},” {source} said.", "{source} said: “{content}.”"]),
    st.sampled_from(
        ["Foreign Minister Sergei Orlin", "Former president Stepan Kovalchuk", "Anton Veresov", "The minister"]
    ),
    st.sampled_from(["", " on Monday", " in May 2019", " to reporters"]),
    st.sampled_from(
        ["", ' "It was late and it rained."', " “It was late and it rained.”", " It rained there for nine days."]
    ),
)
@settings(max_examples=30, deadline=None)
def test_source_cue_and_marks_alone_are_no_statement(form, source, beside, after):
    content = "The talks were held in the old town hall"
    text = form.format(content=content, source=source).replace("said", f"said{beside}") + after
    _, parts = both(text)
    for one in parts:
        assert one.attributed or one.text == after.strip()
        assert one.text == text[one.start : one.end]
        left = re.sub(r"\W+", " ", one.text.replace(source, "").replace("said", "")).split()
        assert len(left) >= 3


MARKS = st.sampled_from(
    ['"', "“", "”", "„", "«", "»", "‘", " ", ",", ".", ";", " and ", "said", "Anton", "the road was shut", "—"]
)


@given(st.lists(MARKS, max_size=14).map("".join), st.data())
@settings(max_examples=200, deadline=None)
def test_leftovers_lie_beside_the_contents_and_open_no_quotation_that_they_do_not_close(text, data):
    assume(text)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=6, max_size=6)))
    one = Attribution(source=(cuts[0], cuts[1]), cue=(cuts[2], cuts[3]), contents=((cuts[4], cuts[5]),))
    for start, end in gaps(text, [one], (0, len(text))):
        left = text[start:end]
        assert len(left.split()) >= 4
        assert end <= cuts[4] or start >= cuts[5] or cuts[4] == cuts[5]
        assert left[0] not in "”»,;.—" and not left[0].isspace()  # noqa: PT018 - one claim
        if left[0] in '"“„«‘':
            assert re.search({'"': '"', "“": "”", "„": "[“”]", "«": "»", "‘": "’"}[left[0]], left[1:])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "“We stay,” said Anton Veresov, who left Oslo on Monday with forty aides.",
            ["said Anton Veresov, who left Oslo"],
        ),
        (
            "The bridge was closed at noon, and Anton Veresov said that it would open.",
            ["The bridge was closed at noon"],
        ),
        ("Anton Veresov flew to Oslo with forty aides and said that it would open.", ["Anton Veresov flew to Oslo"]),
        ("Pavel Gromov told reporters in Moscow on Monday that it would open.", []),
        ("In 2019 Anton Veresov promised that the ban would be lifted.", []),
    ],
)
def test_what_else_a_sentence_tells_is_left(text, left):
    _, parts = both(text)
    uncited = [one.text for one in parts if not one.attributed]
    assert len(uncited) == len(left)
    assert all(one.startswith(begin) for one, begin in zip(uncited, left, strict=True))


@given(
    st.sampled_from(["the Commission", "NATO", "the alliance", "the bloc", "the mayor", "NATO and the Commission"]),
    st.sampled_from(
        [
            "Brussels rejected the plan, and {other} drew up another.",
            "Brussels said it was worried after {other} had met.",
            "After {other} had met, Brussels said that it was worried.",
            "Brussels, which hosts {other}, said that talks would go on.",
        ]
    ),
)
@settings(max_examples=24, deadline=None)
def test_brussels_is_one_holder_in_the_whole_and_in_its_parts(other, form):
    (whole,), parts = both(form.format(other=other))
    assert whole.speaker == "Brussels" or whole.source_start == 0
    same = [one for one in parts if one.source_start == whole.source_start]
    assert {one.holder for one in same} == {whole.holder}


def test_another_speakers_past_is_not_taken_over():
    text = "Anton Veresov said that Kyiv signed it in 2014, and Olena Marchuk said that the talks failed."
    _, parts = both(text)
    modes = {one.text: (one.mode, one.past_date) for one in parts}
    assert modes["that Kyiv signed it in 2014"] == (Mode.HISTORY, "2014")
    assert modes["that the talks failed"] == (Mode.ASSERTION, "")


def test_a_clause_with_a_day_of_its_own_is_not_of_the_year_before_it():
    text = "In 2008 the troops left, and he said on Monday that the road was safe."
    one = Attribution(source=(29, 31), cue=(32, 36), contents=((47, 69),))
    assert frame_of(text, (0, len(text)), (47, 69), one, [one]).strip() == "he said on Monday that the road was safe."
    undated = text.replace(" on Monday", "          ")
    assert frame_of(undated, (0, len(text)), (47, 69), one, [one]) == undated


SENTENCES = st.tuples(st.integers(0, 60), st.integers(40, 90)).map(lambda pair: (pair[0], pair[0] + pair[1]))
SPANS = st.tuples(st.integers(0, 90), st.integers(1, 30)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(SENTENCES, SPANS, st.lists(st.tuples(SPANS, SPANS, SPANS), min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_a_frame_is_of_the_sentence_and_holds_the_part_that_it_dates(sentence, piece, others):
    text = (
        "He left in 2008; they said, and she told us on Monday, that it was so — but not why, nor whither they went. "
        * 2
    )
    piece = (max(piece[0], sentence[0]), min(piece[1], sentence[1]))
    assume(piece[0] < piece[1])
    here = [Attribution(source=a, cue=b, contents=(c,)) for a, b, c in others]
    frame = frame_of(text, sentence, piece, here[0], here)
    held = text[slice(*piece)]
    assert held.replace(" ", "") in frame.replace(" ", "")
    assert len(frame) <= sentence[1] - sentence[0]
    kept = iter(text[slice(*sentence)])
    assert all(letter in kept for letter in frame.replace(" ", ""))


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("They signed it in 2014.", "2014"),
        ("They signed it in May 2014.", "2014-05"),
        ("They signed it in Sept. 2014.", "2014-09"),
        ("On May 9, 2014, they signed it.", "2014-05-09"),
        ("It was in 2014, on 9 May 2014, that they signed it.", "2014-05-09"),
        ("On February 30, 2014, they signed it.", "2014-02"),
        ("They signed it in 2014 and in June 2016.", "2016-06"),
        ("They signed it two years ago.", "2024"),
        ("They signed it a decade ago.", "2016"),
        ("They signed it three months ago.", "2025-11"),
        ("They signed it last month.", "2026-01"),
        ("They signed it last year.", "2025"),
        ("They signed it seventy-four years ago.", ""),
        ("They signed it years ago.", ""),
        ("They signed it in 2026.", ""),
        ("It is in force since 2014.", ""),
        ("They signed it.", ""),
    ],
)
def test_the_past_is_dated_as_far_as_it_is_named(text, when):
    assert past_date(text, TODAY) == when


@given(st.text(alphabet="in of May June 0123456789,. years ago last month signed", max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_date_is_a_day_a_month_or_a_year_or_none(text):
    assert re.fullmatch(r"(?:\d{3,4}(?:-\d\d){0,2})?", past_date(f"They signed it {text}", TODAY))

"""What stands between an article's sentences and the encoder, in two steps around the reading."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from bot.core.candidates import MatchPolicy
from bot.core.subject import Subjects
from bot.domain import Holder, Position, Statement
from bot.ports import Sentence
from bot.stages.matching import Matcher

NORLAND, SUDLAND = Holder(name="Norland"), Holder(name="Sudland")
PLANT = Position(id="plant", holder=NORLAND, topic="plant", baseline="Norland keeps the plant", since=date(2026, 1, 1))
ARMY = Position(id="army", holder=SUDLAND, topic="army", baseline="Sudland has no army", since=date(2026, 1, 1))
POLICY = MatchPolicy(
    enough=0.66, own_voice=0.3, unknown_voice=0.1, support=0.6, most_support=0.6, lag=1.8, per_sentence=2
)
AXES = {"plant": 0, "army": 1, "reactor": 2}


def vectors(texts):
    """Words that stand for an axis, and a constant; "reactor" is some way from the plant."""
    rows = np.array([[float(word in text.lower()) for word in AXES] + [0.6] for text in texts])
    rows[:, 0] += 0.5 * rows[:, 2]
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def sentences(*texts: str, answers: dict[int, tuple[int, ...]] | None = None) -> tuple[Sentence, ...]:
    made, at = [], 0
    for index, text in enumerate(texts):
        asked = (answers or {}).get(index, ())
        made.append(Sentence(start=at, end=at + len(text), paragraph=index, answers=asked))
        at += len(text) + 1
    return tuple(made)


def statement(text: str, *, speaker: str = "", holder: str = "", outsider: bool = False) -> Statement:
    return Statement(
        id="s", article_id="a", start=0, end=len(text), text=text, speaker=speaker, holder=holder, outsider=outsider
    )


@pytest.fixture
def matcher() -> Matcher:
    return Matcher([PLANT, ARMY], vectors, POLICY, Subjects({}, [NORLAND, SUDLAND]))


def test_only_positions_whose_holder_is_named_are_looked_at(matcher: Matcher) -> None:
    assert list(matcher.present("", "Norland waits.")) == [0]
    assert list(matcher.present("Sudland waits", "")) == [1]
    assert list(matcher.present("", "Nobody waits.")) == []


def test_who_speaks_is_asked_only_where_it_may_matter(matcher: Matcher) -> None:
    texts = ["The plant stays.", "Rain fell.", "Wind rose.", "Snow lay."]
    looked = matcher.look("", texts, sentences(*texts), np.array([0]))
    assert looked.wanted == {0, 1}


def test_the_holders_own_voice_is_heard_where_a_reports_is_not(matcher: Matcher) -> None:
    texts = ["The reactor stays.", "Norland and the plant."]
    looked = matcher.look("", texts, sentences(*texts), np.array([0]))
    plain, own = statement(texts[0]), statement(texts[0], speaker="Ada", holder="Norland")
    looked.near[0, 0] = POLICY.enough - 0.1
    assert not matcher.choose(looked, {0: plain}, {1}).matches
    assert [(one.sentence, one.position) for one in matcher.choose(looked, {0: own}, {1}).matches] == [(0, 0)]


@pytest.mark.parametrize(("short", "matches"), [(0.09, 1), (0.11, 0)])
def test_who_speaks_for_nobody_tracked_needs_a_little_less(matcher: Matcher, short: float, matches: int) -> None:
    texts = ["The plant stays.", "Norland and the plant."]
    looked = matcher.look("", texts, sentences(*texts), np.array([0]))
    looked.near[0, 0] = POLICY.enough - short
    unknown = statement(texts[0], speaker="the secretary")
    assert len(matcher.choose(looked, {0: unknown}, {1}).matches) == matches


def test_the_words_of_an_outsider_are_left_out(matcher: Matcher) -> None:
    texts = ["The plant stays."]
    looked = matcher.look("", texts, sentences(*texts), np.array([0]))
    chosen = matcher.choose(looked, {0: statement(texts[0], speaker="an analyst", outsider=True)}, ())
    assert (chosen.matches, chosen.anothers) == ((), 1)


def test_the_words_of_another_are_counted_and_left_out(matcher: Matcher) -> None:
    texts = ["The plant stays."]
    looked = matcher.look("", texts, sentences(*texts), np.array([0]))
    chosen = matcher.choose(looked, {0: statement(texts[0], speaker="Bo", holder="Sudland")}, ())
    assert (chosen.matches, chosen.anothers) == ((), 1)


def test_an_answer_is_on_the_subject_of_its_question(matcher: Matcher) -> None:
    texts = ["What of the plant?", "Good morning.", "We thank you.", "We could share the reactor."]
    answered = sentences(*texts, answers={3: (0,)})
    assert matcher.look("", texts, answered, np.array([0])).speaking[3, 0]
    assert not matcher.look("", texts, sentences(*texts), np.array([0])).speaking[3, 0]


def test_what_was_judged_before_is_left_out(matcher: Matcher) -> None:
    texts = ["The plant stays."]
    looked = matcher.look("", texts, sentences(*texts), np.array([0]))
    assert matcher.choose(looked, {0: statement(texts[0])}, ()).matches
    assert not matcher.choose(looked, {0: statement(texts[0])}, {0}).matches

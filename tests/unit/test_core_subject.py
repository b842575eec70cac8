"""Which passages speak of what a position is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bot.core.subject import Subjects
from bot.domain import Holder, Position, Voice
from bot.reading.gazetteer import called

NORWAY = Holder(name="Norway", aliases=("Oslo",), voices=(Voice(name="Ane Bergum"),))
BLOC = Holder(name="Fish Commission", aliases=("the Commission",), voices=(Voice(name="Piet Vroom"),))


def position(topic: str, baseline: str = "Norway holds its line.", *paraphrases: str) -> Position:
    return Position(
        id="p", holder=NORWAY, topic=topic, baseline=baseline, since=date(2026, 1, 1), paraphrases=paraphrases
    )


@pytest.fixture
def subjects() -> Subjects:
    return Subjects(called(), [NORWAY, BLOC])


CASES = [
    ("relations with Syria", "", "Oslo agreed with Togo to deepen relations.", False),
    ("relations with Syria", "", "Oslo agreed with Damascus to deepen relations.", True),
    ("relations with Syria", "", "The Syrian side thanked Norway.", True),
    ("the Fish Commission's quotas", "", "What Vroom proposes on cod is not for us.", True),
    ("frozen Russian assets", "", "Assets that were frozen in Bergen stay where they are.", True),
    ("frozen Russian assets", "", "Their assets are their own affair.", False),
    ("ceasefire", "", "A truce would have to be watched.", True),
    ("ceasefire", "", "An embargo would have to be watched.", False),
    ("frozen Russian assets", "", "A Norwegian-Russian commission will meet.", True),
    ("ceasefire", "Norway asks Sudan for a ceasefire.", "Khartoum would have to ask us first.", True),
    ("readiness for talks", "", "We would sit down at any hour.", True),
    ("readiness for talks", "", "An answer is not to be expected.", True),
    ("readiness for talks", "", "“Any hour will do.”", True),
    ("readiness for talks", "Norway asks Sudan for talks.", "Khartoum stays away.", True),
    ("readiness for talks", "", "Rain kept the rowers of Harwick from the river.", False),
    ("Oslo's new harbour", "", "Building goes on.", False),
    ("Oslo's new harbour", "", "The harbours are to be dredged.", True),
]


@pytest.mark.parametrize(("topic", "baseline", "text", "speaks"), CASES)
def test_a_passage_is_on_the_subject_where_it_names_the_other_party_or_shares_the_topics_words(
    subjects: Subjects, topic: str, baseline: str, text: str, speaks: bool
) -> None:
    subject = subjects.of(position(topic, baseline or "Norway holds its line."))
    assert subjects.speaks_of(text, subject) is speaks


def test_paraphrases_add_words_but_do_not_narrow_a_topic_that_has_none(subjects: Subjects) -> None:
    truce = subjects.of(position("ceasefire", "Norway holds its line.", "a truce"))
    talks = subjects.of(position("readiness for talks", "Norway holds its line.", "the meeting in Geneva"))
    assert subjects.speaks_of("A truce would have to be watched.", truce)
    assert subjects.speaks_of("We would sit down at any hour.", talks)


def test_a_topic_of_common_words_alone_is_about_whatever_somebody_may_be_saying(subjects: Subjects) -> None:
    """Also where the holder's own names look like a pronoun, "US"."""
    states = Holder(name="United States", aliases=("US",))
    talks = subjects.of(replace(position("readiness for talks"), holder=states))
    assert subjects.speaks_of("They would sit down at any hour.", talks)
    assert not subjects.speaks_of("The US rowers won the race on the river.", talks)


def test_the_holders_own_names_are_no_subject(subjects: Subjects) -> None:
    subject = subjects.of(position("Norway and Iceland"))
    assert subject.names == {"Iceland"}
    assert not subjects.speaks_of("Oslo, said Ane Bergum, has done its part.", subject)


def test_codes_that_are_words_in_capitals_name_nobody(subjects: Subjects) -> None:
    subject = subjects.of(position("trade with India"))  # whose code is IN
    assert not subjects.speaks_of("NOTHING IN HAND, SO WE WAIT.", subject)
    assert subjects.speaks_of("Delhi and New Delhi are one.", subject)


def test_a_holder_is_named_by_whatever_means_it() -> None:
    poland = Holder(name="Poland", voices=(Voice(name="Ewa Nowak"),))
    names = Subjects(called(), [poland]).names_of(poland)
    assert {"Poland", "Warsaw", "Polish", "Ewa Nowak", "Nowak"} <= set(names)
    assert not {"Norway", "Oslo"} & set(names)
    assert set(Subjects({}, [BLOC]).names_of(BLOC)) == {"Fish Commission", "the Commission", "Piet Vroom", "Vroom"}


def test_the_lines_words_tell_the_subject_of_a_topic_that_names_nobody_else(subjects: Subjects) -> None:
    bare = subjects.of(position("harbour fees", "Norway exempts trawlers from them."))
    named = subjects.of(position("harbour fees for Iceland", "Norway exempts trawlers from them."))
    assert subjects.speaks_of("Trawlers will pay like all others.", bare)
    assert not subjects.speaks_of("Trawlers will pay like all others, and so on.", named)

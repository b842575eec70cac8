from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.bearing import Bearing, Voiced, bearing, polarity
from bot.domain import Mode, Relation

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHIFT = Voiced(
    words="Norland could accept a pause of twenty years, Berg said.", relation=Relation.SOFTENING, probability=0.8,
    speaker="Ada Berg", outlet="Wire", published=NOW,
)  # fmt: skip
LATER = NOW + timedelta(hours=2)
DENIAL = Voiced(
    words="Norland denied reports of a pause.", relation=Relation.CONSISTENT, probability=0.9, speaker="", outlet="Post",
    published=LATER, mode=Mode.DENIAL,
)  # fmt: skip
KEEPS = Voiced(
    words="Norland rejects any accession.", relation=Relation.CONSISTENT, probability=0.9, speaker="Per Holm",
    outlet="Post", published=LATER,
)  # fmt: skip
OTHERWISE = replace(KEEPS, words="Norland could not accept any pause, Berg said.", speaker="Berg")


@pytest.mark.parametrize(
    ("said", "alike", "expected"),
    [
        (DENIAL, 0.0, Bearing.DENIES),
        (replace(DENIAL, in_subject=False), 0.0, Bearing.NONE),
        (replace(DENIAL, in_subject=False), 0.3, Bearing.DENIES),
        (replace(DENIAL, words="Norland denied that it had named a date."), 0.0, Bearing.DENIES),
        (replace(DENIAL, words="There is no such plan."), 0.0, Bearing.NONE),
        (replace(DENIAL, words="There is no such plan."), 0.3, Bearing.DENIES),
        (replace(DENIAL, mode=Mode.ASSERTION), 0.0, Bearing.NONE),
        (replace(DENIAL, of_holder=False), 0.9, Bearing.NONE),
        (replace(DENIAL, published=NOW - timedelta(minutes=1)), 0.9, Bearing.NONE),
        (KEEPS, 0.0, Bearing.MIXED),
        (replace(KEEPS, speaker=""), 0.9, Bearing.NONE),
        (replace(KEEPS, probability=0.5), 0.9, Bearing.NONE),
        (replace(KEEPS, mode=Mode.HISTORY), 0.9, Bearing.NONE),
        (replace(KEEPS, published=NOW + timedelta(days=4)), 0.9, Bearing.NONE),
        (replace(KEEPS, relation=Relation.HARDENING), 0.0, Bearing.MIXED),
        (replace(KEEPS, relation=Relation.SOFTENING), 0.9, Bearing.NONE),
        (OTHERWISE, 0.5, Bearing.DIFFERS),
        (OTHERWISE, 0.4, Bearing.NONE),
        (replace(OTHERWISE, outlet="Wire"), 0.9, Bearing.NONE),
        (replace(OTHERWISE, published=NOW + timedelta(days=3)), 0.9, Bearing.NONE),
        (replace(OTHERWISE, words="Norland could accept a pause, Berg repeated."), 0.9, Bearing.NONE),
    ],
)
def test_what_a_later_statement_does_to_a_shift(said: Voiced, alike: float, expected: Bearing) -> None:
    assert bearing(said, SHIFT, alike=alike) is expected


def test_never_said_that_of_the_line_itself_denies_no_shift() -> None:
    said = replace(DENIAL, words="We never said no.", relation=Relation.CONTRADICTION, probability=0.8)
    assert bearing(said, SHIFT, alike=0.2, alike_line=0.7) is Bearing.NONE
    assert bearing(said, SHIFT, alike=0.8, alike_line=0.7) is Bearing.DENIES


@pytest.mark.parametrize("moved", [Relation.NEW_OFFER, Relation.HARDENING])
def test_to_repeat_the_line_is_not_against_an_offer_or_a_further_demand(moved: Relation) -> None:
    assert bearing(KEEPS, replace(SHIFT, relation=moved), alike=0.9) is Bearing.NONE


def test_two_negations_are_a_yes() -> None:
    assert [polarity(words) for words in ("We can", "We cannot", "We do not rule out")] == [True, False, True]

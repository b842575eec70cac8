from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.known_line import becomes_line
from bot.core.policies import AlertPolicy
from bot.core.review import Doubtful, most_useful, uncertainty
from bot.domain import Relation

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def doubtful(name: str, shift: float, words: str, position: str = "p") -> Doubtful:
    probabilities = dict.fromkeys(Relation, 0.0) | {Relation.SOFTENING: shift, Relation.CONSISTENT: 1 - shift}
    return Doubtful(id=name, position_id=position, words=words, probabilities=probabilities)


def test_uncertainty_runs_from_nothing_to_one() -> None:
    assert uncertainty({Relation.CONSISTENT: 1.0}) == 0.0
    even = dict.fromkeys(Relation, 0.0) | {Relation.SOFTENING: 0.5, Relation.CONSISTENT: 0.5}
    assert 0.6 < uncertainty(even) < 0.7
    spread = dict.fromkeys(Relation, 0.125) | {Relation.UNRELATED: 0.25, Relation.CONSISTENT: 0.25}
    assert uncertainty(spread) > 0.9


def test_the_least_sure_comes_first_and_what_is_like_it_last() -> None:
    found = most_useful(
        [
            doubtful("sure", 0.02, "rates will stay where they are"),
            doubtful("doubt", 0.5, "tanks could be sent before summer"),
            doubtful("twin", 0.5, "tanks could be sent before the summer"),
            doubtful("other", 0.4, "pilots are trained abroad", "q"),
        ],
        3,
    )
    assert [one.id for one in found] == ["doubt", "other", "sure"]


def test_of_nothing_nothing_is_chosen() -> None:
    assert most_useful([], 5) == []


@pytest.mark.parametrize(
    ("outlets", "days", "disputed", "becomes"),
    [(3, 5, "", True), (2, 5, "", False), (3, 4, "", False), (3, 5, "has a denial", False)],
)
def test_a_shift_becomes_the_line_after_outlets_and_days_without_a_dispute(
    outlets: int, days: int, disputed: str, becomes: bool
) -> None:
    policy = AlertPolicy(line_after_outlets=3, line_after_days=5)
    opened = NOW - timedelta(days=days)
    why = becomes_line(outlets=outlets, opened_at=opened, now=NOW, disputed=disputed, policy=policy)
    assert bool(why) is becomes
    assert becomes_line(outlets=99, opened_at=opened, now=NOW, disputed="", policy=AlertPolicy()) == ""

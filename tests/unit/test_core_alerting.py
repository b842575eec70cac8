from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.alerting import muted, older_than_line, repeated, rule, rule_each, silenced
from bot.core.policies import AlertPolicy
from bot.domain import Assessment, Candidate, Decision, Holder, Mode, Position, Relation, Ruling, Statement

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POSITION = Position(id="p", holder=Holder(name="H"), topic="t", baseline="b", since=date(2026, 1, 1))
POLICY = AlertPolicy(alert_at=0.6, digest_at=0.4, alert_at_by_position={"loud": 0.9, "soft": 0.3})


def assessment(
    probability: float,
    *,
    position: str = "p",
    mode: Mode = Mode.ASSERTION,
    published: datetime | None = NOW,
    since: date = date(2026, 1, 1),
    similarity: float = 0.5,
) -> Assessment:
    return Assessment(
        candidate=Candidate(
            statement=Statement(id="s", article_id="a", start=0, end=1, text="x", mode=mode),
            position=Position(id=position, holder=Holder(name="H"), topic="t", baseline="b", since=since),
            similarity=similarity,
            published=published,
        ),
        relation=Relation.SOFTENING,
        probabilities=dict.fromkeys(Relation, 0.0)
        | {Relation.SOFTENING: probability, Relation.CONSISTENT: 1 - probability},
        evidence="x",
        reason="y",
        model="m",
    )


@pytest.mark.parametrize(
    ("made", "decision", "words"),
    [
        (assessment(0.6), Decision.ALERT, "threshold 0.60"),
        (assessment(0.4), Decision.DIGEST, "near miss: shift at 0.40, threshold 0.60"),
        (assessment(0.59), Decision.DIGEST, "near miss"),
        (assessment(0.39), Decision.SILENT, "no shift"),
        (assessment(0.8, position="loud"), Decision.DIGEST, "threshold 0.90"),
        (assessment(0.35, position="soft"), Decision.ALERT, "unsure: shift at 0.35, threshold 0.30"),
        (assessment(0.5, position="soft"), Decision.ALERT, "shift at 0.50, threshold 0.30"),
        (assessment(0.29, position="soft"), Decision.SILENT, "no shift"),
        (assessment(0.95, position="loud"), Decision.ALERT, "threshold 0.90"),
        (assessment(0.99, mode=Mode.QUESTION), Decision.SILENT, "question"),
        (assessment(0.99, mode=Mode.HISTORY), Decision.SILENT, "past"),
        (assessment(0.99, mode=Mode.OPPONENT), Decision.SILENT, "rejected"),
        (assessment(0.99, similarity=0.19), Decision.DIGEST, "beside the topic"),
        (assessment(0.99, mode=Mode.HYPOTHETICAL), Decision.ALERT, "shift"),
        (assessment(0.99, mode=Mode.DENIAL), Decision.ALERT, "shift"),
        (assessment(0.99, published=NOW - timedelta(days=8)), Decision.SILENT, "more than 7 days"),
        (assessment(0.99, since=date(2026, 3, 2)), Decision.SILENT, "older than the line"),
        (assessment(0.99, published=None), Decision.ALERT, "shift"),
    ],
)
def test_the_policy_decides_with_a_reason(made: Assessment, decision: Decision, words: str) -> None:
    ruling = rule(made, POLICY, NOW)
    assert ruling.decision is decision
    assert words in ruling.reason


def test_only_an_alert_whose_shift_is_less_likely_than_none_is_marked_as_unsure() -> None:
    rulings = [rule(assessment(p, position="soft"), POLICY, NOW) for p in (0.3, 0.49, 0.5, 0.9)]
    assert [ruling.reason.startswith("unsure: ") for ruling in rulings] == [True, True, False, False]


def test_the_same_words_wake_nobody_twice_and_are_told_where_the_shift_is_surest() -> None:
    made = [assessment(p, position=name) for name, p in (("nato", 0.7), ("troops", 0.9), ("grain", 0.5))]
    of_another = replace(
        made[0], candidate=replace(made[0].candidate, position=replace(POSITION, holder=Holder(name="K"), id="k"))
    )
    other_words = replace(
        made[0], candidate=replace(made[0].candidate, statement=replace(made[0].candidate.statement, id="s2"))
    )
    told = rule_each([*made, of_another, other_words], POLICY, NOW)
    assert [one for one, _ in told] == [*made, of_another, other_words]
    decisions = [ruling.decision for _, ruling in told]
    assert decisions == [Decision.DIGEST, Decision.ALERT, Decision.DIGEST, Decision.ALERT, Decision.ALERT]
    assert told[0][1].reason == "near miss: the same words move troops; shift at 0.70, threshold 0.60"
    assert told[2][1] == rule(made[2], POLICY, NOW)


def test_of_lines_that_are_as_surely_moved_the_nearest_wakes_the_desk() -> None:
    made = [
        assessment(0.95, position="nato", similarity=0.5),
        assessment(0.9, position="troops", similarity=0.55),
        assessment(0.7, position="gas", similarity=0.8),
    ]
    decisions = [ruling.decision for _, ruling in rule_each(made, POLICY, NOW)]
    assert decisions == [Decision.DIGEST, Decision.ALERT, Decision.DIGEST]


def test_words_that_are_plainly_on_two_lines_and_as_sure_move_both() -> None:
    made = [assessment(p, position=name, similarity=0.6) for name, p in (("nato", 0.9), ("troops", 0.85), ("gas", 0.7))]
    decisions = [ruling.decision for _, ruling in rule_each(made, POLICY, NOW)]
    assert decisions == [Decision.ALERT, Decision.ALERT, Decision.DIGEST]


def test_what_is_not_told_keeps_its_reason_and_gets_another() -> None:
    alert = Ruling(decision=Decision.ALERT, reason="shift at 0.80")
    assert silenced(alert, "") == Ruling(decision=Decision.SILENT, reason="shift at 0.80")
    assert muted(alert, by="Ada", until=NOW).reason == "shift at 0.80; muted by Ada until 1 Mar 2026, 12:00 UTC"
    assert older_than_line(alert, date(2026, 3, 1)).reason.endswith(
        "older than the line on record, which holds since 1 Mar 2026"
    )
    silent = Ruling(decision=Decision.SILENT, reason="a question")
    assert muted(silent, by="Ada", until=NOW) == older_than_line(silent, date(2026, 3, 1)) == silent


def test_a_shift_is_news_for_so_many_days() -> None:
    assert repeated(NOW - timedelta(days=3), NOW, AlertPolicy(told_for_days=3)) == ""
    assert "told of on" in repeated(NOW - timedelta(days=3, seconds=1), NOW, AlertPolicy(told_for_days=3))

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.alerting import rule
from bot.core.policies import AlertPolicy
from bot.domain import Assessment, Candidate, Decision, Holder, Mode, Position, Relation, Statement

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = AlertPolicy(alert_at=0.6, digest_at=0.4, alert_at_by_position={"loud": 0.9})


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
        (assessment(0.59), Decision.DIGEST, "near miss"),
        (assessment(0.39), Decision.SILENT, "no shift"),
        (assessment(0.8, position="loud"), Decision.DIGEST, "threshold 0.90"),
        (assessment(0.95, position="loud"), Decision.ALERT, "threshold 0.90"),
        (assessment(0.99, mode=Mode.QUESTION), Decision.SILENT, "question"),
        (assessment(0.99, mode=Mode.HISTORY), Decision.SILENT, "past"),
        (assessment(0.99, mode=Mode.OPPONENT), Decision.SILENT, "rejected"),
        (assessment(0.99, similarity=0.49), Decision.DIGEST, "beside the topic"),
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

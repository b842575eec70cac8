"""Shifts on file with their articles and alerts, as the assess stage leaves them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from bot.core.card import alert_record
from bot.domain import (
    Alert,
    Article,
    ArticleState,
    Assessment,
    Candidate,
    Decision,
    Holder,
    Position,
    Relation,
    Ruling,
    Statement,
)
from bot.store import articles, assessments, deliveries, positions, shifts
from bot.store.articles import Arrival
from bot.store.assessments import Judged
from bot.store.shifts import ShiftRecord

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TANKS = Position(
    id="no-tanks",
    holder=Holder(name="Norland", aliases=("Oster",)),
    topic="tanks",
    baseline="Norland will send no tanks.",
    since=date(2026, 1, 1),
    source="https://example.org/january",
)
WORDS = "Norland will send a dozen tanks, Ada Berg told reporters in Oster."


def seed(connection: Connection) -> None:
    """File the position."""
    positions.seed(connection, [TANKS], NOW - timedelta(days=60))


def said(
    connection: Connection,
    name: str,
    words: str,
    *,
    at: datetime,
    relation: Relation = Relation.CONTRADICTION,
    decision: Decision = Decision.ALERT,
    key: str | None = None,
    probability: float = 0.8,
) -> Assessment:
    """File an article with one statement, which is an account of the shift `key`, None for none; return its assessment."""
    article = Article(
        id=name, url=f"https://wire.example.com/{name}", title=f"Title {name}", text=words, published=at, outlet="Wire"
    )
    statement = Statement(id=f"s-{name}", article_id=name, start=0, end=len(words), text=words, speaker="Ada Berg")
    rest = (1 - probability) / 5
    assessment = Assessment(
        candidate=Candidate(statement=statement, position=TANKS, similarity=0.7),
        relation=relation,
        probabilities=dict.fromkeys(Relation, rest) | {relation: probability},
        evidence=words,
        reason="because",
        model="test",
    )
    articles.add(connection, [Arrival(article=article, entry_id=None)], at)
    articles.mark(connection, name, ArticleState.ASSESSED, "", at)
    assessments.save_statements(connection, [statement])
    if key is not None and shifts.get(connection, key) is None:
        shifts.save(
            connection,
            ShiftRecord(
                key=key, position_id=TANKS.id, position_revision=1, relation=relation, words=words, opened_at=at,
                last_seen_at=at, alerted=True,
            ),
        )  # fmt: skip
    ruling = Ruling(decision=decision, reason=f"shift at {probability:.2f}, threshold 0.30")
    assessments.save_assessments(connection, [Judged(assessment=assessment, ruling=ruling, shift_key=key)], at)
    return assessment


def alerted(
    connection: Connection, key: str, *, channel: str = "C0DESK1", at: datetime = NOW, words: str = WORDS
) -> None:
    """File a shift with its account and the delivery of its alert."""
    assessment = said(connection, f"a-{key}", words, at=at - timedelta(hours=1), key=key)
    alert = Alert(
        key=key, assessment=assessment, article_title="Title", article_url=f"https://wire.example.com/a-{key}",
        outlet="Wire", published=at,
    )  # fmt: skip
    deliveries.add(
        connection, alert_key=key, position_id=TANKS.id, channel=channel, payload=alert_record(alert), priority=10, now=at
    )  # fmt: skip

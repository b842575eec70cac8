"""Shifts on file with their articles and alerts, as the assess stage leaves them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from assessed_samples import assessed, tanks
from sqlalchemy import Connection

from bot.core.card import alert_record
from bot.domain import (
    Alert,
    Article,
    ArticleState,
    Assessment,
    Decision,
    Holder,
    Relation,
    Ruling,
)
from bot.store import articles, assessments, deliveries, positions, shifts
from bot.store.articles import Arrival
from bot.store.assessments import Judged
from bot.store.shifts import ShiftRecord

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TANKS = tanks(holder=Holder(name="Norland", aliases=("Oster",)), source="https://example.org/january")
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
    assessment = assessed(article, words, relation, TANKS, probability=probability)
    articles.add(connection, [Arrival(article=article, entry_id=None)], at)
    articles.mark(connection, name, ArticleState.ASSESSED, "", at)
    assessments.save_statements(connection, [assessment.candidate.statement])
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

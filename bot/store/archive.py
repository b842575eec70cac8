"""What a replay and an export ask of the store: the articles of a time, and the alerts with what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from bot.core.card import Card, card_from
from bot.core.dispatch import Kind
from bot.domain import Article, ArticleState
from bot.store import assessments, shifts
from bot.store.articles import COLUMNS
from bot.store.assessments import TimelineEntry
from bot.store.schema import articles, deliveries


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """An article on file. `at` is when it appeared: its publication, or of a later edition when it was fetched."""

    article: Article
    at: datetime


def archived(
    connection: Connection, since: datetime | None = None, until: datetime | None = None
) -> Iterator[Archived]:
    """Yield the articles on file that still have their text, the earliest first; None for no limit."""
    query = select(*COLUMNS, articles.c.fetched_at).where(articles.c.text != "")
    if since is not None:
        query = query.where(articles.c.fetched_at >= since)  # nothing is fetched before it is published
    if until is not None:
        query = query.where(articles.c.published_at < until)
    for row in connection.execute(query.order_by(articles.c.published_at, articles.c.id)).mappings():
        values = dict(row)
        fetched_at = values.pop("fetched_at")
        article = Article(**values)
        yield Archived(article=article, at=fetched_at if article.revision else article.published)


def skipped(connection: Connection) -> Counter[str]:
    """Return how many articles were not read, by reason."""
    query = (
        select(articles.c.reason, func.count().label("n"))
        .where(articles.c.state == ArticleState.SKIPPED.value)
        .group_by(articles.c.reason)
        .order_by(articles.c.reason)
    )
    return Counter({row.reason: row.n for row in connection.execute(query)})


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertOnFile:
    """An alert as it was made at `at`, with what the ledger has on its shift by now.

    `accounts` are the reports that bear it out, the earliest first, `disputes` what speaks against it; `disputed` says how
    that goes ("denies it"), "" where nothing does. `opener` is the account that made it, None where the ledger has none.
    """

    key: str
    at: datetime
    card: Card
    opener: TimelineEntry | None
    accounts: tuple[TimelineEntry, ...]
    disputes: tuple[TimelineEntry, ...]
    disputed: str

    @property
    def corroborations(self) -> int:
        """How many further articles bear it out."""
        first = self.opener.statement.article_id if self.opener else ""
        return len({entry.statement.article_id for entry in self.accounts} - {first})


def alerts(connection: Connection, since: datetime | None = None, until: datetime | None = None) -> list[AlertOnFile]:
    """Return the alerts that were made from `since` on and before `until`, the earliest first; None for no limit."""
    query = select(deliveries.c.alert_key, deliveries.c.created_at, deliveries.c.payload).where(
        deliveries.c.kind == Kind.ALERT.value
    )
    if since is not None:
        query = query.where(deliveries.c.created_at >= since)
    if until is not None:
        query = query.where(deliveries.c.created_at < until)
    found: dict[str, AlertOnFile] = {}
    for row in connection.execute(query.order_by(deliveries.c.created_at, deliveries.c.alert_key)).all():
        if row.alert_key not in found:
            found[row.alert_key] = _alert(connection, row.alert_key, row.created_at, card_from(row.payload))
    return list(found.values())


def _alert(connection: Connection, key: str, at: datetime, card: Card) -> AlertOnFile:
    record = shifts.get(connection, key)
    accounts = assessments.for_shift(connection, key)
    disputes = assessments.disputes(connection, key)
    same_words = (entry for entry in accounts if entry.statement.text == card.words)
    return AlertOnFile(
        key=key,
        at=at,
        card=card,
        opener=next(same_words, accounts[0] if accounts else None),
        accounts=accounts,
        disputes=disputes,
        disputed=record.disputed if record else card.disputed,
    )

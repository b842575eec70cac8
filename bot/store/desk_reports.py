"""What a desk wants to see at one look, in few questions to the database. All functions work in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from bot.domain import Decision, Relation
from bot.store.schema import articles, assessments, feeds, shifts, statements


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A statement that was below the threshold for an alert. `probability` is that it moved the line at all."""

    position_id: str
    relation: Relation
    words: str
    probability: float
    reason: str
    title: str
    url: str
    outlet: str
    published: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftNote:
    """A shift as lists show it."""

    key: str
    position_id: str
    relation: Relation
    words: str
    opened_at: datetime
    alerted: bool
    disputed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """How a feed's polls have gone. `failures` counts those in a row."""

    name: str
    outcome: str
    problem: str
    failures: int
    last_success_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleNote:
    """An article as it ended: `state` with its reason."""

    id: str
    url: str
    title: str
    outlet: str
    published: datetime
    state: str
    reason: str
    silent: bool


def shifts_since(connection: Connection, since: datetime) -> tuple[ShiftNote, ...]:
    """Return the shifts that were opened at `since` or later and stand for themselves, the newest first."""
    names = ShiftNote.__slots__
    query = select(*(shifts.c[name] for name in names)).where(shifts.c.opened_at >= since, shifts.c.merged_into == "")
    rows = connection.execute(query.order_by(shifts.c.opened_at.desc(), shifts.c.key)).mappings()
    return tuple(ShiftNote(**{**row, "relation": Relation(row["relation"])}) for row in rows)


def last_shift_of_each(connection: Connection) -> dict[str, ShiftNote]:
    """Return the shift that was opened last of each position that has one."""
    newest = (
        select(shifts.c.position_id, func.max(shifts.c.opened_at).label("opened_at"))
        .where(shifts.c.merged_into == "")
        .group_by(shifts.c.position_id)
        .subquery()
    )
    columns = (shifts.c[name] for name in ShiftNote.__slots__)
    same = (shifts.c.position_id == newest.c.position_id) & (shifts.c.opened_at == newest.c.opened_at)
    rows = connection.execute(select(*columns).join(newest, same).where(shifts.c.merged_into == "")).mappings()
    return {row["position_id"]: ShiftNote(**{**row, "relation": Relation(row["relation"])}) for row in rows}


def last_said_of_each(connection: Connection) -> dict[str, datetime]:
    """Return when the newest article with a statement on each position was published."""
    query = (
        select(assessments.c.position_id, func.max(articles.c.published_at).label("at"))
        .join(statements, assessments.c.statement_id == statements.c.id)
        .join(articles, statements.c.article_id == articles.c.id)
        .where(assessments.c.relation != Relation.UNRELATED.value)
        .group_by(assessments.c.position_id)
    )
    return {row["position_id"]: row["at"] for row in connection.execute(query).mappings()}


def near_misses(connection: Connection, since: datetime) -> tuple[NearMiss, ...]:
    """Return what was assessed at `since` or later and kept for the digest, the nearest to an alert first."""
    query = (
        select(
            assessments.c.position_id,
            assessments.c.relation,
            assessments.c.probabilities,
            assessments.c.decision_reason,
            statements.c.text,
            articles.c.title,
            articles.c.url,
            articles.c.outlet,
            articles.c.published_at,
        )
        .join(statements, assessments.c.statement_id == statements.c.id)
        .join(articles, statements.c.article_id == articles.c.id)
        .where(assessments.c.decision == Decision.DIGEST.value, assessments.c.assessed_at >= since)
    )
    found = [
        NearMiss(
            position_id=row["position_id"],
            relation=Relation(row["relation"]),
            words=row["text"],
            probability=sum(p for name, p in row["probabilities"].items() if Relation(name).is_shift),
            reason=row["decision_reason"],
            title=row["title"],
            url=row["url"],
            outlet=row["outlet"],
            published=row["published_at"],
        )
        for row in connection.execute(query).mappings()
    ]
    return tuple(sorted(found, key=lambda miss: (-miss.probability, miss.published, miss.words)))


def feed_health(connection: Connection) -> tuple[FeedHealth, ...]:
    """Return how each feed of the configuration is, by name."""
    query = select(feeds).where(feeds.c.status != "removed").order_by(feeds.c.name, feeds.c.url)
    return tuple(
        FeedHealth(
            name=row["name"],
            outcome="gone" if row["status"] == "gone" else row["last_outcome"],
            problem=row["last_problem"],
            failures=row["failures"],
            last_success_at=row["last_success_at"],
        )
        for row in connection.execute(query).mappings()
    )


def article_at(connection: Connection, addresses: Sequence[str]) -> ArticleNote | None:
    """Return the latest edition of the article at one of `addresses`, None where none was ever met."""
    columns = (
        articles.c.id, articles.c.url, articles.c.title, articles.c.outlet, articles.c.published_at.label("published"),
        articles.c.state, articles.c.reason, articles.c.silent,
    )  # fmt: skip
    query = select(*columns).where(articles.c.url.in_(list(addresses)))
    row = (
        connection.execute(query.order_by(articles.c.revision.desc(), articles.c.fetched_at.desc())).mappings().first()
    )
    return None if row is None else ArticleNote(**row)


def articles_since(connection: Connection, since: datetime) -> int:
    """Return how many articles were fetched at `since` or later."""
    return connection.execute(select(func.count()).where(articles.c.fetched_at >= since)).scalar_one()

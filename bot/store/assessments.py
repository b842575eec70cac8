"""Statements and what each does to a position. All functions work in the caller's transaction; saving again changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, select

from bot.domain import (
    Assessment,
    Candidate,
    Certainty,
    Decision,
    Mode,
    Relation,
    Ruling,
    Statement,
    identify,
    shift_probability,
)
from bot.store import shifts
from bot.store.engine import insert
from bot.store.schema import articles, assessments, statements


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An assessment to save, with the policy's ruling and the shift that it belongs to, None for no shift.

    `bearing` says what it does to that shift (`core.bearing`), "" where it is an account of it.
    """

    assessment: Assessment
    ruling: Ruling
    shift_key: str | None = None
    bearing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One assessment with the words that it is about and where they stood."""

    id: str
    position_id: str
    position_revision: int
    relation: Relation
    probabilities: dict[Relation, float]
    similarity: float
    evidence: str
    reason: str
    ruling: Ruling
    model: str
    shift_key: str | None
    assessed_at: datetime
    statement: Statement
    article_title: str
    article_url: str
    outlet: str
    published: datetime
    bearing: str = ""

    @property
    def shift_probability(self) -> float:
        """Probability that the statement is any shift, in [0, 1]."""
        return shift_probability(self.probabilities)

    def judged(self, candidate: Candidate) -> Assessment:
        """Return what was judged, of `candidate`: the one that was judged, or the same words elsewhere."""
        return Assessment(
            candidate=candidate,
            relation=self.relation,
            probabilities=self.probabilities,
            evidence=self.evidence,
            reason=self.reason,
            model=self.model,
        )


def save_statements(connection: Connection, found: Iterable[Statement]) -> int:
    """Save statements that are not there yet, by id; return how many were new."""
    rows = [
        {
            "id": statement.id,
            "article_id": statement.article_id,
            "start": statement.start,
            "end": statement.end,
            "text": statement.text,
            "before": statement.before,
            "after": statement.after,
            "speaker": statement.speaker,
            "holder": statement.holder,
            "attributed": statement.attributed,
            "mode": statement.mode.value,
            "certainty": statement.certainty.value,
            "cue": statement.cue,
            "source_start": statement.source_start,
            "source_end": statement.source_end,
        }
        for statement in found
    ]
    return _insert_new(connection, statements, rows)


def save_assessments(connection: Connection, judged: Iterable[Judged], now: datetime) -> int:
    """Save assessments that are not there yet, one per statement and position; return how many were new.

    Their statements, positions' revisions and shifts must be there.
    """
    rows = [_row(item, now) for item in judged]
    return _insert_new(connection, assessments, rows)


def get(connection: Connection, assessment_id: str) -> TimelineEntry | None:
    """Return the assessment with this id, None where there is none."""
    row = connection.execute(_timeline().where(assessments.c.id == assessment_id)).mappings().first()
    return None if row is None else _entry(row)


def for_position(
    connection: Connection,
    position_id: str,
    *,
    relations: Collection[Relation] | None = None,
    related: bool = False,
    since: datetime | None = None,
    limit: int | None = None,
) -> tuple[TimelineEntry, ...]:
    """Return a position's timeline, the newest article first; `relations` and `since` (publication) narrow it.

    `related` leaves out what is unrelated; `limit` counts only what is wanted.
    """
    query = _timeline().where(assessments.c.position_id == position_id)
    if relations is not None:
        query = query.where(assessments.c.relation.in_([relation.value for relation in relations]))
    if related:
        query = query.where(assessments.c.relation != Relation.UNRELATED.value)
    if since is not None:
        query = query.where(articles.c.published_at >= since)
    query = query.order_by(articles.c.published_at.desc(), statements.c.start, assessments.c.id).limit(limit)
    return tuple(_entry(row) for row in connection.execute(query).mappings())


def for_shift(connection: Connection, shift_key: str) -> tuple[TimelineEntry, ...]:
    """Return every account of a shift and of those merged into it, the earliest article first, without its disputes."""
    return _of_shift(connection, shift_key, assessments.c.bearing == "")


def disputes(connection: Connection, shift_key: str) -> tuple[TimelineEntry, ...]:
    """Return what speaks against a shift (denials, other accounts, other voices), the earliest article first."""
    return _of_shift(connection, shift_key, assessments.c.bearing != "")


def on_shifts(connection: Connection, keys: Collection[str]) -> tuple[TimelineEntry, ...]:
    """Return the accounts of these shifts and what speaks against them, the earliest article first. One query."""
    return _filed_under(connection, keys)


def of_earlier_editions(connection: Connection, url: str, article_id: str) -> tuple[TimelineEntry, ...]:
    """Return the accounts of shifts that other editions of the article at `url` gave, the earliest first."""
    query = _timeline().where(
        articles.c.url == url,
        articles.c.id != article_id,
        assessments.c.shift_key.is_not(None),
        assessments.c.bearing == "",
    )
    query = query.order_by(articles.c.revision, statements.c.start, assessments.c.id)
    return tuple(_entry(row) for row in connection.execute(query).mappings())


def for_article(connection: Connection, article_id: str) -> tuple[TimelineEntry, ...]:
    """Return everything that an article was assessed to do, in the order of its text."""
    query = _timeline().where(statements.c.article_id == article_id)
    query = query.order_by(statements.c.start, assessments.c.id)
    return tuple(_entry(row) for row in connection.execute(query).mappings())


def _of_shift(connection: Connection, shift_key: str, wanted: ColumnElement[bool]) -> tuple[TimelineEntry, ...]:
    return _filed_under(connection, shifts.family(connection, shift_key), wanted)


def _filed_under(
    connection: Connection, keys: Collection[str], *wanted: ColumnElement[bool]
) -> tuple[TimelineEntry, ...]:
    query = _timeline().where(assessments.c.shift_key.in_(keys), *wanted)
    query = query.order_by(articles.c.published_at, assessments.c.assessed_at, statements.c.start, assessments.c.id)
    return tuple(_entry(row) for row in connection.execute(query).mappings())


def _insert_new(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> int:
    if not rows:
        return 0
    before = set(connection.scalars(select(table.c.id).where(table.c.id.in_([row["id"] for row in rows]))))
    connection.execute(insert(connection, table).on_conflict_do_nothing(), rows)
    return len({row["id"] for row in rows} - before)


def _row(item: Judged, now: datetime) -> dict[str, Any]:
    assessment, candidate = item.assessment, item.assessment.candidate
    return {
        "id": identify("assessment", candidate.statement.id, candidate.position.id),
        "statement_id": candidate.statement.id,
        "position_id": candidate.position.id,
        "position_revision": candidate.position.revision,
        "relation": assessment.relation.value,
        "probabilities": {relation.value: float(p) for relation, p in assessment.probabilities.items()},
        "similarity": float(candidate.similarity),
        "evidence": assessment.evidence,
        "reason": assessment.reason,
        "decision": item.ruling.decision.value,
        "decision_reason": item.ruling.reason,
        "model": assessment.model,
        "shift_key": item.shift_key,
        "bearing": item.bearing,
        "assessed_at": now,
    }


def _timeline() -> Select[Any]:
    article = (articles.c.title, articles.c.url, articles.c.outlet, articles.c.published_at)
    words = (column.label(f"statement_{column.name}") for column in statements.c if column.name != "id")
    return (
        select(assessments, *words, *article)
        .join(statements, assessments.c.statement_id == statements.c.id)
        .join(articles, statements.c.article_id == articles.c.id)
    )


def _entry(row: RowMapping) -> TimelineEntry:
    words = {column.name: row[f"statement_{column.name}"] for column in statements.c if column.name != "id"}
    words |= {"mode": Mode(words["mode"]), "certainty": Certainty(words["certainty"])}
    return TimelineEntry(
        id=row["id"],
        position_id=row["position_id"],
        position_revision=row["position_revision"],
        relation=Relation(row["relation"]),
        probabilities={Relation(name): p for name, p in row["probabilities"].items()},
        similarity=row["similarity"],
        evidence=row["evidence"],
        reason=row["reason"],
        ruling=Ruling(decision=Decision(row["decision"]), reason=row["decision_reason"]),
        model=row["model"],
        shift_key=row["shift_key"],
        assessed_at=row["assessed_at"],
        statement=Statement(id=row["statement_id"], **words),
        article_title=row["title"],
        article_url=row["url"],
        outlet=row["outlet"],
        published=row["published_at"],
        bearing=row["bearing"],
    )

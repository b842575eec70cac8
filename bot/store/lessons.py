"""What the desk's verdicts teach, and what it could judge next. All functions work in the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, select

from bot.core.desk import VerdictKind
from bot.core.lessons import Lesson
from bot.core.review import Doubtful, most_useful
from bot.domain import Certainty, Mode, Relation, shift_probability
from bot.store import assessments as on_file
from bot.store import shifts as shifts_on_file
from bot.store.assessments import TimelineEntry
from bot.store.schema import articles, assessments, positions, shifts, statements, verdicts

TEACHING = (VerdictKind.CONFIRM, VerdictKind.REJECT)
CONSIDERED = 600
"""Unlabelled statements that are looked through for a review: the newest."""
LEAST_LIKELY = 0.05
"""Shift probability below which a statement is not worth anybody's review."""


def taught(connection: Connection) -> tuple[Lesson, ...]:
    """Return what every verdict that stands teaches, the earliest verdict first: the reports of judged shifts, and labels."""
    lessons = []
    for verdict in connection.execute(_standing()).mappings().all():
        if verdict["kind"] == VerdictKind.LABEL.value:
            where = assessments.c.id == verdict["into_key"]
        else:
            family = shifts_on_file.family(connection, verdict["shift_key"])
            where = and_(assessments.c.shift_key.in_(family), assessments.c.bearing == "")
        rows = connection.execute(_judged().where(where)).mappings()
        lessons += [_lesson(dict(verdict), dict(row)) for row in rows]
    return tuple(lessons)


def to_review(connection: Connection, *, since: datetime, most: int = 20) -> tuple[TimelineEntry, ...]:
    """Return the statements since `since` that the desk would learn most from, the most useful first; their ids are for `label`."""
    judged = select(verdicts.c.shift_key).where(verdicts.c.standing.is_not(None), verdicts.c.shift_key != "")
    labelled = select(verdicts.c.into_key).where(
        verdicts.c.standing.is_not(None), verdicts.c.kind == VerdictKind.LABEL.value
    )
    query = (
        select(assessments.c.id, assessments.c.position_id, assessments.c.probabilities, statements.c.text)
        .join(statements, assessments.c.statement_id == statements.c.id)
        .where(
            assessments.c.assessed_at >= since,
            assessments.c.id.not_in(labelled),
            (assessments.c.shift_key.is_(None)) | (assessments.c.shift_key.not_in(judged)),
        )
        .order_by(assessments.c.assessed_at.desc(), assessments.c.id)
        .limit(CONSIDERED)
    )
    doubtful = [
        Doubtful(
            id=row["id"],
            position_id=row["position_id"],
            words=row["text"],
            probabilities={Relation(name): p for name, p in row["probabilities"].items()},
        )
        for row in connection.execute(query).mappings()
    ]
    likely = [one for one in doubtful if shift_probability(one.probabilities) >= LEAST_LIKELY]
    chosen = most_useful(likely, most)
    return tuple(entry for one in chosen if (entry := on_file.get(connection, one.id)))


def _standing() -> Select[Any]:
    kinds = [kind.value for kind in (*TEACHING, VerdictKind.LABEL)]
    query = select(verdicts).where(verdicts.c.standing.is_not(None), verdicts.c.kind.in_(kinds))
    return query.order_by(verdicts.c.at, verdicts.c.id)


def _judged() -> Select[Any]:
    words = (statements.c.text, statements.c.speaker, statements.c.holder.label("speaker_holder"), statements.c.mode)
    place = (statements.c.certainty, statements.c.start, statements.c.end, statements.c.article_id)
    line = (positions.c.holder, positions.c.topic, positions.c.baseline)
    own = (
        assessments.c.position_id,
        assessments.c.position_revision,
        assessments.c.relation,
        assessments.c.probabilities,
    )
    opened = shifts.c.words.label("opening_words")
    in_force = and_(
        positions.c.id == assessments.c.position_id, positions.c.revision == assessments.c.position_revision
    )
    return (
        select(*words, *place, *line, *own, articles.c.title, opened)
        .join_from(assessments, statements, assessments.c.statement_id == statements.c.id)
        .join(articles, statements.c.article_id == articles.c.id)
        .join(positions, in_force)
        .outerjoin(shifts, assessments.c.shift_key == shifts.c.key)
        .order_by(articles.c.published_at, statements.c.start, assessments.c.id)
    )


def _lesson(verdict: dict[str, Any], row: dict[str, Any]) -> Lesson:
    return Lesson(
        verdict_id=verdict["id"],
        kind=VerdictKind(verdict["kind"]),
        reason=verdict["reason"],
        by=verdict["by"],
        at=verdict["at"],
        shift_key=verdict["shift_key"],
        position_id=row["position_id"],
        revision=row["position_revision"],
        holder=row["holder"],
        topic=row["topic"],
        baseline=row["baseline"],
        words=row["text"],
        speaker=row["speaker"],
        speaker_holder=row["speaker_holder"],
        mode=Mode(row["mode"]),
        certainty=Certainty(row["certainty"]),
        title=row["title"],
        article_id=row["article_id"],
        start=row["start"],
        end=row["end"],
        relation=Relation(row["relation"]),
        probabilities={Relation(name): p for name, p in row["probabilities"].items()},
        opened=row["opening_words"] in (None, row["text"]),
    )

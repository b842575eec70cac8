"""The desk's verdicts as rows of training data, each with where it comes from.

A part is held out, by shift, so that what the rows teach can be measured on rows that they did not teach.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.features import Pair
from bot.core.lessons import Label, Lesson, label_of
from bot.core.likeness import overlap
from bot.domain import identify
from bot.training.data import CLASSIFIER, TEST, Row

FAMILY = "desk"
HELD_OUT_PERCENT = 20
ALIKE = 0.7
"""Jaccard index of content words from which two reports on one line are the same row."""
MOST_PER_SHIFT = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRow:
    """A row with its weight, in (0, 1], and the verdict, person, time, article and place that it comes from."""

    row: Row
    weight: float
    lesson: Lesson

    @property
    def held_out(self) -> bool:
        """Whether the classifier is measured on it and not trained on it."""
        return self.row.split == TEST


def desk_rows(lessons: Sequence[Lesson], names: Mapping[str, tuple[str, ...]] | None = None) -> list[DeskRow]:
    """Return the rows that verdicts make, no two of them alike, the latest verdict first where two speak of the same words.

    `names` are, by position, the words by which text calls its holder. Rows are in the order of the lessons.
    """
    kept: dict[tuple[str, str], list[Lesson]] = {}
    per_shift: dict[str, int] = {}
    chosen: dict[int, Label] = {}
    # The latest first, so that it is the one that stays; within a verdict the report that opened the shift.
    order = sorted(range(len(lessons)), key=lambda i: (lessons[i].at, lessons[i].opened), reverse=True)
    for index in order:
        lesson = lessons[index]
        label = label_of(lesson)
        same_line = kept.setdefault((lesson.position_id, lesson.baseline), [])
        if label is None or any(_alike(lesson, other) for other in same_line):
            continue
        subject = lesson.shift_key or lesson.verdict_id
        if per_shift.get(subject, 0) >= MOST_PER_SHIFT:
            continue
        per_shift[subject] = per_shift.get(subject, 0) + 1
        same_line.append(lesson)
        chosen[index] = label
    known = names or {}
    return [_row(lessons[i], label, known.get(lessons[i].position_id, ())) for i, label in sorted(chosen.items())]


def as_json_lines(rows: Sequence[DeskRow]) -> str:
    """Return rows as JSON Lines that `read_rows` reads, with their weights and provenance."""
    return "".join(json.dumps(_json(made), ensure_ascii=False) + "\n" for made in rows)


def _alike(one: Lesson, other: Lesson) -> bool:
    return one.words == other.words or overlap(one.words, other.words) >= ALIKE


def _row(lesson: Lesson, label: Label, names: tuple[str, ...]) -> DeskRow:
    group = f"desk {lesson.shift_key or lesson.verdict_id}"
    held_out = int(identify("held out", group), 16) % 100 < HELD_OUT_PERCENT
    pair = Pair(
        holder=lesson.holder,
        topic=lesson.topic,
        position=lesson.baseline,
        statement=lesson.words,
        speaker=lesson.speaker,
        title=lesson.title,
        names=names,
        speaker_holder=lesson.speaker_holder,
        mode=lesson.mode,
        certainty=lesson.certainty,
    )
    row = Row(
        id=identify("desk row", lesson.verdict_id, lesson.article_id, lesson.start, lesson.position_id),
        pair=pair,
        relation=label.relation,
        also_ok=label.also_ok,
        group=group,
        family=FAMILY,
        split=TEST if held_out else CLASSIFIER,
        agreed=False,
    )
    return DeskRow(row=row, weight=label.weight, lesson=lesson)


def _json(made: DeskRow) -> dict[str, object]:
    row, lesson = made.row, made.lesson
    return {
        "id": row.id,
        "holder": row.pair.holder,
        "topic": row.pair.topic,
        "position": row.pair.position,
        "statement": row.pair.statement,
        "speaker": row.pair.speaker,
        "title": row.pair.title,
        "certainty": row.pair.certainty.value,
        "relation": row.relation.value,
        "also_ok": [relation.value for relation in row.also_ok],
        "group": row.group,
        "family": row.family,
        "split": row.split,
        "weight": made.weight,
        "verdict": lesson.verdict_id,
        "by": lesson.by,
        "at": lesson.at.isoformat(),
        "article": lesson.article_id,
        "start": lesson.start,
        "end": lesson.end,
        "revision": lesson.revision,
    }

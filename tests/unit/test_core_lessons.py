from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.desk import POLICY, VerdictKind
from bot.core.lessons import Label, Lesson, label_of
from bot.domain import Certainty, Mode, Relation

LESSON = Lesson(
    verdict_id="v", kind=VerdictKind.CONFIRM, reason="", by="Ada", at=datetime(2026, 1, 1, tzinfo=UTC), shift_key="k",
    position_id="p", revision=1, holder="H", topic="t", baseline="b", words="w", speaker="", speaker_holder="",
    mode=Mode.ASSERTION, certainty=Certainty.STATED, title="", article_id="a", start=0, end=1,
    relation=Relation.SOFTENING, probabilities={Relation.UNRELATED: 0.1, Relation.CONSISTENT: 0.2},
)  # fmt: skip
REJECTED = replace(LESSON, kind=VerdictKind.REJECT)


@pytest.mark.parametrize(
    ("lesson", "label"),
    [
        (LESSON, Label(relation=Relation.SOFTENING)),
        (replace(LESSON, opened=False), Label(relation=Relation.SOFTENING, weight=0.5)),
        (replace(LESSON, by=f"{POLICY} (3 outlets)"), None),
        (replace(LESSON, relation=Relation.CONSISTENT), None),
        (replace(REJECTED, reason="consistent"), Label(relation=Relation.CONSISTENT)),
        (replace(REJECTED, reason="other_speaker"), Label(relation=Relation.UNRELATED)),
        (replace(REJECTED, reason="old_news"), None),
        (
            replace(REJECTED, reason="misread"),
            Label(relation=Relation.CONSISTENT, also_ok=(Relation.UNRELATED,), weight=0.5),
        ),
        (replace(LESSON, kind=VerdictKind.LABEL, reason="hardening"), Label(relation=Relation.HARDENING)),
        (replace(LESSON, kind=VerdictKind.MERGE), None),
    ],
)
def test_what_a_verdict_teaches(lesson: Lesson, label: Label | None) -> None:
    assert label_of(lesson) == label

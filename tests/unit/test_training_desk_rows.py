from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.desk import VerdictKind
from bot.core.lessons import Lesson
from bot.domain import Certainty, Mode, Relation
from bot.training.data import read_rows
from bot.training.desk_rows import as_json_lines, desk_rows

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LESSON = Lesson(
    verdict_id="v1", kind=VerdictKind.CONFIRM, reason="", by="Ada", at=NOW, shift_key="k1", position_id="p", revision=2,
    holder="Norland", topic="tanks", baseline="No tanks.", words="Norland could send a dozen tanks before summer",
    speaker="Ada Berg", speaker_holder="Norland", mode=Mode.COMMITMENT, certainty=Certainty.STATED, title="Tanks",
    article_id="a1", start=10, end=60, relation=Relation.SOFTENING, probabilities={},
)  # fmt: skip


def lesson(number: int, words: str, **changes: object) -> Lesson:
    return replace(LESSON, words=words, article_id=f"a{number}", **changes)


def test_a_row_has_the_pair_that_was_judged_and_where_it_comes_from() -> None:
    (made,) = desk_rows([LESSON], {"p": ("Norland", "Oster")})
    assert (made.row.relation, made.weight, made.row.family) == (Relation.SOFTENING, 1.0, "desk")
    assert (made.row.pair.position, made.row.pair.statement) == ("No tanks.", LESSON.words)
    assert (made.row.pair.names, made.row.pair.speaker_holder) == (("Norland", "Oster"), "Norland")
    assert made.lesson is LESSON


def test_reports_in_nearly_the_same_words_make_one_row_and_the_later_verdict_wins() -> None:
    later = lesson(2, LESSON.words + " ends", kind=VerdictKind.REJECT, reason="consistent", at=NOW + timedelta(days=1))
    rows = desk_rows([LESSON, later, lesson(3, "Pilots will be trained in Oster", verdict_id="v3", shift_key="k3")])
    assert [made.row.relation for made in rows] == [Relation.CONSISTENT, Relation.SOFTENING]


def test_the_same_words_on_another_line_are_another_row() -> None:
    assert len(desk_rows([LESSON, replace(LESSON, baseline="Some tanks.")])) == 2


def test_of_one_shift_only_a_few_reports_are_taken() -> None:
    words = [
        "alpha",
        "bravo",
        "charlie",
        "delta",
        "echo",
        "foxtrot",
        "golf",
        "hotel",
        "india",
        "juliet",
        "kilo",
        "lima",
    ]
    told = [lesson(n, f"{a} {b} {a}ed {b}ed") for n, (a, b) in enumerate(zip(words, reversed(words), strict=True))]
    assert len(desk_rows(told)) == 6


def test_a_fifth_is_held_out_by_shift_and_always_the_same() -> None:
    told = [
        lesson(n, f"statement {'x' * (n % 7 + 3)} number {n} of many", verdict_id=f"v{n}", shift_key=f"k{n}")
        for n in range(200)
    ]
    rows = desk_rows(told)
    held = {made.row.group for made in rows if made.held_out}
    assert 0.1 < sum(made.held_out for made in rows) / len(rows) < 0.3
    assert not held & {made.row.group for made in rows if not made.held_out}
    assert {made.row.id for made in rows if made.held_out} == {made.row.id for made in desk_rows(told) if made.held_out}


def test_written_rows_can_be_read_as_labelled_rows(tmp_path: Path) -> None:
    rows = desk_rows([LESSON])
    (tmp_path / "desk.jsonl").write_text(as_json_lines(rows), encoding="utf-8")
    (read,) = read_rows(tmp_path / "desk.jsonl")
    assert (read.id, read.relation, read.group, read.split) == (
        rows[0].row.id, rows[0].row.relation, rows[0].row.group, rows[0].row.split,
    )  # fmt: skip
    assert '"verdict": "v1"' in (tmp_path / "desk.jsonl").read_text()

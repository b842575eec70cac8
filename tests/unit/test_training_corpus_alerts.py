from __future__ import annotations

from datetime import date

import pytest

from bot.core.features import Pair
from bot.domain import Candidate, Certainty, Holder, Position, Relation, Statement
from bot.training.corpus_alerts import Span, alert_score, candidate_row, overlaps
from bot.training.data import CorpusLabel

POSITION = Position(id="p", holder=Holder(name="H"), topic="t", baseline="b", since=date(2026, 1, 1))
PAIR = Pair(holder="H", topic="t", position="b", statement="s")


def label(start: int, end: int, relation: Relation | None, *, agreed: bool = True, document: str = "d") -> CorpusLabel:
    return CorpusLabel(
        document=document,
        start=start,
        end=end,
        span_hash="",
        position="p",
        relation=relation,
        speaker="",
        certainty=Certainty.STATED,
        agreed=agreed,
    )


def span(start: int, end: int, document: str = "d", position: str = "p") -> Span:
    return Span(document=document, position=position, start=start, end=end)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (span(0, 10), span(0, 100), True),
        (span(0, 10), span(5, 50), True),
        (span(0, 10), span(6, 50), False),
        (span(0, 10), span(0, 10, document="e"), False),
        (span(0, 10), span(0, 10, position="q"), False),
    ],
)
def test_spans_meet_where_half_of_the_shorter_is_shared(one: Span, other: Span, same: bool) -> None:
    assert overlaps(one, other) is overlaps(other, one) is same


def candidate(start: int, end: int) -> Candidate:
    statement = Statement(id="s", article_id="d", start=start, end=end, text="x" * (end - start))
    return Candidate(statement=statement, position=POSITION, similarity=0.5)


@pytest.mark.parametrize(
    ("labels", "relation"),
    [
        ([], Relation.UNRELATED),
        ([label(0, 10, Relation.CONSISTENT)], Relation.CONSISTENT),
        ([label(0, 10, Relation.CONSISTENT), label(0, 30, Relation.HARDENING)], Relation.HARDENING),
        ([label(50, 60, Relation.HARDENING)], Relation.UNRELATED),
    ],
)
def test_a_candidate_takes_the_label_that_it_meets_and_a_shift_before_others(labels: list, relation: Relation) -> None:
    row = candidate_row("d", candidate(0, 10), PAIR, labels)
    assert row is not None
    assert (row.relation, row.group, row.family) == (relation, "d", "corpus")


def test_a_candidate_over_which_readers_differ_gives_no_row() -> None:
    assert candidate_row("d", candidate(0, 10), PAIR, [label(0, 10, None)]) is None


def test_alerts_are_right_where_they_meet_a_shift_and_shifts_found_where_an_alert_meets_them() -> None:
    labels = [label(0, 10, Relation.HARDENING), label(20, 30, Relation.NEW_OFFER), label(40, 50, Relation.CONSISTENT)]
    score = alert_score([span(0, 10), span(2, 9), span(40, 50)], labels, ["d"])
    assert (score.precision, score.recall, score.support) == (pytest.approx(2 / 3), 0.5, 2)


def test_labels_without_agreement_count_neither_way_and_no_label_counts_as_false() -> None:
    labels = [label(0, 10, Relation.HARDENING), label(20, 30, Relation.HARDENING, agreed=False)]
    assert alert_score([span(0, 10), span(20, 30)], labels, ["d"]).precision == 1.0
    assert alert_score([span(0, 10), span(80, 90)], labels, ["d"]).precision == 0.5


def test_only_the_documents_asked_for_count() -> None:
    labels = [label(0, 10, Relation.HARDENING), label(0, 10, Relation.HARDENING, document="e")]
    assert alert_score([span(0, 10)], labels, ["d"]).recall == 1.0

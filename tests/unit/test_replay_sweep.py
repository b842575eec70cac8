"""Sweeping thresholds over labelled items."""

from __future__ import annotations

import json

import pytest
from replay_samples import LINE, POLICY, assessed, item, judged

from bot.domain import Mode, Relation
from bot.errors import InputError
from bot.replay.records import record_of
from bot.replay.sweep import read_labels, sweep

SAID = {"sure": 0.9, "likely": 0.6, "doubtful": 0.4, "false": 0.45}
ITEMS = [item(name, f"Norland may send {name} tanks.") for name in SAID]
RECORDS = {
    one.article.id: record_of(
        judged(one, assessed(one, one.article.text, Relation.SOFTENING, probability=SAID[one.document]))
    )
    for one in ITEMS
}


def labels(tmp_path, *rows):
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return read_labels(path, ITEMS)


def label(document, relation="softening", **more):
    return {"document": document, "position": LINE.id, "relation": relation} | more


def points(known):
    swept = sweep(ITEMS, RECORDS, [LINE], POLICY, known)
    return {point.threshold: point for point in swept.points}, swept


def test_each_threshold_is_scored_and_the_highest_of_the_best_chosen(tmp_path):
    known = labels(tmp_path, label("sure"), label("likely"), label("false", "consistent"))
    by_threshold, swept = points(known)
    assert (by_threshold[0.5].right, by_threshold[0.5].false, by_threshold[0.5].found) == (2, 0, 2)
    assert by_threshold[0.7].recall == 0.5
    assert swept.best.threshold > 0.5
    assert swept.best.f1 == 1.0


def test_only_labelled_documents_count(tmp_path):
    by_threshold, _ = points(labels(tmp_path, label("sure")))
    assert by_threshold[0.05].alerts == 1


def test_a_label_on_which_readers_differ_counts_neither_way(tmp_path):
    by_threshold, _ = points(labels(tmp_path, label("sure"), label("false", None)))
    assert (by_threshold[0.3].right, by_threshold[0.3].false) == (1, 0)


def test_a_label_of_other_characters_is_not_met(tmp_path):
    by_threshold, _ = points(labels(tmp_path, label("sure", start=500, end=600)))
    assert (by_threshold[0.3].found, by_threshold[0.3].false) == (0, 1)


def test_what_alerts_at_no_threshold_counts_at_none(tmp_path):
    one = ITEMS[0]
    question = judged(one, assessed(one, one.article.text, Relation.SOFTENING, mode=Mode.QUESTION))
    swept = sweep([one], {one.article.id: record_of(question)}, [LINE], POLICY, labels(tmp_path, label("sure")))
    assert all(point.alerts == 0 for point in swept.points)


def test_a_position_with_enough_labels_gets_a_threshold_of_its_own(tmp_path):
    known = labels(tmp_path, *(label("sure", start=n, end=n + 20) for n in range(5)))
    assert list(points(known)[1].by_position) == [LINE.id]
    assert not points(labels(tmp_path, label("sure")))[1].by_position


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({"document": "sure"}, "missing"),
        (label("sure", "moving"), "moving"),
        (label("sure", start="here"), "here"),
        (label("elsewhere"), "no label speaks of"),
    ],
)
def test_labels_that_cannot_be_used_are_told(tmp_path, row, complaint):
    with pytest.raises(InputError, match=complaint):
        labels(tmp_path, row)

from __future__ import annotations

import numpy as np
import pytest

from bot.domain import Relation
from bot.training.evaluation import best_threshold, calibration_error, decisions, evaluate

R = Relation
RELATIONS = tuple(Relation)


def sure(*relations: Relation) -> np.ndarray:
    return np.eye(6)[[RELATIONS.index(relation) for relation in relations]]


def test_a_perfect_judge_scores_one_everywhere() -> None:
    truth = [R.UNRELATED, R.CONSISTENT, R.SOFTENING, R.HARDENING] * 5
    found = evaluate(truth, sure(*truth), 0.5)
    assert (found.alert.f1, found.macro_f1, found.calibration_error) == (1.0, 1.0, 0.0)
    assert found.alert_f1_interval == (1.0, 1.0)


def test_the_wrong_shift_is_a_right_alert() -> None:
    found = evaluate([R.SOFTENING, R.CONSISTENT], sure(R.HARDENING, R.CONSISTENT), 0.5)
    assert found.alert.f1 == 1.0
    assert found.macro_f1 == 0.5
    assert found.confusion[RELATIONS.index(R.SOFTENING), RELATIONS.index(R.HARDENING)] == 1


def test_precision_and_recall_of_alerts() -> None:
    truth = [R.SOFTENING, R.HARDENING, R.CONSISTENT, R.UNRELATED]
    found = evaluate(truth, sure(R.SOFTENING, R.CONSISTENT, R.SOFTENING, R.UNRELATED), 0.5)
    assert (found.alert.precision, found.alert.recall, found.alert.support) == (0.5, 0.5, 2)


def test_what_annotators_noted_as_defensible_counts_there_alone() -> None:
    found = evaluate([R.SOFTENING], sure(R.CONTRADICTION), 0.5, also_ok=[[R.CONTRADICTION]])
    assert (found.defensible, found.macro_f1) == (1.0, 0.0)


def test_the_interval_is_the_same_every_time_and_holds_the_figure() -> None:
    truth = [R.SOFTENING, R.CONSISTENT] * 20
    probabilities = sure(*([R.SOFTENING, R.CONSISTENT] * 15), *([R.CONSISTENT, R.SOFTENING] * 5))
    one, two = (evaluate(truth, probabilities, 0.5) for _ in range(2))
    assert one.alert_f1_interval == two.alert_f1_interval
    assert one.alert_f1_interval[0] < one.alert.f1 < one.alert_f1_interval[1]


def test_the_threshold_moves_a_row_between_shift_and_none() -> None:
    row = np.array([[0.1, 0.5, 0.2, 0.2, 0.0, 0.0]])
    assert RELATIONS[decisions(row, 0.5)[0]] is R.CONSISTENT
    assert RELATIONS[decisions(row, 0.4)[0]] is R.SOFTENING


def test_the_best_threshold_parts_shifts_from_the_rest() -> None:
    probabilities = np.zeros((4, 6))
    probabilities[:, 2] = [0.9, 0.6, 0.3, 0.1]
    probabilities[:, 1] = 1 - probabilities[:, 2]
    chosen = best_threshold([R.SOFTENING, R.HARDENING, R.CONSISTENT, R.UNRELATED], probabilities)
    assert 0.3 < chosen <= 0.6


def test_calibration_error_is_the_gap_between_belief_and_share() -> None:
    happened = np.array([True, False, False, False])
    assert calibration_error(happened, np.full(4, 0.25)) == pytest.approx(0.0)
    assert calibration_error(happened, np.full(4, 0.85)) == pytest.approx(0.6)


def test_no_rows_is_said_so() -> None:
    with pytest.raises(ValueError, match="no labelled rows"):
        evaluate([], np.empty((0, 6)), 0.5)


def test_a_defensible_relation_counts_as_the_label_in_the_lenient_figure_alone() -> None:
    found = evaluate([R.SOFTENING, R.HARDENING], sure(R.CONSISTENT, R.HARDENING), 0.5, also_ok=[[R.CONSISTENT], []])
    assert (found.alert.recall, found.lenient.recall, found.lenient.f1) == (0.5, 1.0, 1.0)


def test_every_figure_has_an_interval_that_holds_it() -> None:
    truth = [R.SOFTENING, R.CONSISTENT, R.UNRELATED] * 20
    found = evaluate(truth, sure(*truth[:45], *([R.SOFTENING] * 15)), 0.5)
    low, high = found.alert_precision_interval
    assert low < found.alert.precision < high
    assert found.alert_recall_interval == (1.0, 1.0)
    low, high = found.relation_intervals[R.CONSISTENT]
    assert low < found.relations[R.CONSISTENT].f1 < high

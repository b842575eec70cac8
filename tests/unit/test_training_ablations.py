"""The detector's parts one by one, over an encoder that knows the answer from the line and features that do not."""

from __future__ import annotations

import numpy as np
import pytest

from bot.core.features import ENCODER_NAMES, FEATURE_NAMES, Pair
from bot.domain import Relation
from bot.training.ablations import NLI, ablations, simple
from bot.training.data import CLASSIFIER, ENCODER, Row
from bot.training.evaluation import evaluate

RELATIONS = list(Relation)


def rows(split: str, count: int = 90) -> list[Row]:
    """Rows whose relation stands in the line and not in the statement."""
    made = []
    for number in range(count):
        relation = RELATIONS[number % 6]
        pair = Pair(holder="Norland", topic="tanks", position=relation.value, statement=f"words {number} of many words")
        made.append(Row(id=str(number), pair=pair, relation=relation, group=f"g{number % 15}", split=split))
    return made


class Scorer:
    def score(self, pairs):
        made = np.zeros((len(pairs), 9), dtype=np.float32)
        for row, (claim, _) in zip(made, pairs, strict=True):
            for place, relation in enumerate(RELATIONS):
                row[3 + place] = 5.0 * (relation.value in claim.split())
            for place, relation in enumerate(NLI):
                row[place] = 5.0 * (relation.value in claim.split())
        return made


class Featurizer:
    scorer = Scorer()

    def features(self, pairs):
        made = np.random.default_rng(0).normal(size=(len(pairs), len(FEATURE_NAMES)))
        made[:, : len(ENCODER_NAMES)] = self.scorer.score([(pair.position, pair.statement) for pair in pairs])
        return made

    def similarities(self, pairs):
        return np.full((len(pairs), 2), 0.5)


CASES = rows("", 60)
PAIRS = [*rows(ENCODER), *rows(CLASSIFIER)]


@pytest.fixture(scope="module")
def macro() -> dict[str, float]:
    judged = ablations(Featurizer(), CASES, PAIRS) | simple(Featurizer(), CASES, PAIRS)
    truth = [row.relation for row in CASES]
    return {
        name: evaluate(truth, one.probabilities, one.threshold, resamples=0).macro_f1 for name, one in judged.items()
    }


def test_every_part_has_its_row(macro: dict[str, float]) -> None:
    assert set(macro) == {
        "encoder alone",
        "encoder alone, without the line",
        "plain three-way NLI of the encoder",
        "detector without the line",
        "detector without the encoder",
        "detector without attribution",
        "alert on everything",
        "cosine",
        "bag of words (TF-IDF)",
    }


def test_what_knows_the_line_is_right_and_what_is_kept_from_it_is_not(macro: dict[str, float]) -> None:
    assert macro["encoder alone"] == macro["detector without attribution"] == 1.0
    assert macro["encoder alone, without the line"] < 0.3
    assert macro["detector without the line"] < 0.5
    assert macro["detector without the encoder"] < 0.5


def test_three_classes_of_entailment_can_tell_three_relations(macro: dict[str, float]) -> None:
    assert 0.3 < macro["plain three-way NLI of the encoder"] < 0.7

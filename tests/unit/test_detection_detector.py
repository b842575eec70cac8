"""The detector with an encoder that believes in a word: no model is loaded."""

from __future__ import annotations

import numpy as np

from bot.core.features import FEATURE_NAMES, Pair
from bot.detection.detector import Detector
from bot.domain import Relation

RELATIONS = list(Relation)
SOFT = RELATIONS.index(Relation.SOFTENING)
KEPT = RELATIONS.index(Relation.CONSISTENT)


class Words:
    """Takes "but" for softening, and all else for the line."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def score(self, pairs):
        self.calls.append(len(pairs))
        logits = np.zeros((len(pairs), 9), dtype=np.float32)
        logits[:, 3 + SOFT] = [4.0 * ("but" in evidence) for _, evidence in pairs]
        logits[:, 3 + KEPT] = [4.0 * ("but" not in evidence) for _, evidence in pairs]
        return logits


class Features:
    def __init__(self, scorer: Words) -> None:
        self.scorer = scorer

    def features(self, pairs):
        made = np.zeros((len(pairs), len(FEATURE_NAMES)))
        made[:, 0] = ["but" in pair.statement and "Nobody says" not in pair.statement for pair in pairs]
        return made


class Sure:
    def predict_proba(self, features):
        made = np.zeros((len(features), 6))
        made[:, SOFT] = features[:, 0] * 0.8
        made[:, KEPT] = 1 - made[:, SOFT]
        return made


def pair(statement: str, before: str = "") -> Pair:
    return Pair(holder="Norland", topic="tanks", position="Norland sends no tanks.", statement=statement, before=before)


def judged(*statements: str, before: str = ""):
    scorer = Words()
    detector = Detector(featurizer=Features(scorer), classifier=Sure(), name="test")
    pairs = [pair(statement, before) for statement in statements]
    return detector.judge(pairs, [0.5] * len(statements)), scorer.calls


def test_the_clause_that_the_belief_rests_on_is_the_evidence_for_each_of_several_shifts() -> None:
    found, _ = judged(
        "Norland sends no tanks today, but it may send some in spring.",
        "Nothing has been decided here.",
        "It was a long night in the capital, but trucks are on their way.",
    )
    assert [one.relation for one in found] == [Relation.SOFTENING, Relation.CONSISTENT, Relation.SOFTENING]
    assert [one.evidence for one in found] == [
        "but it may send some in spring.",
        "",
        "but trucks are on their way.",
    ]


def test_the_encoder_is_asked_once_for_all_evidence() -> None:
    _, calls = judged("One thing, but another thing came.", "First of all, but then it came.", "Nothing at all.")
    assert len(calls) == 1


def test_a_statement_of_one_clause_is_its_own_evidence_and_asks_for_nothing() -> None:
    found, calls = judged("Trucks but none")
    assert (found[0].evidence, calls) == ("Trucks but none", [])


def test_nothing_asked_is_nothing_judged() -> None:
    assert judged() == ([], [])


def test_what_the_sentence_before_undoes_is_no_shift() -> None:
    (undone, kept), _ = judged("It sends some, but later.", "Nothing is sent.", before="Nobody says this:")
    assert (undone.relation, undone.shift_probability, undone.evidence) == (Relation.CONSISTENT, 0.0, "")
    assert kept.relation is Relation.CONSISTENT


def test_a_shift_that_the_sentence_before_leaves_one_keeps_its_own_belief_and_words() -> None:
    ((told,), _) = judged("Trucks but none", before="It was late.")
    assert (told.relation, told.shift_probability, told.evidence) == (Relation.SOFTENING, 0.8, "Trucks but none")

from __future__ import annotations

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from bot.detection.classifier import RelationClassifier, load_classifier, relation_labels, save_classifier
from bot.domain import Relation
from bot.errors import ModelError


@parametrize_with_checks([RelationClassifier()])
def test_it_keeps_scikit_learns_contract(estimator, check) -> None:
    check(estimator)


def fitted() -> RelationClassifier:
    generator = np.random.default_rng(0)
    y = np.arange(60) % 6
    return RelationClassifier().fit(generator.normal(size=(60, 4)) + y[:, None], y)


def test_a_saved_classifier_gives_the_same_probabilities(tmp_path) -> None:
    classifier = fitted()
    save_classifier(classifier, tmp_path / "c.skops")
    x = np.random.default_rng(1).normal(size=(5, 4))
    np.testing.assert_allclose(load_classifier(tmp_path / "c.skops").predict_proba(x), classifier.predict_proba(x))


def test_a_damaged_file_is_a_model_fault_that_says_what_to_do(tmp_path) -> None:
    (tmp_path / "c.skops").write_bytes(b"not a zip")
    with pytest.raises(ModelError, match="walkback train"):
        load_classifier(tmp_path / "c.skops")


def test_foreign_types_are_never_built(tmp_path) -> None:
    class Foreign(LogisticRegression):
        pass

    foreign = Foreign().fit([[0.0], [1.0]], [0, 1])
    Foreign.__module__, Foreign.__qualname__ = "elsewhere", "Foreign"
    skops.io.dump(foreign, tmp_path / "c.skops")
    with pytest.raises(ModelError, match=r"not ours|cannot be loaded"):
        load_classifier(tmp_path / "c.skops")


def test_a_classifier_of_other_classes_is_refused(tmp_path) -> None:
    save_classifier(RelationClassifier().fit([[0.0], [1.0]], [0, 1]), tmp_path / "c.skops")
    with pytest.raises(ModelError, match="six relations"):
        load_classifier(tmp_path / "c.skops")


def test_labels_are_places_in_the_order_of_relations() -> None:
    assert relation_labels([Relation.UNRELATED, Relation.NEW_OFFER]).tolist() == [0, 5]

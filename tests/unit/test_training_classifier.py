from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from bot.domain import Relation
from bot.training.classifier import RelationClassifier, relation_labels, served


@parametrize_with_checks([RelationClassifier()])
def test_it_keeps_scikit_learns_contract(estimator, check) -> None:
    check(estimator)


@pytest.mark.parametrize(("leading", "rest"), [(None, 1.0), (2, 0.1), (2, 0.0)])
def test_what_is_served_gives_the_probabilities_of_what_was_fitted(leading: int | None, rest: float) -> None:
    generator = np.random.default_rng(0)
    y = np.arange(60) % 6
    x = 7.0 * generator.normal(size=(60, 4)) + y[:, None]
    classifier = RelationClassifier(leading=leading, rest=rest).fit(x, y)
    asked = generator.normal(size=(5, 4))
    np.testing.assert_allclose(served(classifier).predict_proba(asked), classifier.predict_proba(asked))


def test_a_classifier_that_has_not_met_every_relation_is_not_served() -> None:
    with pytest.raises(ValueError, match="every relation"):
        served(RelationClassifier().fit([[0.0], [1.0]], [0, 1]))


def test_labels_are_places_in_the_order_of_relations() -> None:
    assert relation_labels([Relation.UNRELATED, Relation.NEW_OFFER]).tolist() == [0, 5]

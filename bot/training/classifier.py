"""The scikit-learn classifier over named features, and what of it is served."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import check_is_fitted, validate_data

from bot.detection.classifier import LinearClassifier
from bot.domain import Relation


class RelationClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Multinomial logistic regression over standardised features.

    Args:
        C: Inverse strength of the L2 penalty, above 0.
        leading: How many features, from the first, are taken at their full scale; None for all.
        rest: The scale of the others, in [0, 1]: the smaller, the more it takes to make them count.
        max_iter: Most iterations of the solver.

    Attributes:
        classes_: Labels met in `fit`, sorted, shape (n_classes,).
        scaler_: The fitted scaler.
        regression_: The fitted regression.
        n_features_in_: Number of features met in `fit`.
        n_iter_: Iterations that the solver took.

    Examples:
        >>> import numpy as np
        >>> x = np.array([[0.0], [0.1], [1.0], [1.1]])
        >>> RelationClassifier().fit(x, [0, 0, 1, 1]).predict([[0.05], [1.05]]).tolist()
        [0, 1]
    """

    def __init__(
        self,
        C: float = 0.1,  # noqa: N803 - scikit-learn's own name
        max_iter: int = 2000,
        leading: int | None = None,
        rest: float = 1.0,
    ) -> None:
        self.C = C
        self.max_iter = max_iter
        self.leading = leading
        self.rest = rest

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:  # noqa: N803 - as scikit-learn names it
        """Fit to X, shape (n, features), and y, shape (n,); ValueError for fewer than two classes."""
        X, y = validate_data(self, X, y)  # noqa: N806 - as scikit-learn names it
        self.classes_ = unique_labels(y)
        if len(self.classes_) < 2:
            raise ValueError(f"at least two classes are needed, got one class: {self.classes_[0]}")
        self.scaler_ = StandardScaler().fit(X, sample_weight=sample_weight)
        self.regression_ = LogisticRegression(C=self.C, max_iter=self.max_iter)
        self.regression_.fit(self._scaled(X), y, sample_weight=sample_weight)
        self.n_iter_ = int(self.regression_.n_iter_.max())
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803 - as scikit-learn names it
        """Return probabilities, shape (n, n_classes), in the order of `classes_`."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)  # noqa: N806 - as scikit-learn names it
        probabilities: NDArray[np.float64] = self.regression_.predict_proba(self._scaled(X))
        return probabilities

    def _scaled(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803 - as scikit-learn names it
        scaled: NDArray[np.float64] = self.scaler_.transform(X)
        if self.leading is not None:
            scaled[:, self.leading :] *= self.rest
        return scaled

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803 - as scikit-learn names it
        """Return the likeliest label of each row."""
        best = np.argmax(self.predict_proba(X), axis=1)
        labels: NDArray[Any] = self.classes_[best]
        return labels


def relation_labels(relations: list[Relation]) -> NDArray[np.int64]:
    """Return relations as the integers the artefact is trained on: their place in `Relation`."""
    places = {relation: index for index, relation in enumerate(Relation)}
    return np.array([places[relation] for relation in relations], dtype=np.int64)


def served(classifier: RelationClassifier) -> LinearClassifier:
    """Return a fitted classifier of the six relations as what is served: scaling and regression in one matrix.

    Raises:
        ValueError: It was not fitted on rows of every relation.
    """
    check_is_fitted(classifier)
    if classifier.classes_.tolist() != list(range(len(Relation))):
        raise ValueError(f"no rows of every relation were learnt, but of {classifier.classes_.tolist()} alone")
    factors = 1.0 / classifier.scaler_.scale_
    if classifier.leading is not None:
        factors[classifier.leading :] *= classifier.rest
    weights = classifier.regression_.coef_ * factors
    return LinearClassifier(
        weights=weights, bias=classifier.regression_.intercept_ - weights @ classifier.scaler_.mean_
    )

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bot.core.features import FEATURE_NAMES
from bot.detection.classifier import LinearClassifier, even_odds, load_classifier, save_classifier
from bot.domain import Relation
from bot.errors import ModelError


def test_a_saved_classifier_gives_the_same_probabilities(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    classifier = LinearClassifier(weights=generator.normal(size=(6, 4)), bias=generator.normal(size=6))
    save_classifier(classifier, tmp_path / "c.npz")
    x = generator.normal(size=(5, 4))
    found = load_classifier(tmp_path / "c.npz").predict_proba(x)
    assert found.tolist() == classifier.predict_proba(x).tolist()
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert [path.name for path in tmp_path.iterdir()] == ["c.npz"]


def test_great_figures_stay_probabilities() -> None:
    found = LinearClassifier(weights=1e4 * np.eye(6), bias=np.zeros(6)).predict_proba(np.eye(6))
    np.testing.assert_allclose(found, np.eye(6), atol=1e-9)


def test_a_damaged_file_is_a_model_fault_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "c.npz").write_bytes(b"not a zip")
    with pytest.raises(ModelError, match="walkback train"):
        load_classifier(tmp_path / "c.npz")


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    (tmp_path / "c.npz").write_bytes(pickle.dumps(even_odds()))
    with pytest.raises(ModelError, match="walkback train"):
        load_classifier(tmp_path / "c.npz")
    np.savez(tmp_path / "c.npz", weights=np.array([[object()]] * 6), bias=np.zeros(6))
    with pytest.raises(ModelError, match="allow_pickle"):
        load_classifier(tmp_path / "c.npz")


@pytest.mark.parametrize("shape", [(2, 4), (6,)])
def test_a_classifier_of_other_classes_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    save_classifier(LinearClassifier(weights=np.zeros(shape), bias=np.zeros(shape[0])), tmp_path / "c.npz")
    with pytest.raises(ModelError, match="six relations"):
        load_classifier(tmp_path / "c.npz")


def test_who_has_learnt_nothing_finds_all_relations_alike() -> None:
    found = even_odds().predict_proba(np.ones((2, len(FEATURE_NAMES))))
    np.testing.assert_allclose(found, np.full((2, len(Relation)), 1 / 6))


def test_the_bot_serves_without_scikit_learn() -> None:
    """What scikit-learn brings would be a fifth of the bot's memory, and a second at every start."""
    code = "import sys, bot.cli, bot.commands.running, bot.detection.detector; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False).returncode == 0

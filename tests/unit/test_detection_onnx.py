"""The shipped models, as they are read: one text a run, so that a figure never hangs on what else was asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.config import shipped_path
from bot.detection.onnx import CrossEncoder, SentenceEncoder
from bot.errors import ModelError

CLAIM = "Norland on tanks: Norland sends no tanks to anybody."
PAIRS = [
    (CLAIM, "Ada Berg (Minister): We send none."),
    (
        CLAIM,
        "Report (tanks): After a long night in the capital the cabinet let it be known that some might go in spring.",
    ),
    (CLAIM, "Bo (x): No."),
]


@pytest.fixture(scope="module")
def encoder() -> CrossEncoder:
    return CrossEncoder(shipped_path("models") / "encoder", threads=1)


def test_a_pair_is_scored_alike_alone_in_company_and_in_another_order(encoder: CrossEncoder) -> None:
    together = encoder.score(PAIRS)
    np.testing.assert_array_equal(encoder.score(PAIRS[:1])[0], together[0])
    np.testing.assert_array_equal(encoder.score(PAIRS[::-1])[::-1], together)


def test_a_pair_that_is_asked_twice_is_answered_twice(encoder: CrossEncoder) -> None:
    scores = encoder.score([PAIRS[0], PAIRS[2], PAIRS[0]])
    assert scores.shape == (3, len(encoder.names))
    np.testing.assert_array_equal(scores[0], scores[2])
    assert (scores[0] != scores[1]).any()


def test_a_sentence_has_the_same_vector_of_length_one_beside_longer_ones() -> None:
    embedder = SentenceEncoder(shipped_path("models") / "topics", threads=1)
    vectors = embedder.embed(["Tanks.", "A much longer sentence about tanks, grain and what the cabinet said of them."])
    np.testing.assert_array_equal(embedder.embed(["Tanks."])[0], vectors[0])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_no_texts_are_no_rows(encoder: CrossEncoder) -> None:
    assert len(encoder.score([])) == 0


def test_a_folder_without_a_model_is_a_model_fault(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be loaded"):
        CrossEncoder(tmp_path)

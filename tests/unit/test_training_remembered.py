from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.training.remembered import EVERY, RememberedScores, scores_path


class Counting:
    """Logits that say how long the two texts are; counts what it was asked."""

    names = ("a", "b")

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def score(self, pairs):
        self.asked += pairs
        return np.array([[len(claim), len(evidence)] for claim, evidence in pairs], dtype=np.float32)


PAIRS = [("one", "three"), ("four", ""), ("one", "three")]


def test_what_was_answered_once_is_not_asked_again_in_this_run_or_the_next(tmp_path: Path) -> None:
    first = Counting()
    scores = RememberedScores(first, tmp_path / "s.npz").score(PAIRS)
    np.testing.assert_array_equal(scores, [[3, 5], [4, 0], [3, 5]])
    assert first.asked == PAIRS[:2]
    second = Counting()
    again = RememberedScores(second, tmp_path / "s.npz")
    np.testing.assert_array_equal(again.score([PAIRS[1], ("new", "")]), [[4, 0], [3, 0]])
    assert second.asked == [("new", "")]


def test_a_break_loses_at_most_the_last_few_pairs(tmp_path: Path) -> None:
    class Breaking(Counting):
        def score(self, pairs):
            if len(self.asked) >= EVERY:
                raise KeyboardInterrupt
            return super().score(pairs)

    many = [(str(number), "") for number in range(EVERY + 1)]
    with pytest.raises(KeyboardInterrupt):
        RememberedScores(Breaking(), tmp_path / "s.npz").score(many)
    rest = Counting()
    RememberedScores(rest, tmp_path / "s.npz").score(many)
    assert rest.asked == many[EVERY:]


def test_the_border_between_the_texts_counts(tmp_path: Path) -> None:
    scores = RememberedScores(Counting(), tmp_path / "s.npz").score([("ab", "c"), ("a", "bc")])
    np.testing.assert_array_equal(scores, [[2, 1], [1, 2]])


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04broken"])
def test_a_damaged_file_is_made_again(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s.npz").write_bytes(content)
    scores = RememberedScores(Counting(), tmp_path / "s.npz").score(PAIRS)
    assert scores.shape == (3, 2)
    assert RememberedScores(Counting(), tmp_path / "s.npz").score(PAIRS[:1]).tolist() == [[3, 5]]


def test_no_pairs_are_no_rows(tmp_path: Path) -> None:
    assert RememberedScores(Counting(), tmp_path / "s.npz").score([]).shape == (0, 2)


def test_another_encoder_has_another_file(tmp_path: Path) -> None:
    names = []
    for content in (b"one", b"two"):
        (tmp_path / "model.onnx").write_bytes(content)
        (tmp_path / "tokenizer.json").write_bytes(b"same")
        names.append(scores_path(tmp_path, tmp_path))
    assert len(set(names)) == 2

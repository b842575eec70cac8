from __future__ import annotations

import numpy as np
import pytest

from bot.core.likeness import Telling, apart, best_likeness, content_words, figures, likeness, overlap, surname

ONE = Telling(words="Norland could accept a pause of twenty years", speaker="Ada Berg")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a pause of twenty years", {20}),
        ("a 20-year pause", {20}),
        ("two decades of waiting", {20}),
        ("a dozen tanks in 2026", {12}),
        ("one condition, no number", set()),
        ("12 tanks and three ships", {12, 3}),
    ],
)
def test_figures_are_the_same_in_words_and_digits_and_years_are_none(text: str, found: set[int]) -> None:
    assert figures(text) == found


@pytest.mark.parametrize(
    ("speaker", "name"),
    [
        ("Foreign Minister Ada Berg", "berg"),
        ("Berg", "berg"),
        ("the foreign minister", ""),
        ("a senior Norland", ""),
        ("", ""),
    ],
)
def test_only_a_name_is_a_surname(speaker: str, name: str) -> None:
    assert surname(speaker) == name


def test_overlap_is_of_content_words_beside_the_lines_own() -> None:
    assert overlap("the tanks were sent", "tanks sent after that") == 1.0
    assert overlap("", "tanks") == 0.0
    assert overlap("a dozen tanks", "some tanks", content_words("no tanks")) == 0.0


def test_what_lies_along_the_line_is_taken_out() -> None:
    vectors = np.array([[0.8, 0.6, 0.0], [0.8, 0.0, 0.6], [1.0, 0.0, 0.0]])
    left = apart(vectors, np.array([[1.0, 0.0, 0.0]]))
    assert left.tolist() == [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]


def test_speaker_and_figures_tell_reports_apart_and_join_them() -> None:
    other = Telling(words="A delay by two decades would do", speaker="Foreign Minister Berg")
    assert likeness(ONE, other, 0.2) == pytest.approx(0.45)
    assert likeness(ONE, Telling(words="Bases must go, all thirty", speaker="Nils Aker"), 0.5) == pytest.approx(0.2)
    assert likeness(ONE, Telling(words="Bases must go"), 0.5) == pytest.approx(0.45)


def test_the_same_or_nearly_the_same_words_are_one_report_whatever_the_vectors_say() -> None:
    assert likeness(ONE, Telling(words=ONE.words, speaker="Nils Aker"), -1.0) == 1.0
    assert likeness(ONE, Telling(words=ONE.words + " today"), -1.0) == 1.0


def test_a_report_is_as_like_a_shift_as_its_likest_account() -> None:
    vectors = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    others = [Telling(words="something else"), Telling(words="yet another thing")]
    assert best_likeness(Telling(words="a third matter"), others, vectors) == pytest.approx(0.6)
    assert best_likeness(ONE, [], vectors[:1]) == -1.0

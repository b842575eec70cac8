from __future__ import annotations

import numpy as np
import pytest

from bot.core.features import (
    ENCODER_NAMES,
    FEATURE_NAMES,
    Pair,
    encoder_pair,
    feature_matrix,
    mentions,
    symbolic_row,
)
from bot.domain import Certainty, Mode

PAIR = Pair(
    holder="Norland",
    topic="tanks for Sudland",
    position="Norland will send no tanks to Sudland.",
    statement="Norland could send a dozen tanks, the defence minister said.",
    speaker="Ada Berg",
    title="Norland reconsiders",
    names=("Oslohavn", "Ada Berg"),
)


def named(pair: Pair) -> dict[str, float]:
    logits = np.zeros((1, len(ENCODER_NAMES)))
    return dict(zip(FEATURE_NAMES, feature_matrix([pair], logits, np.zeros((1, 2)))[0], strict=True))


def test_names_are_unique_and_as_many_as_columns() -> None:
    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES)
    assert feature_matrix([], np.empty((0, 9)), np.empty((0, 2))).shape == (0, len(FEATURE_NAMES))
    assert feature_matrix([PAIR], np.zeros((1, 9)), np.zeros((1, 2))).shape == (1, len(FEATURE_NAMES))


def test_the_encoder_reads_holder_topic_and_line_against_speaker_title_and_statement() -> None:
    claim, evidence = encoder_pair(PAIR)
    assert claim == "Norland on tanks for Sudland: Norland will send no tanks to Sudland."
    assert evidence == "Ada Berg (Norland reconsiders): Norland could send a dozen tanks, the defence minister said."


def test_a_report_without_speaker_and_title_is_read_as_a_report_on_the_topic() -> None:
    pair = Pair(holder="A", topic="b", position="c", statement="d")
    assert encoder_pair(pair)[1] == "Report (b): d"


@pytest.mark.parametrize(
    ("changes", "feature", "value"),
    [
        ({}, "holder_speaks", 1.0),
        ({"speaker": "Carl Lund"}, "holder_speaks", 0.0),
        ({"speaker_holder": "Sudland"}, "other_speaks", 1.0),
        ({"speaker_holder": "Sudland"}, "holder_speaks", 0.0),
        ({"speaker_holder": "Norland", "speaker": "Carl Lund"}, "holder_speaks", 1.0),
        ({}, "holder_named", 1.0),
        ({"statement": "He could live with it."}, "holder_named", 0.0),
        ({"certainty": Certainty.REPORTED}, "reported", 1.0),
        ({"mode": Mode.QUESTION}, "mode_question", 1.0),
        ({}, "cue_opening", 1.0),
        ({}, "baseline_refuses", 1.0),
        ({}, "polarity_differs", 1.0),
        ({"statement": "Norland will not send tanks."}, "polarity_differs", 0.0),
    ],
)
def test_each_feature_says_what_its_name_says(changes: dict, feature: str, value: float) -> None:
    pair = Pair(**{name: getattr(PAIR, name) for name in Pair.__slots__} | changes)
    assert named(pair)[feature] == value


def test_logits_become_log_probabilities_of_each_head() -> None:
    logits = np.array([[2.0, 0.0, -1.0, 5.0, 0.0, 0.0, 0.0, 0.0, -40.0]])
    row = feature_matrix([PAIR], logits, np.zeros((1, 2)))[0]
    assert np.exp(row[:3]).sum() == pytest.approx(1.0)
    assert np.exp(row[3:9]).sum() == pytest.approx(1.0, abs=1e-4)
    assert row[8] == -12.0


def test_similarities_stand_where_their_names_are() -> None:
    row = feature_matrix([PAIR], np.zeros((1, 9)), np.array([[0.25, 0.75]]))[0]
    assert row[FEATURE_NAMES.index("similarity_topic")] == 0.25
    assert row[FEATURE_NAMES.index("similarity_baseline")] == 0.75


def test_the_symbolic_part_needs_no_model() -> None:
    assert symbolic_row(PAIR).shape == (len(FEATURE_NAMES) - len(ENCODER_NAMES) - 2,)


@pytest.mark.parametrize(
    ("text", "names", "found"),
    [
        ("Moscow said so.", ("Moscow",), True),
        ("Moscowite words.", ("Moscow",), False),
        ("The U.S. said so.", ("U.S.",), True),
        ("Nothing here.", (), False),
        ("Nothing here.", ("",), False),
    ],
)
def test_a_name_is_found_as_a_whole_word(text: str, names: tuple[str, ...], found: bool) -> None:
    assert mentions(text, names) is found

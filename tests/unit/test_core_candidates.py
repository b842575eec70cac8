from __future__ import annotations

import numpy as np
import pytest
from topic_matching import match_topics

from bot.core.candidates import MatchPolicy, alone, hanging, may_match, nearness

POLICY = MatchPolicy(enough=0.6, own_voice=0.25, support=0.5, most_support=0.6, lag=2.0, per_sentence=2)


def at(cosine: float) -> np.ndarray:
    """A unit vector with this cosine to the first axis."""
    return np.array([cosine, np.sqrt(1 - cosine**2)])


TOPIC = np.array([[1.0, 0.0]])


def places(*sentences: float, own: tuple[int, ...] = ()) -> list[int]:
    found = match_topics(np.stack([at(c) for c in sentences]), [TOPIC], POLICY, own=own)
    return [match.sentence for match in found]


def test_a_sentence_near_the_topic_matches_alone() -> None:
    assert places(0.1, 0.7, 0.0) == [1]


def test_a_distant_sentence_does_not_match() -> None:
    assert places(0.1, 0.2) == []


def test_a_middling_sentence_matches_beside_a_near_one() -> None:
    assert places(0.4, 0.7, 0.4, 0.3) == [0, 1, 2]


def test_the_holders_own_voice_needs_less() -> None:
    assert places(0.2, 0.4, 0.0) == []
    assert places(0.2, 0.4, 0.0, own=(1, 2)) == [1]


def test_more_support_than_counts_does_not_carry_a_sentence() -> None:
    assert places(0.25, 1.0, own=()) == [1]


def test_the_nearest_paraphrase_counts() -> None:
    topic = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert len(match_topics(np.stack([at(0.9)]), [topic], POLICY)) == 1


def test_only_the_nearest_positions_are_kept_for_a_sentence_nearest_first() -> None:
    topics = [np.array([at(0.9)]), np.array([at(0.95)]), np.array([at(1.0)])]
    found = match_topics(np.stack([at(1.0)]), topics, POLICY)
    assert [match.position for match in found] == [2, 1]
    assert found[1].similarity == pytest.approx(0.95)


def test_a_position_far_behind_the_closest_is_not_matched() -> None:
    topics = [np.array([at(0.8)]), np.array([at(1.0)])]
    found = match_topics(np.stack([at(1.0)]), topics, POLICY)
    assert [match.position for match in found] == [1]


def test_what_may_not_match_does_not() -> None:
    allowed = np.array([[False], [True]])
    found = match_topics(np.stack([at(0.9), at(0.9)]), [TOPIC], POLICY, allowed=allowed)
    assert [match.sentence for match in found] == [1]


def test_nothing_matches_without_sentences_or_topics() -> None:
    assert match_topics(np.empty((0, 2)), [TOPIC], POLICY) == []
    assert match_topics(np.stack([at(1.0)]), [], POLICY) == []


@pytest.mark.parametrize("seed", range(20))
def test_what_stands_beside_a_sentence_matters_only_where_its_match_may_hang_on_it(seed: int) -> None:
    closeness = np.random.default_rng(seed).uniform(-0.2, 0.9, size=(6, 3))
    beside = [[index - 1] if index else [] for index in range(6)]
    most = [[other for other in range(6) if other != index] for index in range(6)]
    idle = ~hanging(closeness, POLICY)
    for around in (beside, most):
        assert not may_match(nearness(closeness, around, POLICY), POLICY)[idle].any()


def test_a_closer_sentence_is_nearer() -> None:
    less, more = np.array([[0.3, 0.5]]), np.array([[0.4, 0.5]])
    assert alone(more, POLICY)[0, 0] > alone(less, POLICY)[0, 0]

from __future__ import annotations

import numpy as np
from topic_matching import match_topics

from bot.core.candidates import MatchPolicy

POLICY = MatchPolicy(alone=0.5, supported=0.3, margin=0.15, per_sentence=2)


def at(cosine: float) -> np.ndarray:
    """A unit vector with this cosine to the first axis."""
    return np.array([cosine, np.sqrt(1 - cosine**2)])


TOPIC = np.array([[1.0, 0.0]])


def places(sentences: list[float], title: float | None = None) -> list[int]:
    vectors = np.stack([at(c) for c in sentences])
    found = match_topics(vectors, None if title is None else at(title), [TOPIC], POLICY)
    return [match.sentence for match in found]


def test_a_sentence_near_the_topic_matches_alone() -> None:
    assert places([0.1, 0.6, 0.1]) == [1]


def test_a_distant_sentence_does_not_match() -> None:
    assert places([0.1, 0.2]) == []


def test_a_middling_sentence_matches_beside_a_near_one() -> None:
    assert places([0.4, 0.6, 0.4, 0.4]) == [0, 1, 2]


def test_a_middling_sentence_matches_under_a_title_on_the_topic() -> None:
    assert places([0.4, 0.1], title=0.7) == [0]
    assert places([0.4, 0.1], title=0.2) == []


def test_the_nearest_paraphrase_counts() -> None:
    topic = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert len(match_topics(np.stack([at(0.9)]), None, [topic], POLICY)) == 1


def test_only_the_closest_positions_are_kept_for_a_sentence_closest_first() -> None:
    topics = [np.array([at(0.9)]), np.array([at(0.95)]), np.array([at(1.0)])]
    found = match_topics(np.stack([at(1.0)]), None, topics, POLICY)
    assert [match.position for match in found] == [2, 1]


def test_a_position_far_behind_the_closest_is_not_matched() -> None:
    topics = [np.array([at(0.8)]), np.array([at(1.0)])]
    found = match_topics(np.stack([at(1.0)]), None, topics, POLICY)
    assert [match.position for match in found] == [1]


def test_nothing_matches_without_sentences_or_topics() -> None:
    assert match_topics(np.empty((0, 2)), None, [TOPIC], POLICY) == []
    assert match_topics(np.stack([at(1.0)]), None, [], POLICY) == []

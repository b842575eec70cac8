from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.features import Pair
from bot.core.verdict import clauses, decide, deciding_words, explain
from bot.domain import Certainty, Relation


def probabilities(**given_: float) -> dict[Relation, float]:
    return {relation: given_.get(relation.value, 0.0) for relation in Relation}


@pytest.mark.parametrize(
    ("given_", "threshold", "relation"),
    [
        ({"consistent": 0.6, "softening": 0.4}, 0.5, Relation.CONSISTENT),
        ({"consistent": 0.4, "softening": 0.3, "contradiction": 0.3}, 0.5, Relation.SOFTENING),
        ({"unrelated": 0.5, "hardening": 0.5}, 0.5, Relation.HARDENING),
        ({"unrelated": 0.3, "consistent": 0.4, "new_offer": 0.3}, 0.2, Relation.NEW_OFFER),
    ],
)
def test_shifts_count_together_against_the_threshold(given_: dict, threshold: float, relation: Relation) -> None:
    assert decide(probabilities(**given_), threshold) is relation


@given(st.text(max_size=300))
def test_clauses_keep_order_do_not_overlap_and_lose_only_white_space(text: str) -> None:
    spans = clauses(text)
    end = 0
    for start, stop in spans:
        assert not text[end:start].strip()
        assert start < stop
        end = stop
    assert not text[end:].strip()


def test_clauses_are_cut_at_conjunctions_and_commas() -> None:
    text = "Moscow rejects any troops, the minister said, but it could live with observers"
    assert [text[a:b] for a, b in clauses(text)] == [
        "Moscow rejects any troops,",
        "the minister said,",
        "but it could live with observers",
    ]


def test_a_short_clause_is_joined_to_the_one_before() -> None:
    text = "It will agree, he said, if asked politely by all"
    assert [text[a:b] for a, b in clauses(text)] == ["It will agree, he said,", "if asked politely by all"]


BOTH = "It rejects troops there, but could live with observers."
THREE = "It rejects troops there, but could live with observers, the minister said on Monday in the capital."


@pytest.mark.parametrize(
    ("text", "shifts", "shown"),
    [
        (BOTH, [0.1, 0.4], "but could live with observers."),
        (BOTH, [0.4, 0.1], "It rejects troops there"),
        (BOTH, [0.6, 0.9], "It rejects troops there, but could live with observers."),
        (THREE, [0.1, 0.9, 0.1], "but could live with observers"),
        (THREE, [0.1, 0.4, 0.4], "the minister said on Monday in the capital."),
        (THREE, [0.7, 0.9, 0.1], "It rejects troops there, but could live with observers"),
        ("One clause only.", [], "One clause only."),
    ],
    ids=["second", "first", "both", "surest", "fullest", "neighbour", "one"],
)
def test_the_evidence_is_the_fullest_clause_that_is_a_shift_alone_with_neighbours_that_are(text, shifts, shown) -> None:
    assert deciding_words(text, clauses(text), shifts) == shown


PAIR = Pair(holder="Russia", topic="t", position="p", statement="s", speaker="Sergei Lavrov")


@pytest.mark.parametrize(
    ("changes", "ending"),
    [
        ({"speaker_holder": "Russia"}, "Sergei Lavrov speaks for Russia"),
        ({"speaker_holder": "Poland"}, "said by Sergei Lavrov, who speaks for Poland, of Russia"),
        ({"certainty": Certainty.REPORTED, "speaker": ""}, "reported of Russia by the report"),
        ({}, "said by Sergei Lavrov"),
    ],
)
def test_a_reason_says_whose_words_they_are(changes: dict, ending: str) -> None:
    pair = Pair(**{name: getattr(PAIR, name) for name in Pair.__slots__} | changes)
    assert explain(pair, Relation.SOFTENING, "could live with it").endswith(ending)


def test_a_reason_names_the_telling_cue() -> None:
    assert "an opening: “could live with”" in explain(PAIR, Relation.SOFTENING, "it could live with a delay")

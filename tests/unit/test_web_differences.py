"""Two accounts, word by word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.differences import compare, compare_all


def marked(pieces) -> list[str]:
    return [piece.text for piece in pieces if piece.differs]


@pytest.mark.parametrize(
    ("first", "second", "left", "right"),
    [
        ("A pause of ten years", "A pause of twenty years", ["ten"], ["twenty"]),
        ("The same words.", "the  same words", [], []),
        ("We won’t agree", "We won't agree", [], []),
        ("“Never,” she said", "Never, she said", [], []),
        ("No new base", "No new base, not now", [], ["not now"]),
        ("", "Anything at all", [], ["Anything at all"]),
    ],
)
def test_words_that_differ_are_marked_on_both_sides(first, second, left, right):
    ours, theirs = compare(first, second)
    assert marked(ours) == left
    assert marked(theirs) == right


def test_the_first_of_many_is_marked_where_no_other_has_its_words():
    first, second, third = compare_all(["A pause of ten years now", "A pause of six years now", "A pause of two years"])
    assert marked(first) == ["ten"]
    assert marked(second) == ["six"]
    assert marked(third) == ["two"]


def test_a_single_account_differs_from_nothing():
    assert marked(compare_all(["Alone."])[0]) == []
    assert compare_all([]) == []


@given(st.lists(st.text(max_size=60), min_size=1, max_size=4))
def test_no_letter_is_lost(texts):
    assert ["".join(piece.text for piece in pieces) for pieces in compare_all(texts)] == texts

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.core.attribution import Attribution, covered, merge, overlap, principal, shifted

spans = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: (min(pair), max(pair)))


def citing(*contents, strength=2, depth=0, cue=(0, 1)):
    return Attribution(source=(0, 1), cue=cue, contents=contents, strength=strength, depth=depth)


def test_nobody_is_principal_where_nobody_is_cited_in_the_sentence():
    assert principal([citing((50, 60))], (0, 40)) is None
    assert principal([], (0, 40)) is None


def test_words_are_principal_before_acts_of_like_size():
    act, words = citing((10, 40), strength=1), citing((12, 40))
    assert principal([act, words], (0, 40)) is words


def test_the_main_clause_is_principal_before_a_lower_one():
    lower, main = citing((10, 40), depth=2), citing((12, 40))
    assert principal([lower, main], (0, 40)) is main


def test_a_wide_act_is_principal_before_a_word_or_two():
    act, words = citing((0, 40), strength=1), citing((36, 40))
    assert principal([act, words], (0, 40)) is act


def test_shifted_moves_every_offset():
    one = Attribution(source=(0, 2), cue=(3, 5), contents=((6, 9),), antecedent=(0, 1))
    moved = shifted(one, 10)
    assert (moved.source, moved.cue, moved.contents, moved.antecedent) == ((10, 12), (13, 15), ((16, 19),), (10, 11))
    assert shifted(citing((1, 2)), 0).antecedent is None


def test_outer_is_the_cue_where_there_is_no_content():
    assert citing(cue=(4, 9)).outer == (4, 9)


@given(st.lists(spans, max_size=8), spans)
def test_covered_counts_each_character_once(pieces, within):
    expected = len({at for start, end in pieces for at in range(start, end)} & set(range(*within)))
    assert covered(pieces, within) == expected


@given(spans, spans)
def test_overlap_is_what_both_have(a, b):
    assert overlap(a, b) == len(set(range(*a)) & set(range(*b)))


@given(st.lists(spans, max_size=8))
def test_merged_spans_are_in_order_apart_and_hold_everything(pieces):
    merged = merge(pieces)
    assert all(a[1] + 1 < b[0] for a, b in pairwise(merged))
    assert {at for start, end in pieces for at in range(start, end)} <= {
        at for start, end in merged for at in range(start, end)
    }

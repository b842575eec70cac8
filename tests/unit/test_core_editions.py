from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.editions import EditKind, Piece, compare, key_of

BASE = (
    "The envoys met in the old customs house.",
    "Norland will send no tanks, the minister said.",
    "The talks lasted until the evening.",
    "Nobody took questions afterwards.",
)


def pieces(*sentences: str) -> list[Piece]:
    out, at = [], 0
    for sentence in sentences:
        out.append(Piece(start=at, end=at + len(sentence), text=sentence))
        at += len(sentence) + 1
    return out


def kinds(earlier: tuple[str, ...], later: tuple[str, ...]) -> list[tuple[str, str]]:
    found = compare(pieces(*earlier), pieces(*later))
    return [(edit.kind.value, edit.after.text if edit.after else "") for edit in found.edits]


def test_marks_spaces_and_capitals_make_no_edit():
    later = ("THE envoys met, in the old customs house", "Norland will send no tanks - the minister said!", *BASE[2:])
    assert kinds(BASE, later) == []
    assert key_of("It’s “on”.") == key_of("It's on") != key_of("It is on")


def test_a_sentence_in_other_words_is_changed_and_told_with_them():
    reversed_ = "Norland will send tanks, the minister said."
    found = compare(pieces(*BASE), pieces(BASE[0], reversed_, *BASE[2:]))
    assert [(edit.kind, edit.before.text, edit.after.text) for edit in found.edits if edit.after] == [
        (EditKind.CHANGED, BASE[1], reversed_)
    ]
    assert found.kept == 3
    assert not found.noticed


def test_a_sentence_without_a_successor_is_removed():
    assert kinds(BASE, (BASE[0], *BASE[2:])) == [("removed", "")]


def test_a_sentence_that_moved_or_was_added_is_no_edit():
    assert kinds(BASE, (BASE[1], BASE[0], "A band played on the quay.", *BASE[2:])) == []


def test_of_a_sentence_that_stood_twice_one_may_go():
    assert kinds((*BASE, BASE[0]), BASE) == [("removed", "")]


def test_no_new_sentence_is_the_successor_of_two():
    earlier = (*BASE, "Norland will send no planes, the minister said.")
    later = (BASE[0], *BASE[2:], "Norland will send no ships, the minister said.")
    assert sorted(kinds(earlier, later)) == [("changed", later[-1]), ("removed", "")]


def test_another_text_is_no_edition():
    found = compare(pieces(*BASE), pieces("A hat was lost.", "It was blue.", "Nobody wore it."))
    assert found.rewritten
    assert found.edits == ()


@pytest.mark.parametrize(
    ("notice", "noticed"),
    [
        ("Correction: an earlier version of this story named the wrong quay.", True),
        ("Editor's note: the second paragraph was changed.", True),
        ("The course was corrected by the captain.", False),
    ],
)
def test_an_edition_that_owns_up_is_told_from_one_that_does_not(notice, noticed):
    later = (BASE[0], *BASE[2:], notice)
    assert compare(pieces(*BASE), pieces(*later), later_text="\n".join(later)).noticed is noticed


def test_long_texts_without_anything_in_common_cost_no_pairing():
    many = [f"Sentence number {n} of one." for n in range(3000)]
    assert compare(pieces(*many), pieces(*(f"Wholly other line {n}." for n in range(3000)))).rewritten


@given(st.lists(st.text(max_size=20), max_size=8), st.lists(st.text(max_size=20), max_size=8))
def test_every_sentence_that_is_gone_is_told_once_and_nothing_else(earlier, later):
    found = compare(pieces(*earlier), pieces(*later))
    worded = [key_of(sentence) for sentence in earlier if key_of(sentence)]
    if not found.rewritten:
        assert found.kept + len(found.edits) == len(worded)
    assert all(edit.before.text in earlier for edit in found.edits)
    assert compare(pieces(*earlier), pieces(*earlier)).edits == ()

from __future__ import annotations

from bot.core.statements import ChangeKind, compare
from bot.domain import Statement, identify


def statements(*texts: str) -> list[Statement]:
    out, at = [], 0
    for text in texts:
        out.append(Statement(id=identify(text, at), article_id="a", start=at, end=at + len(text), text=text))
        at += len(text) + 1
    return out


FIRST = statements("The envoys met on Monday.", "Moscow refuses to sign the text.", "It rained.")


def kinds(before, after):
    return [(c.kind, c.before and c.before.text, c.after and c.after.text) for c in compare(before, after)]


def test_the_same_text_has_no_changes():
    assert compare(FIRST, FIRST) == ()


def test_a_moved_statement_is_no_change():
    assert compare(FIRST, [FIRST[2], FIRST[0], FIRST[1]]) == ()


def test_white_space_case_and_punctuation_are_no_change():
    assert (
        compare(FIRST, statements("The envoys met on Monday", "Moscow  refuses to sign the text!", "IT rained.")) == ()
    )


def test_a_changed_statement_is_paired_with_its_former_self():
    after = statements("The envoys met on Monday.", "Moscow agrees to sign the text.", "It rained.")
    assert kinds(FIRST, after) == [
        (ChangeKind.CHANGED, "Moscow refuses to sign the text.", "Moscow agrees to sign the text.")
    ]


def test_a_removed_statement_is_recorded():
    assert kinds(FIRST, [FIRST[0], FIRST[2]]) == [(ChangeKind.REMOVED, "Moscow refuses to sign the text.", None)]


def test_an_added_statement_is_recorded():
    after = [*FIRST, *statements("Snow is expected in the hills tomorrow.")]
    assert kinds(FIRST, after) == [(ChangeKind.ADDED, None, "Snow is expected in the hills tomorrow.")]

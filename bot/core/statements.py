"""Edited versions of one article, compared statement by statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from bot.domain import Statement

ALIKE = 0.55
"""Share of words in common from which a new statement is an old one changed, and not another."""
MOST = 2000
"""Statements compared at most in one article."""


class ChangeKind(StrEnum):
    """What an edit did to a statement."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One statement that an edit touched: `before` is None for an added one, `after` for a removed one."""

    kind: ChangeKind
    before: Statement | None
    after: Statement | None


def compare(before: Sequence[Statement], after: Sequence[Statement]) -> tuple[Change, ...]:
    """Return what became of the statements of an article when it was edited, in the order of the text.

    Statements that merely moved, or differ in white space, case and punctuation only, are no change.
    """
    before, after = before[:MOST], after[:MOST]
    kept = {_key(one.text) for one in after}
    stood = {_key(one.text) for one in before}
    changes: list[Change] = []
    old_keys, new_keys = [_key(one.text) for one in before], [_key(one.text) for one in after]
    for tag, a, b, c, d in SequenceMatcher(a=old_keys, b=new_keys, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        gone = [one for one in before[a:b] if _key(one.text) not in kept]
        come = [one for one in after[c:d] if _key(one.text) not in stood]
        changes.extend(_paired(gone, come))
    return tuple(changes)


def _paired(gone: list[Statement], come: list[Statement]) -> list[Change]:
    """Pair each removed statement with the added one most like it; what finds no partner was removed or added."""
    out: list[Change] = []
    left = list(come)
    for old in gone:
        best = max(left, key=lambda new: _likeness(old.text, new.text), default=None)
        if best is not None and _likeness(old.text, best.text) >= ALIKE:
            left.remove(best)
            out.append(Change(kind=ChangeKind.CHANGED, before=old, after=best))
        else:
            out.append(Change(kind=ChangeKind.REMOVED, before=old, after=None))
    out.extend(Change(kind=ChangeKind.ADDED, before=None, after=new) for new in left)
    return out


def _key(text: str) -> str:
    return " ".join("".join(ch if ch.isalnum() else " " for ch in text.lower()).split())


def _likeness(a: str, b: str) -> float:
    return SequenceMatcher(a=_key(a).split(), b=_key(b).split(), autojunk=False).ratio()

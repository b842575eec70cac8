"""Two texts of one report, sentence by sentence: which sentences both have, and what an edit changed or took away.

Sentences are compared by their words alone, so that quotation marks, dashes, spaces and capitals make no edit.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from bot.domain import identify

ALIKE = 0.5
"""Share of words, in order, from which on a sentence is another wording of one that is gone; below, that one was removed."""
MOST_PAIRS = 40_000
"""Pairs of sentences compared at most; texts that differ in more are no editions of one article."""
KEPT = 0.3
"""Share of the earlier sentences that the later text must still have; below, it is another text, and not an edited one."""

_WORD = re.compile(r"\w+")
_NOTICE = re.compile(
    r"\b(?:corrections?|clarifications?|editor['’]?s['’]? note|an earlier version of this|"
    r"(?:has|have) been (?:corrected|amended|clarified|updated to)|(?:was|were) (?:corrected|amended) (?:on|to))\b",
    re.IGNORECASE,
)


class EditKind(StrEnum):
    """What became of a sentence in the later text."""

    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A sentence with its character offsets into its text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A sentence that the later text words otherwise (`after`), or has no longer (None)."""

    kind: EditKind
    before: Piece
    after: Piece | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What an edit did. `kept` counts the sentences that stayed; `rewritten` means another text, for which no edits are told.

    `noticed` is whether the later text says that it was changed: an edit without that is the one worth telling.
    """

    edits: tuple[Edit, ...] = ()
    kept: int = 0
    rewritten: bool = False
    noticed: bool = False


def key_of(sentence: str) -> str:
    """Return what two copies of one sentence have in common; "" for one without words."""
    flat = unicodedata.normalize("NFKC", sentence).casefold()
    words = _WORD.findall(flat.replace("’", "").replace("'", ""))
    return identify(*words) if words else ""


def compare(earlier: Sequence[Piece], later: Sequence[Piece], *, later_text: str = "") -> Comparison:
    """Compare two texts of one article by their sentences, in the order of the earlier one.

    A sentence that only moved is kept. Of those that are gone, each is paired with the new sentence most like it, no new
    one twice.
    """
    old_keys, new_keys = [key_of(piece.text) for piece in earlier], [key_of(piece.text) for piece in later]
    gone = _missing(earlier, old_keys, new_keys)
    come = _missing(later, new_keys, old_keys)
    kept = sum(map(bool, old_keys)) - len(gone)
    if len(gone) * len(come) > MOST_PAIRS or kept < KEPT * (kept + len(gone)):
        return Comparison(kept=kept, rewritten=True)
    partners = _paired(gone, come)
    edits = tuple(
        Edit(kind=EditKind.CHANGED if partner else EditKind.REMOVED, before=piece, after=partner)
        for piece, partner in zip(gone, partners, strict=True)
    )
    return Comparison(edits=edits, kept=kept, noticed=_NOTICE.search(later_text) is not None)


def _missing(pieces: Sequence[Piece], keys: Sequence[str], others: Sequence[str]) -> list[Piece]:
    """Return the pieces that the other text has not, or not as often."""
    left = Counter(others)
    missing = []
    for piece, key in zip(pieces, keys, strict=True):
        if not key:
            continue
        if left[key]:
            left[key] -= 1
        else:
            missing.append(piece)
    return missing


def _paired(gone: Sequence[Piece], come: Sequence[Piece]) -> list[Piece | None]:
    old, new = ([_WORD.findall(piece.text.casefold()) for piece in pieces] for pieces in (gone, come))
    likeness = sorted(
        ((_alike(a, b), -i, -j) for i, a in enumerate(old) for j, b in enumerate(new)),
        reverse=True,
    )
    partners: list[Piece | None] = [None] * len(gone)
    taken: set[int] = set()
    for ratio, i, j in likeness:
        if ratio < ALIKE:
            break
        if partners[-i] is None and -j not in taken:
            partners[-i] = come[-j]
            taken.add(-j)
    return partners


def _alike(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the share of words that two sentences have in common in order, 0 where even their words in any order do not do."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return 0.0
    return matcher.ratio()

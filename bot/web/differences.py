"""Two accounts of one statement, word by word: what they share and where they differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]", re.UNICODE)
LONGEST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of an account; `differs` where the account that it is compared with has other words there."""

    text: str
    differs: bool


def compare(first: str, second: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both texts in pieces. Case, spaces and the kind of quotation mark make no difference, and marks alone none either.

    Of texts over `LONGEST` characters the rest is not compared and counts as shared.
    """
    ours, theirs = _words(first), _words(second)
    matcher = SequenceMatcher(None, [word.key for word in ours], [word.key for word in theirs], autojunk=False)
    left, right = set[int](), set[int]()
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag != "equal":
            left.update(range(a1, a2))
            right.update(range(b1, b2))
    return _pieces(first, ours, left), _pieces(second, theirs, right)


def compare_all(texts: Sequence[str]) -> list[tuple[Piece, ...]]:
    """Return each text in pieces: the later ones against the first, the first marked where no other has its words."""
    if len(texts) < 2:
        return [(Piece(text=text, differs=False),) for text in texts]
    pairs = [compare(texts[0], other) for other in texts[1:]]
    unshared = [{at for at, differs in _places(pair[0]) if differs} for pair in pairs]
    return [_marked(texts[0], set.intersection(*unshared)), *(pair[1] for pair in pairs)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    start: int
    end: int
    key: str


def _words(text: str) -> list[_Word]:
    found = []
    for match in _WORD.finditer(text[:LONGEST]):
        word = match.group()
        if any(letter.isalnum() for letter in word):
            found.append(_Word(start=match.start(), end=match.end(), key=word.casefold().replace("’", "'")))
    return found


def _pieces(text: str, words: Sequence[_Word], differing: set[int]) -> tuple[Piece, ...]:
    places: set[int] = set()
    for index in differing:
        word = words[index]
        places.update(range(word.start, word.end))
        if index + 1 in differing:  # what stands between two differing words differs with them
            places.update(range(word.end, words[index + 1].start))
    return _marked(text, places)


def _marked(text: str, places: set[int]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or (at in places) != (start in places):
            pieces.append(Piece(text=text[start:at], differs=start in places))
            start = at
    return tuple(pieces)


def _places(pieces: Sequence[Piece]) -> list[tuple[int, bool]]:
    places, at = [], 0
    for piece in pieces:
        places += [(at + offset, piece.differs) for offset in range(len(piece.text))]
        at += len(piece.text)
    return places

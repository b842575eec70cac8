"""Text from elsewhere, made fit to be shown: nothing invisible, nothing that turns or hides other words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

MORE = " …"
_SPACE = re.compile(r"\s+")
_PLAIN = re.compile("[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027]*")
"""Letters, figures and marks of Latin text, none of them invisible or combining: most text there is."""
_SENTENCE_END = re.compile("(?:[\\w'\u2019)\\]\"\u201d\u00bb]{3}[.\u2026]|[!?])[\"'\u201d\u2019\u00bb)\\]]*(?=\\s|$)")
_MARKS_IN_A_ROW = 3
_EARLIEST_CUT = 0.4


def clean(text: str) -> str:
    """Return `text` on one line, without control, format and unpaired surrogate characters.

    Format characters (category Cf) are the zero-width ones, the direction overrides, the soft hyphen and the tags;
    control characters include the escape that a terminal obeys. Of a pile of combining marks the first few stay.
    """
    if _PLAIN.fullmatch(text):
        return _SPACE.sub(" ", text).strip()
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category in ("Cc", "Zl", "Zp"):
            kept.append(" ")  # a line break is a space; so is what a terminal would obey
        elif category in ("Cf", "Cs", "Cn", "Co"):
            continue
        elif category in ("Mn", "Me"):
            marks += 1
            if marks <= _MARKS_IN_A_ROW:
                kept.append(character)
        else:
            marks = 0
            kept.append(character)
    return _SPACE.sub(" ", "".join(kept)).strip()


def cut(text: str, limit: int, size: Callable[[str], int] = len) -> str:
    """Return `text`, or as much of it as `size` puts within `limit`, cut at a sentence's end or a word's, with a "…".

    `size` must not shrink when text is appended. Empty where not even the mark fits.
    """
    if size(text) <= limit:
        return text
    room = limit - size(MORE)
    if room <= 0:
        return ""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle]) <= room else (low, middle - 1)
    return text[: _cut_at(text, low)].rstrip() + MORE


def _cut_at(text: str, longest: int) -> int:
    """Return the best place to cut at or before `longest`: a sentence's end, else a space, else just there."""
    earliest = int(longest * _EARLIEST_CUT)
    ends = [match.end() for match in _SENTENCE_END.finditer(text[: longest + 1]) if earliest <= match.end() <= longest]
    if ends:
        return ends[-1]
    space = text.rfind(" ", earliest, longest + 1)
    return space if space > 0 else longest

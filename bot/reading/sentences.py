"""Paragraphs and sentences by rules, without a parse: linear in the text, whatever stands in it.

Offsets always count characters of the given text. A sentence never crosses a paragraph, and none is longer than
`LONGEST`, so that one endless line costs the parser no more than many short ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from bot.reading.lexicon import words

Span = tuple[int, int]

LONGEST = 800
"""Characters of a sentence at most; longer ones are cut at white space."""

CLOSERS = "\"'”’»)]*_"
OPENERS = "\"'“‘„«([*_"

_LEAD = re.compile(r"\ufeff*\s*")
"""What stands before the first word; a byte order mark is no letter of it."""
_LINE = re.compile(r"[^\r\n\u2028\u2029]+")
_BULLET = re.compile(r"\s*(?:[-*•–—◦‣▪●·]|\d{1,2}[.)]|[a-z]\))\s+")
_TERMINAL = re.compile(r"[.!?…:;][\"'”’»)\]*_]*\s*$")
_STOP = re.compile(r"[.!?…]+[" + re.escape(CLOSERS) + r"]*(?=\s)|[。！？]")  # noqa: RUF001 - full-width stops end sentences
_WORD_BEFORE = re.compile(r"[^\s" + re.escape(OPENERS) + r"]*$")
_INITIALS = re.compile(r"(?:[A-Z]\.)*[A-Z]$")
_TAG = re.compile(
    r"\s+(?:(?:the|a|an|his|her)\s+)?(?:[\w.'’-]+\s+){1,6}?"
    r"(?:said|says|asked|asks|added|wrote|replied|told|exclaimed|declared|insisted|answered|responded|demanded|"
    r"warned)\b"
    r"(?=[\s.,:;])|"
    r"\s+(?:said|says|asked|asks|added|wrote|replied|exclaimed|declared|insisted|answered|responded|warned)\s+[\w.'’-]+"
)

_NEVER_LAST = words(
    "mr mrs ms dr prof gen lt col sgt maj capt cmdr adm sen rep gov rev hon st fr sr messrs vs no nos art fig pp"
    " ed eds cf approx dept est gov't amb pres supt det hr atty"
)
_SOMETIMES_LAST = words(
    "u.s u.k u.n e.u d.c a.m p.m ph.d b.a m.a m.d u.s.s.r jr inc ltd co corp etc e.g i.e al jan feb mar apr jun jul aug"
    " sep sept oct nov dec mon tue wed thu fri sat sun ave blvd mass calif fla ga ill ind ky la mich minn mo n.c n.d"
    " n.h n.j n.m n.y okla ore pa r.i s.c s.d tenn tex va vt wash wis ariz ark colo conn del kan md neb nev"
)
_STARTERS = words(
    "the a an he she it they we i you in on at but and so this that these those there if when while as after before his"
    " her its their our my for from however meanwhile what who why how by with to since according one both many some"
)


def paragraphs(text: str) -> tuple[Span, ...]:
    """Return the spans of the paragraphs of `text`, stripped. Lines are paragraphs unless the text is hard-wrapped."""
    lines = [span for span in (_strip(text, m.start(), m.end()) for m in _LINE.finditer(text)) if span[0] < span[1]]
    if not lines:
        return ()
    wrapped = _is_wrapped(text, lines)
    joined = [lines[0]]
    for line in lines[1:]:
        last = joined[-1]
        if wrapped and _continues(text, last, line):
            joined[-1] = (last[0], line[1])
        else:
            joined.append(line)
    return tuple(joined)


def split(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the spans of the sentences of `text[start:end]`, a paragraph."""
    bullet = _BULLET.match(text, start, end)
    begin = bullet.end() if bullet and bullet.end() < end else start
    for stop in _STOP.finditer(text, begin, end):
        if stop.end() <= begin or not _ends(text, begin, stop, end):
            continue
        yield from _cut(text, *_strip(text, begin, stop.end()))
        begin = stop.end()
    yield from _cut(text, *_strip(text, begin, end))


def is_bullet(text: str, start: int, end: int) -> bool:
    """Whether the paragraph `text[start:end]` is an item of a list."""
    return _BULLET.match(text, start, end) is not None


def _strip(text: str, start: int, end: int) -> Span:
    lead = _LEAD.match(text, start, end)
    first = lead.end() if lead else start
    while end > first and text[end - 1].isspace():
        end -= 1
    return (first, end)


def _is_wrapped(text: str, lines: list[Span]) -> bool:
    """Whether lines were broken to a width: most breaks inside blocks fall in mid-sentence, and lines are of like length."""
    inside = [(a, b) for a, b in pairwise(lines) if text.count("\n", a[1], b[0]) == 1]
    if len(inside) < 2:
        return False
    broken = sum(
        1 for a, b in inside if 40 <= a[1] - a[0] <= 130 and not _TERMINAL.search(text, max(a[0], a[1] - 8), a[1])
    )
    lower = sum(1 for _, b in inside if text[b[0]].islower())
    return broken >= 0.6 * len(inside) and lower >= 0.4 * len(inside)


def _continues(text: str, last: Span, line: Span) -> bool:
    if text.count("\n", last[1], line[0]) != 1 or _BULLET.match(text, line[0], line[1]):
        return False
    tail = text.rfind("\n", last[0], last[1]) + 1
    return last[1] - max(tail, last[0]) >= 30


def _ends(text: str, begin: int, stop: re.Match[str], end: int) -> bool:
    """Whether the stop at `stop` ends a sentence that began at `begin`."""
    following = text[stop.end() : stop.end() + 60]
    ahead = following.lstrip()
    if stop.end() >= end or not ahead:
        return True
    first = ahead.lstrip(OPENERS)[:1]
    if first.islower():
        return False
    marks = stop.group()
    if marks[0] == "." and not marks.startswith(".."):
        word = _WORD_BEFORE.search(text, max(begin, stop.start() - 24), stop.start())
        if word and _is_abbreviation(word.group(), ahead):
            return False
    if marks[0] in ".…" and marks.startswith(("..", "…")) and first and not first.isupper():
        return False
    quoted = marks[-1] in "\"”’'»" and marks[0] in "?!…"
    return not (quoted and _TAG.match(text, stop.end(), min(end, stop.end() + 80)))


def _is_abbreviation(word: str, ahead: str) -> bool:
    lower = word.lower().strip(CLOSERS)
    if lower in _NEVER_LAST:
        return not (lower == "no" and not ahead[:1].isdigit())
    if lower in _SOMETIMES_LAST or (_INITIALS.search(word) and "." in word):
        if lower in {"may", "sun", "sat", "mar", "la", "ill", "wash", "mass", "al"} and not word[:1].isupper():
            return False
        nxt = re.match(r"[\w'’]+", ahead)
        return not ahead.startswith(tuple("\"“‘'")) and not (
            nxt and nxt.group().lower() in _STARTERS and nxt.group()[0].isupper()
        )
    return len(word) == 1 and word.isupper() and word != "I"


def _cut(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the span, in pieces of at most `LONGEST` characters."""
    while end - start > LONGEST:
        space = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
        at = space if space > 0 else start + LONGEST
        piece = _strip(text, start, at)
        if piece[0] < piece[1]:
            yield piece
        start = _strip(text, at, end)[0]
    if start < end:
        yield (start, end)

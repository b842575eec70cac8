"""Where the text quotes: spans between quotation marks, over several sentences and paragraphs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.reading.sentences import Span

_RUN = 8
"""As many marks at once are a line that somebody drew, or nothing: no quotation begins or ends there."""
_MARK = re.compile(rf"[\"“”„«»]{{{_RUN},}}|''|``|[\"“”„«»]|(?<![\w])[‘'](?=\w)|(?<=[\w.,!?…])[’'](?!\w)")
_ANY = re.compile(r"[\"“”„«»‘’'`]")
_OPENING = frozenset({"“", "„", "«", "``"})
_CLOSING = frozenset({"”", "»"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A quotation: `start` at the opening mark, `end` after the closing one. `single` where the marks are single.

    `paragraph` is where it stands; `continues` where it takes up a quotation that the paragraph before left open.
    """

    start: int
    end: int
    paragraph: int
    single: bool = False
    continues: bool = False


def quotations(text: str, spans: Sequence[Span], places: Sequence[int] | None = None) -> tuple[Quote, ...]:
    """Return the outermost quotations in the paragraphs `spans` of `text`, in order; `places` numbers the paragraphs."""
    found: list[Quote] = []
    carried = False
    for index, (start, end) in zip(places if places is not None else range(len(spans)), spans, strict=True):
        inside, carried = _in_paragraph(text, start, end, index, carried=carried)
        found.extend(inside)
    return tuple(found)


def _in_paragraph(text: str, start: int, end: int, index: int, *, carried: bool) -> tuple[list[Quote], bool]:
    """Return the paragraph's quotations, and whether one is left open at its end. A carried one opens anew or is none."""
    found: list[Quote] = []
    opened: tuple[int, str] | None = None
    first = _ANY.search(text, start, end)
    for match in _MARK.finditer(text, first.start(), end) if first else ():
        mark, at = match.group(), match.start()
        if len(mark) >= _RUN:
            continue
        if opened is None:
            if _opens(text, mark, at, match.end(), start):
                opened = (at, mark)
        elif _closes(text, opened[1], mark, match.end(), end):
            single = opened[1] in {"'", "‘"}
            found.append(
                Quote(start=opened[0], end=match.end(), paragraph=index, single=single, continues=carried and not found)
            )
            opened = None
    if opened is None or opened[1] in {"'", "‘"}:
        return found, False
    whole = end - opened[0]
    if whole > 2:
        found.append(Quote(start=opened[0], end=end, paragraph=index, continues=carried and opened[0] - start < 3))
    return found, True


def _opens(text: str, mark: str, at: int, after: int, start: int) -> bool:
    if mark in _OPENING:
        return True
    if mark in _CLOSING or mark == "’":
        return False
    before = text[at - 1] if at > start else " "
    ahead = text[after : after + 1]
    return (before.isspace() or before in "([—–-―/") and bool(ahead) and not ahead.isspace()


def _closes(text: str, opening: str, mark: str, after: int, end: int) -> bool:
    ahead = text[after : after + 1] if after < end else " "
    if opening in {"'", "‘"}:
        return mark in {"'", "’"} and not ahead.isalnum()
    if opening == '"':
        return mark == '"'
    if opening in {"''", "``"}:
        return mark == "''"
    if opening == "«":
        return mark == "»"
    return mark in {"”", '"'} or (opening == "„" and mark == "“")

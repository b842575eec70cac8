"""What stands on a page and is no part of the article: captions, author notes, widgets, headings, bare datelines.

Each paragraph gets a reason from `FURNITURE` or none. Nothing is removed from the text: the paragraph is passed
over, so
that offsets stay.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from bot.reading.sentences import Span, is_bullet


class Furniture(StrEnum):
    """Why a paragraph is passed over. Which one is foreign, the layout tells."""

    HEADING = "heading"
    CAPTION = "caption"
    AUTHOR = "author"
    WIDGET = "widget"
    STAMP = "stamp"
    RELATED = "related"
    FOREIGN = "foreign"


_I = re.IGNORECASE
_CAPTION = re.compile(
    r"\((?:AP|AFP|EPA|Reuters|Getty|File)?\s?(?:Photo|Images?|Picture)s?\b[^)]{0,80}\)\s*$|"
    r"\b(?:AP Photo|Getty Images|AFP via|Shutterstock|/\s?(?:Reuters|AFP|EPA|TASS|Sputnik))\b[^.]{0,40}$|"
    r"^(?:Photo|Image|Picture|Photograph|Credit|Source|Video|Watch|File photo)(?: (?:by|credit|"
    r"courtesy)\b[^.]{0,60})?\s?:",
    _I,
)
_WIDGET = re.compile(
    r"^(?:how useful was this|click on a star|average rating|no votes so far|vote count|be the first to|"
    r"share (?:this|on|via)|"
    r"(?:\d+ )?comments?(?: \(\d+\))?$|leave a (?:comment|reply)|advertisement|sponsored|sign up (?:for|to)|subscribe|"
    r"follow (?:us|@)|join (?:us|our)|like us on|download (?:our|the) app|read (?:more|also|next|full)|see also|"
    r"more (?:on|from|stories)|"
    r"click here|related(?: (?:posts?|articles?|stories|news|topics))?\s*:?$|you (?:may|might) also like|recommended|"
    r"trending|"
    r"most (?:read|popular)|tags?\s*:|topics?\s*:|filed under|all rights reserved|copyright\b|©|\(c\) \d|cookie|"
    r"skip to|back to top|print this|listen to this|support (?:our|independent)|donate|get the latest|"
    r"this (?:article|story|post) (?:was|has been|is) (?:created|generated|written|originally|first|published|part|"
    r"translated|updated|rewritten)|"
    r"(?:reporting|editing|writing|additional reporting|compiled) by\b|our standards\s*:|read the (?:full|rest|"
    r"original)|"
    r"have a tip\b|correction\s*:|newsletter|loading\b|play video|\d[\d,.]* (?:viewed|views|shares|comments|likes)\b|"
    r"the post .{3,160} (?:first )?appeared (?:first )?on)",
    _I,
)
_TAIL = re.compile(
    r"^(?:how useful was this|related(?: (?:posts?|articles?|stories|news))?\s*:?$|you (?:may|might) also like|"
    r"recommended(?: for you)?\s*:?$|"
    r"more (?:from|on|stories|news)\b[^.]{0,60}$|most (?:read|popular)|trending(?: now)?$|leave a (?:comment|reply)|"
    r"(?:\d+ )?comments?$)",
    _I,
)
_AUTHOR = re.compile(
    r"^(?:about the authors?\b|(?:[A-Z][\w.'’-]+ ){1,4}(?:is|are|was|has been|writes|covers|works|reports) "
    r"(?:(?:an?|the|our|based|chief|senior|currently|also|about|on|for|as|from)\b ?)+[^.!?]{0,160}?"
    r"\b(?:writers?|journalists?|reporters?|correspondents?|editors?|columnists?|contributors?|author|bureau chief|"
    r"news desk|fellow at|freelancer?)\b)"
)
_STAMP = re.compile(
    r"^(?:(?:by|from) (?:[A-Z][\w.'’-]+ ?){1,6}(?:,| and |$)|(?:published|updated|posted|last (?:updated|modified))\b|"
    r"\d{1,2}[:.]\d{2}\b.{0,40}\d{4}\W*$|(?:[A-Z][\w. ]+, )?(?:\d{1,2} )?(?:January|February|March|April|May|June|"
    r"July|August|"
    r"September|October|November|December)(?: \d{1,2})?,? \d{4}\W*$|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\W*$|"
    r"—\s.{0,80}\(@\w+\).{0,60}$)"
)
_ANNOUNCED = re.compile(r"\([^()]{0,80}\b(?:19|20)\d\d\)$|^\W*(?:live|breaking|watch live)\s*:", _I)
"""A post's heading: what was said where and when, "... (Moscow, 18 December 2025)"; or what is about to be shown."""
LONGEST_HEADING = 60
_ENDS = re.compile(r"[.!?…][\"'”’»)\]*_]*$")


def classify(text: str, spans: Sequence[Span]) -> tuple[Furniture | None, ...]:
    """Return for each paragraph of `text` why it is furniture, or None for the article's own words."""
    keys = [_key(text[start:end]) for start, end in spans]
    counts = Counter(keys)
    kinds = [
        _kind(text, span, counts[key], last=index >= len(spans) - 4)
        for index, (span, key) in enumerate(zip(spans, keys, strict=True))
    ]
    return tuple(_tail(text, spans, kinds))


def _key(paragraph: str) -> str:
    return re.sub(r"\W+", " ", paragraph[:400].lower()).strip()


def _kind(text: str, span: Span, copies: int, *, last: bool) -> Furniture | None:
    start, end = span
    if end - start > 1200:
        return None
    paragraph = text[start:end]
    bare = paragraph.strip("*_# ")
    marked = paragraph.startswith("#") and paragraph.lstrip("#")[:1].isspace()
    tests = (
        (Furniture.WIDGET, _WIDGET.match(bare)),
        (Furniture.CAPTION, _CAPTION.search(bare)),
        (Furniture.STAMP, _STAMP.match(bare)),
        (Furniture.AUTHOR, last and _AUTHOR.match(bare)),
        (Furniture.HEADING, marked or _is_heading(text, span, bare, copies)),
    )
    return next((kind for kind, holds in tests if holds), None)


def _is_heading(text: str, span: Span, bare: str, copies: int) -> bool:
    """Whether it has no sentence's end and few words: a headline, a subhead, a line of a menu."""
    if _ENDS.search(bare) or bare.endswith((":", ",", ";", "—", "–")) or is_bullet(text, *span):
        return False
    words = bare.split()
    if _ANNOUNCED.search(bare) and len(words) <= LONGEST_HEADING:
        return True
    if copies > 1 and len(words) <= 25:
        return True
    if re.match(r"[\"“„«]|(?:[A-Z][\w.]+ ){0,4}[A-Z][\w.]+\s?:", bare):
        return False
    return len(words) <= 14


def _tail(text: str, spans: Sequence[Span], kinds: list[Furniture | None]) -> list[Furniture | None]:
    """Mark what follows a closing widget ("Related posts") near the end: teasers of other articles."""
    for index, (start, end) in enumerate(spans):
        if start < 0.5 * len(text) or not _TAIL.match(text[start : min(end, start + 100)].strip("*_# ")):
            continue
        rest = spans[index + 1 :]
        if sum(e - s for s, e in rest) < 220 * max(1, len(rest)):
            return [*kinds[: index + 1], *(kind or Furniture.RELATED for kind in kinds[index + 1 :])]
    return kinds

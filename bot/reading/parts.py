"""A sentence in parts: what is cited of it and for whom, what of it nobody is cited for, and the words that date a part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.core.attribution import Attribution, Span, merge, overlap

MARKS = 5
"""Characters by which a content with its quotation marks and comma is longer than without."""
ENOUGH = 4
"""Words of a statement that nobody is cited for."""

_EDGES = " \t\u00a0,;:.—–-"
_OPENING = '"“”„«»‘'
_PARTNER = {'"': '"', "“": "”", "”": "", "„": "“”", "«": "»", "»": "", "‘": "’"}
_BREAK = re.compile(r";|—|,\s+(?:and|but|while|whereas|although|though)\s")
_JOINT = re.compile(
    r"(?:^|[\s,;:.—–-]+)(?:and|but|or|while|whereas|although|though|as|that|to|an?|the|of|for|after|before|when|whether|"
    r"with|under|in|on|by|at|is|are|was|were|then|even|should)$",
    re.IGNORECASE,
)
"""A word at the end that leads on to what is cited."""
_WORD = re.compile(r"\w[\w'’.-]*")
_DAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_FRESH = re.compile(
    rf"\b(?:{_DAYS}|today|tonight|yesterday|now|currently|this (?:week|month|year|morning|afternoon|evening))\b",
    re.IGNORECASE,
)
_TELLING = re.compile(r"\b(?:who|whose|which|after|before|when|while|as|because|since|where)\s", re.IGNORECASE)
_CIRCUMSTANCE = re.compile(
    rf"{_DAYS}|today|tonight|yesterday|now|on|in|at|by|to|of|the|a|an|has|had|have|is|was|also|and|but|that|later|earlier|early|late|"
    r"last|this|next|then|once|again|ago|years?|months?|weeks?|days?|jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|"
    r"july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|spring|summer|autumn|fall|winter|morning|"
    r"afternoon|evening|reporters|journalists|\w+ly|\d[\d.,stndrh]*",
    re.IGNORECASE,
)


def pieces_of(here: Sequence[Attribution], span: Span) -> Iterator[tuple[Span, Attribution]]:
    """Yield each content inside `span` with who is cited for it, once: what differs by its quotation marks alone is the same."""
    clipped = [
        ((max(start, span[0]), min(end, span[1])), one)
        for one in here
        for start, end in one.contents
        if start < span[1]
    ]
    found = [(piece, one) for piece, one in clipped if piece[0] < piece[1]]
    for place, (piece, one) in enumerate(found):
        same = [
            (other, at)
            for at, (other, another) in enumerate(found)
            if at != place and another.source == one.source and other[0] <= piece[0] and piece[1] <= other[1]
        ]
        if not any(
            other[1] - other[0] - MARKS <= piece[1] - piece[0] and (other != piece or at < place) for other, at in same
        ):
            yield piece, one


def gaps(text: str, here: Sequence[Attribution], span: Span) -> Iterator[Span]:
    """Yield what of `span` nobody is cited for and is worth a statement of its own.

    A clause that only cites (source, cue, to whom, where and when) is none, nor are fewer than four words. What is yielded
    begins with no quotation mark but one that it closes itself.
    """
    citing = merge(bound for one in here for bound in (one.source, one.cue) if bound is not None)
    at = span[0]
    for start, end in [*sorted(piece for one in here for piece in one.contents), (span[1], span[1])]:
        stop = min(max(start, at), span[1])
        for part in _beside_citing(text, (at, stop), citing):
            trimmed = _trimmed(text, part)
            if len(text[slice(*trimmed)].split()) >= ENOUGH:
                yield trimmed
        at = max(at, end)


def frame_of(text: str, sentence: Span, piece: Span, one: Attribution, here: Sequence[Attribution]) -> str:
    """Return the words of `sentence` that tell when its part `piece`, for which `one` cites, was said or happened.

    That is the whole sentence without what others are cited for beside it; of a sentence of several clauses only the one that
    cites, where that names a day of its own ("In 2008 the troops left, and he said on Monday that ...").
    """
    kin = {one.source} | {outer.source for outer in here if any(overlap(piece, held) for held in outer.contents)}
    beside = [
        other
        for another in here
        if another.source not in kin
        for other in another.contents
        if overlap(other, sentence) and not overlap(other, piece) and not overlap(other, one.cue)
    ]
    blanked = list(text[slice(*sentence)])
    for start, end in beside:
        low, high = max(start, sentence[0]) - sentence[0], min(end, sentence[1]) - sentence[0]
        blanked[low:high] = " " * (high - low)
    whole = "".join(blanked)
    anchors = [bound for bound in (one.source, one.cue, piece) if bound is not None and overlap(bound, sentence)]
    first, last = min(start for start, _ in anchors), max(end for _, end in anchors)
    cuts = [(cut.start(), cut.end()) for cut in _BREAK.finditer(text, *sentence)]
    low = max((end for _, end in cuts if end <= first), default=sentence[0]) - sentence[0]
    high = min((start for start, _ in cuts if start >= last), default=sentence[1]) - sentence[0]
    clause, inside = whole[low:high], (piece[0] - sentence[0] - low, piece[1] - sentence[0] - low)
    around = clause[: max(0, inside[0])] + " " + clause[max(0, inside[1]) :]
    return clause if _FRESH.search(around) else whole


def _beside_citing(text: str, gap: Span, citing: Sequence[Span]) -> Iterator[Span]:
    """Yield what of `gap` does more than cite; clauses that follow on each other go together."""
    kept: Span | None = None
    at = gap[0]
    for stop, resume in [*((cut.start(), cut.end()) for cut in _BREAK.finditer(text, *gap)), (gap[1], gap[1])]:
        clause = (at, stop)
        found = _told_in(text, clause, [bound for bound in citing if overlap(bound, clause)])
        if kept and (found is None or found[0] != at):
            yield kept
            kept = None
        if found is not None:
            kept = (kept[0] if kept else found[0], found[1])
            if found[1] != stop:
                yield kept
                kept = None
        at = resume
    if kept:
        yield kept


def _told_in(text: str, clause: Span, inside: Sequence[Span]) -> Span | None:
    """Return what of a clause with the citing words `inside` is told beside them, None for nothing."""
    if not inside:
        return clause
    first, last = inside[0], inside[-1]
    if _TELLING.search(text, last[1], clause[1]) and _tells(text, last[1], clause[1]):
        return clause
    if not text[first[1] : last[0]].lstrip().startswith(",") and _tells(text, first[1], last[0]):
        return (clause[0], last[0])
    return (clause[0], max(clause[0], first[0])) if _tells(text, clause[0], first[0]) else None


def _tells(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] has words enough that are more than when, where to and to whom."""
    found = (word.group().rstrip(".") for word in _WORD.finditer(text, start, max(start, end)))
    return sum(1 for word in found if not _CIRCUMSTANCE.fullmatch(word)) >= ENOUGH - 1


def _trimmed(text: str, span: Span) -> Span:
    """Return `span` without white space, punctuation, a joining word at its end, and quotation marks without their partner."""
    start, end = span
    while start < end:
        mark = text[start]
        if not (mark in _EDGES or mark.isspace() or (mark in _OPENING and not _closed(text, start, end))):
            break
        start += 1
    while start < end:
        joint = _JOINT.search(text, max(start, end - 16), end)
        if text[end - 1] in _EDGES or text[end - 1].isspace():
            end -= 1
        elif joint:
            end = joint.start()
        elif text[end - 1] in '"“„«‘' and text.count(text[end - 1], start, end) % 2:
            end -= 1
        else:
            break
    return start, end


def _closed(text: str, start: int, end: int) -> bool:
    """Whether the quotation mark at `start` opens words that a mark before `end` closes."""
    partners = _PARTNER[text[start]]
    words = start + 1 < end and not text[start + 1].isspace()
    return words and any(text.find(mark, start + 2, end) > 0 for mark in partners)

"""Small questions about a passage: whether and how the parser sees it, and which holder leads it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from bot.core.attribution import Attribution
from bot.ports import Sentence
from bot.reading.sentences import LONGEST

PIECES = 2
"""Pieces of an endless sentence that are parsed: nobody wrote it for readers."""
_WORTH = re.compile(r"[^\W\d_]{2}.*\s\S+\s+\S", re.DOTALL)
_STOPPED = re.compile(r"[.!?…:;][\"'”’»)\]*_]*$")
_BLANKED = {ord(ch): " " for ch in "*_#\u00a0\u200b"}
_DATELINE = re.compile(
    r"\s*[A-Z][\w.]+(?:,? [A-Z][\w.]+){0,3}(?:, [A-Z][a-z]+\.? \d{1,2})?\s*"
    r"(?:\([\w/ ]{2,30}\)\s*)?(?:--|[—–-])\s+(?=[A-Z\"“])"
)
_SUBJECT = re.compile(
    r"(?:^|(?<=[\s\"“'‘]))((?:[Tt]he )?[A-Z][\w.]+(?: [A-Z][\w.]+){0,2}"
    r"(?: (?:government|authorities|side|leadership|administration|ministry|negotiators|officials|delegation|"
    r"paper|proposals?|draft|offer|terms|position|reply))?)"
    r"(?=\s(?:\w+ly |also |still |now |again |once |not )*"
    r"(?:is|was|has|had|have|will|would|can|could|may|might|must|remains?|[a-z]+s|[a-z]+ed|said|put|set|held|kept|made|gave|withdrew|became|are|were|"
    r"speak|say|want|insist|offer|agree|demand|refuse|reject|accept|propose|see|call|ask|keep|hold|seek|plan|intend|tell)\b)"
)

_LEANS = re.compile(
    r"[\"“”„«»]|''|\b(?:he|she|they|it|who|the (?:\w+ )?(?:minister|president|spokes\w+|official|diplomat))\b",
    re.IGNORECASE,
)
_OPENING = re.compile(r"[\s,;:\"“'‘]*(?:(?:that|how|why|whether)\s+)?[\"“'‘]?")


def cleared(sentence: str) -> str:
    """Return the sentence with markup and a dateline blanked, at the same length, for the parser."""
    plain = sentence.translate(_BLANKED)
    match = _DATELINE.match(plain)
    return " " * match.end() + plain[match.end() :] if match else plain


_OUGHT = re.compile(r"\s+(?:must|should|ought to|(?:(?:will|would|may) )?(?:have|has|had|need|needs) to)\b")


def subjects(passage: str) -> Iterator[str]:
    """Yield the capitalised phrases before verbs in the first 240 characters: who or what may be the subject of a clause.

    Of whom something is only demanded ("Russia must ...") tells nothing of its own stance, and is passed over.
    """
    for match in _SUBJECT.finditer(passage, 0, 240):
        if not _OUGHT.match(passage, match.end(1)):
            yield match.group(1)


def opening_subject(passage: str) -> str:
    """Return the capitalised phrase with which the passage begins as a clause's subject, "" for none."""
    opening = _OPENING.match(passage)
    match = _SUBJECT.match(passage, opening.end() if opening else 0)
    return match.group(1) if match and not _OUGHT.match(passage, match.end(1)) else ""


def index_of(sentences: Sequence[Sentence], offset: int) -> int:
    """Return the index of the last sentence that begins at or before `offset`, 0 where there is none."""
    return max(0, bisect_right(sentences, offset, key=lambda sentence: sentence.start) - 1)


def by_sentence(sentences: Sequence[Sentence], found: Sequence[Attribution]) -> dict[int, list[Attribution]]:
    """Return the attributions that reach into each sentence with their content, in the order of `found`."""
    out: dict[int, list[Attribution]] = {}
    for one in found:
        reached: set[int] = set()
        for start, end in one.contents:
            index = index_of(sentences, start)
            while index < len(sentences) and sentences[index].start < end:
                if sentences[index].end > start and index not in reached:
                    reached.add(index)
                    out.setdefault(index, []).append(one)
                index += 1
    return out


REACH = 60
"""Sentences of a paragraph on either side of a wanted one that are parsed with it: more than any paragraph of prose has."""


def needed(text: str, sentences: Sequence[Sentence], indices: Sequence[int]) -> list[int]:
    """Return the sentences to parse for `indices`: their paragraphs, and the one before where they lean on it.

    Of a paragraph without end, those within `REACH` of a wanted one, and of the one before it the last.
    """
    if len(indices) == len(sentences):
        return list(indices)
    chosen: set[int] = set()
    for index in indices:
        own = sentences[index].paragraph
        first = bisect_left(sentences, own, key=lambda sentence: sentence.paragraph)
        last = bisect_right(sentences, own, key=lambda sentence: sentence.paragraph)
        chosen.update(range(max(first, index - REACH), min(last, index + REACH + 1)))
        if first and _LEANS.search(text, sentences[index].start, sentences[index].end):
            before = bisect_left(sentences, sentences[first - 1].paragraph, key=lambda sentence: sentence.paragraph)
            chosen.update(range(max(before, first - REACH), first))
    return sorted(chosen)


def parseable(text: str, sentences: Sequence[Sentence]) -> Iterator[Sentence]:
    """Yield the sentences that the parser is asked about: those with three words, and of an endless one the first pieces."""
    run, last = 0, None
    for sentence in sentences:
        whole = last is None or last.paragraph != sentence.paragraph or last.end - last.start < LONGEST // 2
        run = 0 if whole or last is None or _STOPPED.search(text, last.end - 4, last.end) else run + 1
        last = sentence
        if run < PIECES and _WORTH.search(text, sentence.start, sentence.end):
            yield sentence

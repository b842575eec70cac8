"""From the parse of single sentences to who is cited over a whole article: quotations find their speakers here."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import takewhile

import structlog

from bot.core.attribution import Attribution, covered, overlap, shifted
from bot.ports import Sentence
from bot.reading import cues, lexicon, parse
from bot.reading.layout import Layout
from bot.reading.passages import cleared
from bot.reading.quotes import Quote
from bot.reading.sentences import is_bullet

log = structlog.get_logger()

MOST = 10_000
"""Different sentences of one article that are parsed: 1 MB and more of prose."""
LONGEST_RUN = 12
"""Paragraphs through which a quotation may stay open before its speaker is named."""
SHORT = 4
"""Quotations of fewer words, inside another sentence, are turns of phrase and not speech."""

_INTRODUCES = re.compile(r":[\s\"'”’*]*$")
_LABELLED = re.compile(
    r"(?:As )?((?:[A-Z][\w.'’-]+ ){0,5}[A-Z][\w.'’-]+)(?: (?:has |have )?\w+(?: it)?)?\s?:\s(?=[\"“'‘A-Z])"
)
_ENDED = re.compile(r"[.!?]\s")


def citations(text: str, layout: Layout, places: Sequence[Sentence], names: Collection[str]) -> tuple[Attribution, ...]:
    """Return who is cited in the sentences `places`, and in the quotations and lists that they open.

    No more than `MOST` different sentences are parsed; the rest of an endless text is read by its labels and quotations alone.
    """
    passages = [cleared(text[s.start : s.end]) for s in places]
    different = list(dict.fromkeys(passages))
    if len(different) > MOST:
        log.warning("sentences_not_parsed", parsed=MOST, left=len(different) - MOST)
    parses = dict(zip(different[:MOST], parse.parsed(different[:MOST], cues.attributions), strict=True))
    found = [
        shifted(one, s.start) for s, passage in zip(places, passages, strict=True) for one in parses.get(passage, ())
    ]
    until = layout.turns[0].label[0] if layout.turns else len(text)
    found += labelled(text, [s for s in places if s.start < until], names)
    found += introduced(text, layout, found)
    return with_quotations(text, layout, found)


class Citations:
    """The attributions of one article, found by the paragraph in which they cite."""

    def __init__(self, layout: Layout, found: Iterable[Attribution]) -> None:
        self._starts = [start for start, _ in layout.paragraphs]
        self._all: list[Attribution] = []
        self._near: dict[int, list[Attribution]] = defaultdict(list)
        for one in found:
            self.add(one)

    def add(self, one: Attribution) -> None:
        """Take in one more."""
        self._all.append(one)
        self._near[bisect_right(self._starts, one.cue[0]) - 1].append(one)

    def of_paragraph(self, paragraph: int) -> Sequence[Attribution]:
        """Return those whose cue stands in the paragraph."""
        return self._near.get(paragraph, ())

    @property
    def all(self) -> tuple[Attribution, ...]:
        """All of them, in the order in which they came."""
        return tuple(self._all)


def with_quotations(text: str, layout: Layout, found: Sequence[Attribution]) -> tuple[Attribution, ...]:
    """Return `found` with each quotation attributed as a whole, also where only a neighbour names its speaker."""
    citations = Citations(layout, found)
    last: tuple[Quote, Attribution] | None = None
    for place, quote in enumerate(layout.quotes):
        beside = citations.of_paragraph(quote.paragraph)
        host = _host(quote, beside) or _beside(text, quote, beside) or _carried(text, layout, quote, last)
        if host is None:
            host = _closing(text, layout, place, citations)
        if host is None:
            continue
        if len(text[quote.start : quote.end].split()) >= SHORT or _fills(text, layout, quote):
            span = (quote.start, quote.end)
            known = [piece for one in beside for piece in one.contents]
            if covered(known, span) < 0.98 * (quote.end - quote.start):
                citations.add(replace(host, contents=(span,)))
            last = (quote, host)
        elif host.strength == 2:
            last = (quote, host)
    return citations.all


def _fills(text: str, layout: Layout, quote: Quote) -> bool:
    """Whether the quotation is its whole paragraph, however short."""
    start, end = layout.paragraphs[quote.paragraph]
    return not text[start : quote.start].strip(" *_-–—") and not text[quote.end : end].strip(" *_.")


def labelled(text: str, sentences: Sequence[Sentence], names: Collection[str]) -> list[Attribution]:
    """Return the attributions of headlines and lines such as "Name: words", where the name is one that the article has."""
    out = []
    for sentence in sentences:
        match = _LABELLED.match(text, sentence.start, min(sentence.end, sentence.start + 120))
        if match is None or match.end() >= sentence.end:
            continue
        last = match.group(1).split()[-1]
        if any(last in name.split() for name in names):
            cue = (match.end(1), match.end(1) + 1)
            contents = ((match.end(), sentence.end),)
            out.append(Attribution(source=match.span(1), cue=cue, contents=contents, head=last, lemma="say"))
    return out


def introduced(text: str, layout: Layout, found: Sequence[Attribution]) -> list[Attribution]:
    """Return the attributions of paragraphs that a line with a colon at its end gives to somebody ("He added:").

    The next paragraph is theirs, or the whole list where bullets follow.
    """
    citations = Citations(layout, found)
    by_paragraph: dict[int, list[Sentence]] = defaultdict(list)
    for sentence in layout.sentences:
        by_paragraph[sentence.paragraph].append(sentence)
    order = list(by_paragraph)
    out = []
    for place, paragraph in enumerate(order[:-1]):
        last = by_paragraph[paragraph][-1]
        if not _INTRODUCES.search(text, max(last.start, last.end - 6), last.end):
            continue
        cited = next((one for one in citations.of_paragraph(paragraph) if _introduces(one, last)), None)
        if cited is None:
            continue
        bullets = list(takewhile(lambda p: is_bullet(text, *layout.paragraphs[p]), order[place + 1 :]))
        for follower in bullets or [order[place + 1]]:
            inside = by_paragraph[follower]
            out.append(replace(cited, contents=((inside[0].start, inside[-1].end),), strength=2))
    return out


def _closing(text: str, layout: Layout, place: int, citations: Citations) -> Attribution | None:
    """Return who speaks a quotation left open paragraph by paragraph, where only its last paragraph names them."""
    quote = layout.quotes[place]
    for follower in layout.quotes[place + 1 : place + 1 + LONGEST_RUN]:
        if not follower.continues or follower.paragraph - quote.paragraph > LONGEST_RUN:
            return None
        beside = citations.of_paragraph(follower.paragraph)
        host = _host(follower, beside) or _beside(text, follower, beside)
        if host is not None:
            return host
    return None


def _introduces(one: Attribution, sentence: Sentence) -> bool:
    outer = one.source is not None and one.strength > 0 and not one.depth
    return outer and sentence.start <= one.cue[0] < sentence.end and one.head.lower() not in lexicon.PERSONAL


def _host(quote: Quote, beside: Sequence[Attribution]) -> Attribution | None:
    """Return the attribution whose content reaches into the quotation, words before acts."""
    span = (quote.start, quote.end)
    reaching = [
        one
        for one in beside
        if not quote.start <= one.cue[0] < quote.end and any(overlap(piece, span) for piece in one.contents)
    ]
    return max(reaching, key=lambda one: one.strength, default=None)


def _beside(text: str, quote: Quote, beside: Sequence[Attribution]) -> Attribution | None:
    """Return the attribution whose cue stands against the quotation, in the same sentence."""
    for one in beside:
        if quote.start <= one.cue[0] < quote.end or one.strength < 2:
            continue
        gap = text[one.cue[1] : quote.start] if one.cue[1] <= quote.start else text[quote.end : one.cue[0]]
        if len(gap) < 80 and "\n" not in gap and not _ENDED.search(gap):
            return one
    return None


def _carried(text: str, layout: Layout, quote: Quote, last: tuple[Quote, Attribution] | None) -> Attribution | None:
    """Return who spoke the quotation before, where this one carries on: in its paragraph, or opening the next one."""
    if last is None:
        return None
    before, speaker = last
    if quote.continues or before.paragraph == quote.paragraph:
        return speaker
    start = layout.paragraphs[quote.paragraph][0]
    opens = not text[start : quote.start].strip(" *_-–—")
    return speaker if before.paragraph == quote.paragraph - 1 and opens else None

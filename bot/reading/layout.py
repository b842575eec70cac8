"""The skeleton of a text: paragraphs, what of them is furniture, sentences, quotations, turns. No parse."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace

from bot.core.attribution import Span
from bot.ports import Sentence
from bot.reading.furniture import Furniture, classify
from bot.reading.language import Passage, unread_passages
from bot.reading.quotes import Quote, quotations
from bot.reading.sentences import paragraphs, split
from bot.reading.transcript import Turn, turns

LONGEST_QUESTION = 4
"""Sentences at the end of a question that tell what it is about."""
LONGEST_ANSWER = 12
"""Sentences of an answer that are still about the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The parts of one text in order; `kinds` says of each paragraph why it is passed over, None where it is read."""

    paragraphs: tuple[Span, ...]
    kinds: tuple[Furniture | None, ...]
    sentences: tuple[Sentence, ...]
    quotes: tuple[Quote, ...]
    turns: tuple[Turn, ...]
    unread: tuple[Passage, ...] = ()
    """Paragraphs and long quotations in languages that are not read; sentences that lie inside one are left out."""

    def turn_at(self, offset: int) -> Turn | None:
        """Return whose turn it is at `offset`, None outside of any."""
        place = bisect_right([turn.start for turn in self.turns], offset) - 1
        return self.turns[place] if place >= 0 and offset < self.turns[place].end else None


def lay_out(text: str) -> Layout:
    """Return the skeleton of `text`."""
    spans = paragraphs(text)
    kinds, unread = _without_foreign(text, spans, classify(text, spans))
    talk = turns(text, spans, _heading_at(spans, kinds))
    begins = {turn.label[0]: turn.start for turn in talk}
    sentences = []
    for index, (start, end) in enumerate(spans):
        if kinds[index] is not None:
            continue
        label = next((after for at, after in begins.items() if start <= at < end), None) if begins else None
        sentences += [
            Sentence(start=s, end=e, paragraph=index)
            for s, e in split(text, label or start, end)
            if any(map(str.isalnum, text[s:e])) and not any(p.start <= s and e <= p.end for p in unread)
        ]
    sentences = _with_questions(sentences, talk)
    read = [span for span, kind in zip(spans, kinds, strict=True) if kind is None]
    places = [index for index, kind in enumerate(kinds) if kind is None]
    quotes = quotations(text, read, places)
    return Layout(paragraphs=spans, kinds=kinds, sentences=tuple(sentences), quotes=quotes, turns=talk, unread=unread)


def _with_questions(sentences: list[Sentence], talk: tuple[Turn, ...]) -> list[Sentence]:
    """Return the sentences of a talk with the end of the question that each of them answers."""
    made = list(sentences)
    starts = [sentence.start for sentence in sentences]
    asked: tuple[int, ...] = ()
    for turn in talk:
        turns_own = range(bisect_left(starts, turn.start), bisect_left(starts, turn.end))
        if turn.asks:
            asked = tuple(turns_own)[-LONGEST_QUESTION:]
            continue
        for index in turns_own[:LONGEST_ANSWER]:
            made[index] = replace(made[index], answers=asked)
    return made


def _without_foreign(
    text: str, spans: tuple[Span, ...], kinds: tuple[Furniture | None, ...]
) -> tuple[tuple[Furniture | None, ...], tuple[Passage, ...]]:
    """Return the kinds with foreign paragraphs marked as such, and the passages that are not read."""
    unread = unread_passages(text, [span for span, kind in zip(spans, kinds, strict=True) if kind is None])
    whole = {(passage.start, passage.end) for passage in unread}
    marked = (Furniture.FOREIGN if span in whole else kind for span, kind in zip(spans, kinds, strict=True))
    return tuple(marked), unread


def _heading_at(spans: tuple[Span, ...], kinds: tuple[Furniture | None, ...]) -> int:
    """Return the offset of the last heading or dateline in the first paragraphs, -1 where there is none."""
    above = [
        span[0] for span, kind in zip(spans[:8], kinds[:8], strict=True) if kind in (Furniture.HEADING, Furniture.STAMP)
    ]
    return above[-1] if above else -1

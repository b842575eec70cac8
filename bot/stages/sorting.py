"""What the items of one polled document are: dated, marked, and judged against what the store knows. No waiting here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.revision import Item, Judgement, Known, Marks, Memory, Novelty, entry_id, judge, marks
from bot.domain import DateConfidence
from bot.feeds import dates
from bot.feeds.parsed import ParsedEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """An item with what it is known by and its date's raw text and confidence."""

    entry: ParsedEntry
    marks: Marks
    raw: str
    confidence: DateConfidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An item with what it is and the id of the entry that it is or becomes."""

    entry: ParsedEntry
    marks: Marks
    raw: str
    confidence: DateConfidence
    judgement: Judgement
    id: str

    @property
    def fresh(self) -> bool:
        """Whether it is to be read."""
        return self.judgement.novelty in (Novelty.NEW, Novelty.REVISED)

    @property
    def renews(self) -> bool:
        """Whether a known entry came under a new guid, by which it is known from now on."""
        known_otherwise = self.judgement.novelty is Novelty.SAME and "guid" not in self.judgement.reason
        return known_otherwise and bool(self.marks.guid)


def mark(entries: Iterable[ParsedEntry], now: datetime) -> list[Marked]:
    """Date and mark the items of one document; those without guid, link, title and text are left out."""
    kept = [entry for entry in entries if entry.guid or entry.url or entry.title or entry.text]
    dated = [dates.resolve(entry.dates, now) for entry in kept]
    items = [
        Item(guid=entry.guid, url=entry.url, title=entry.title, content=entry.text, published=published)
        for entry, (published, _, _) in zip(kept, dated, strict=True)
    ]
    return [
        Marked(entry=entry, marks=found, raw=raw, confidence=confidence)
        for entry, found, (_, raw, confidence) in zip(kept, marks(items), dated, strict=True)
    ]


def sort(marked: Sequence[Marked], known: Iterable[Known], feed_url: str, *, revisions: int) -> list[Found]:
    """Judge the items of one document, each entry once, in the document's order."""
    memory = Memory.of(known, feed_url)
    found: dict[str, Found] = {}
    for item in marked:
        judgement = judge(item.marks, memory, revisions=revisions)
        own = judgement.entry_id or entry_id(feed_url, item.marks)
        if own not in found:
            found[own] = Found(
                entry=item.entry,
                marks=item.marks,
                raw=item.raw,
                confidence=item.confidence,
                judgement=judgement,
                id=own,
            )
    return list(found.values())

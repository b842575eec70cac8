"""Is an item of a feed new, an edit, or something already seen?

No single mark can be trusted: guids are missing, shared, changed and http one day and https the next; addresses carry
trackers or are shared by all items; dates are bumped with nothing changed. So guid, canonical address, title and content
are weighed together, in this order, and the answer carries its reason.

1. The guid, unless several items of one document share it or both address and title are others now.
2. The canonical address, unless several items of one document share it.
3. Title and content together, where they are long enough to name one text, or have the same date as well.
4. The canonical address in another feed: a duplicate, which that feed's entry stands for.

Dates never make an item new or revised.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.core.addresses import clean, identity
from bot.domain import identify, text_hash

TELLING_LENGTH = 120
"""Characters of title and content that name one text by themselves."""


class Novelty(StrEnum):
    """What an item is to the store."""

    NEW = "new"
    REVISED = "revised"
    SAME = "same"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item as a feed's document has it, before anything is known about it. `content` is text, not HTML."""

    guid: str
    url: str
    title: str
    content: str
    published: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What an item is known by. `guid` and `url` are "" where they identify nothing."""

    guid: str
    url: str
    title: str
    content_hash: str
    length: int
    published: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An entry of the store, as far as identity goes."""

    id: str
    feed_url: str
    guid: str
    url: str
    title: str
    content_hash: str
    published: datetime
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What an item is, of which entry ("" for a new one), and why."""

    novelty: Novelty
    entry_id: str
    reason: str
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """The entries that a document's items may be, by each of their marks. Entries of other feeds count by address only."""

    by_guid: Mapping[str, Known] = field(default_factory=dict)
    by_url: Mapping[str, Known] = field(default_factory=dict)
    by_hash: Mapping[str, Known] = field(default_factory=dict)
    elsewhere: Mapping[str, Known] = field(default_factory=dict)

    @classmethod
    def of(cls, known: Iterable[Known], feed_url: str) -> Memory:
        """Index `known`, sorted or not, for items of `feed_url`."""
        memory: tuple[dict[str, Known], ...] = ({}, {}, {}, {})
        for entry in known:
            if entry.feed_url != feed_url:
                memory[3].setdefault(entry.url, entry)
                continue
            memory[0].setdefault(entry.guid, entry)
            memory[1].setdefault(entry.url, entry)
            memory[2].setdefault(entry.content_hash, entry)
        return cls(*memory)


def marks(items: Sequence[Item]) -> list[Marks]:
    """Return what each item of one document is known by; guids and addresses that several texts share are dropped."""
    guids, urls = [_guid(item.guid) for item in items], [identity(item.url) if item.url else "" for item in items]
    hashes = [content_hash(item.title, item.content) for item in items]
    shared_guids = _shared(guids, hashes)
    shared_urls = _shared(urls, hashes)
    return [
        Marks(
            guid="" if guid in shared_guids else guid,
            url="" if url in shared_urls else url,
            title=_plain(item.title),
            content_hash=digest,
            length=len(item.title) + len(item.content),
            published=item.published,
        )
        for item, guid, url, digest in zip(items, guids, urls, hashes, strict=True)
    ]


def judge(item: Marks, memory: Memory, *, revisions: int) -> Judgement:
    """Decide what an item is. Edits beyond `revisions` are "same" with a reason that says so."""
    known, by = _find(item, memory)
    if known is None:
        other = memory.elsewhere.get(item.url) if item.url else None
        if other is not None:
            return Judgement(novelty=Novelty.DUPLICATE, entry_id=other.id, reason="another feed has this address")
        return Judgement(novelty=Novelty.NEW, entry_id="", reason="not seen before")
    if known.content_hash == item.content_hash:
        return Judgement(novelty=Novelty.SAME, entry_id=known.id, reason=f"same {by}", revision=known.revision)
    if known.revision >= revisions:
        reason = f"same {by}, edited again after {revisions} revisions"
        return Judgement(novelty=Novelty.SAME, entry_id=known.id, reason=reason, revision=known.revision)
    return Judgement(
        novelty=Novelty.REVISED, entry_id=known.id, reason=f"same {by}, other text", revision=known.revision + 1
    )


def _find(item: Marks, memory: Memory) -> tuple[Known | None, str]:
    known = memory.by_guid.get(item.guid) if item.guid else None
    if known is not None and not _guid_reused(item, known):
        return known, "guid"
    known = memory.by_url.get(item.url) if item.url else None
    if known is not None:
        return known, "address"
    known = memory.by_hash.get(item.content_hash)
    if known is not None and (item.length >= TELLING_LENGTH or known.published == item.published):
        return known, "title and content"
    return None, ""


def _guid_reused(item: Marks, known: Known) -> bool:
    return bool(
        item.url and known.url and item.url != known.url and item.title and _plain(known.title) != item.title
        and item.content_hash != known.content_hash
    )  # fmt: skip


def entry_id(feed_url: str, item: Marks) -> str:
    """Return a new entry's id: from all its marks, since any one of them may be used again for something else."""
    return identify(feed_url, item.guid, item.url, item.content_hash)


def content_hash(title: str, content: str) -> str:
    """Return the hash of what an item says, indifferent to white space."""
    return text_hash(f"{_plain(title)}\n{_plain(content)}")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _guid(guid: str) -> str:
    """Return a guid fit for comparing: addresses by their identity, others trimmed."""
    text = guid.strip()
    if re.match(r"https?://", text, re.IGNORECASE) and clean(text):
        return identity(text)
    return text


def _shared(values: Sequence[str], hashes: Sequence[str]) -> frozenset[str]:
    """Return the values that items of different content have in common, and that therefore identify none of them."""
    contents = Counter(value for value, _ in set(zip(values, hashes, strict=True)) if value)
    return frozenset(value for value, n in contents.items() if n > 1)

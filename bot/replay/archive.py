"""Archives: what is to be replayed, from files, folders, saved feeds and the store, in the order in which it appeared.

Every article has the time of its appearance, which is what the clock of a replay shows; one without a date is not replayed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bot.domain import Article, identify
from bot.errors import InputError
from bot.feeds import dates
from bot.feeds.check import Parser
from bot.feeds.fenced import Broken
from bot.feeds.parsed import NotAFeed, ParsedEntry, ParsedFeed
from bot.ports import Extractor
from bot.reading.inputs import read_articles
from bot.replay.index import INDEX, Indexed, read_index

TEXTS = frozenset({".txt", ".text", ".md", ".html", ".htm", ".json", ".jsonl", ".ndjson"})
FEEDS = frozenset({".xml", ".rss", ".atom", ".rdf"})
NO_ADDRESS = "archive:"
"""Begins the address of an article that came without one."""
UNDATED = datetime(1, 1, 3, tzinfo=UTC)
"""What an article is dated that bears no date."""
NO_DATE = (
    'has no date, so it has no place in time. Give each article a date: the key "published" in JSON, a file name that '
    f"begins with it (2026-02-10 title.txt), or {INDEX} beside the files."
)
_IN_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T_ ](\d{2})[-:.]?(\d{2}))?")
_FEED = re.compile(rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:rss|feed|rdf:RDF)[\s>]", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveItem:
    """An article at its place in time. `document` is what it is called in reports; `at` is when it appeared."""

    document: str
    article: Article
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What was found: `items` in the order of time, each text once, and why the rest is not among them."""

    items: tuple[ArchiveItem, ...]
    unread: tuple[InputError, ...] = ()


def read_archives(paths: Sequence[Path], *, extractor: Extractor, parser: Parser, undated: bool = False) -> Archive:
    """Read files and folders. What cannot be read is told in its place in `unread`, a path that does not exist among it.

    What bears no date has no place in time, and is not read; with `undated` it is, dated `UNDATED`.
    """
    found: list[ArchiveItem] = []
    unread: list[InputError] = []
    for path in paths:
        for one in _from_path(path, extractor, parser):
            if isinstance(one, InputError):
                unread.append(one)
            elif one.at == UNDATED and not undated:
                unread.append(InputError(f"{one.document}: {NO_DATE}"))
            else:
                found.append(one)
    return Archive(items=in_order(found), unread=tuple(unread))


def in_order(items: Iterable[ArchiveItem]) -> tuple[ArchiveItem, ...]:
    """Return the items by time, the same text of one document once (the earliest), editions at one address numbered."""
    first: dict[str, ArchiveItem] = {}
    for item in sorted(
        items, key=lambda item: (item.at, item.document)
    ):  # stable: saved states of a feed keep their order
        first.setdefault(item.article.id, item)
    editions: Counter[tuple[str, str]] = Counter()
    numbered = []
    for item in first.values():
        place = (item.document, item.article.url)
        revision = max(item.article.revision, editions[place])
        numbered.append(replace(item, article=replace(item.article, revision=revision)))
        editions[place] = revision + 1
    return tuple(numbered)


def between(items: Sequence[ArchiveItem], start: datetime | None, end: datetime | None) -> tuple[ArchiveItem, ...]:
    """Return the items from `start` on and before `end`; None for no limit."""
    return tuple(item for item in items if (start is None or item.at >= start) and (end is None or item.at < end))


def item_of(document: str, article: Article, at: datetime | None = None) -> ArchiveItem:
    """Return an article as an item, with an address of its own where it has none: the ledger tells reports by theirs."""
    url = article.url or f"{NO_ADDRESS}{article.id}"
    return ArchiveItem(document=document, article=replace(article, url=url), at=at or article.published)


def _from_path(path: Path, extractor: Extractor, parser: Parser) -> Iterator[ArchiveItem | InputError]:
    if not path.is_dir():
        yield from _from_file(path, path.name, extractor, parser)
        return
    try:
        index = read_index(path)
    except InputError as fault:
        yield fault
        return
    files = sorted(each for each in path.rglob("*") if each.is_file() and each.suffix.lower() in TEXTS | FEEDS)
    wanted = [each for each in files if index is None or each.relative_to(path).as_posix() in index]
    if not wanted:
        yield InputError(f"{path}: holds no texts, pages, JSON or feeds.")
    for each in wanted:
        name = each.relative_to(path).as_posix()
        yield from _from_file(each, name, extractor, parser, index[name] if index else None)


def _from_file(
    path: Path, name: str, extractor: Extractor, parser: Parser, indexed: Indexed | None = None
) -> Iterator[ArchiveItem | InputError]:
    try:
        data = path.read_bytes()
    except OSError as fault:
        yield InputError(f"{path}: cannot be read ({fault.strerror}).")
        return
    if path.suffix.lower() in FEEDS or _FEED.match(data[:4096]):
        yield from _from_feed(data, name, parser)
        return
    try:
        for document, article in read_articles(data, name, extractor=extractor, now=UNDATED):
            yield _placed(document, article, path, indexed) if isinstance(article, Article) else article
    except InputError as fault:
        yield fault


def _placed(document: str, article: Article, path: Path, indexed: Indexed | None) -> ArchiveItem:
    if indexed is not None:
        title = article.title or indexed.title
        return item_of(indexed.id, replace(article, published=indexed.published, title=title))
    if article.published == UNDATED:
        named = _IN_NAME.match(path.name)
        article = replace(article, published=(_moment(named) if named else None) or UNDATED)
    return item_of(document, article)


def _moment(named: re.Match[str]) -> datetime | None:
    """Return the time that a file's name begins with, in UTC; None where there is no such day or hour."""
    day, hour, minute = named.groups()
    try:
        return datetime.fromisoformat(f"{day}T{hour or '00'}:{minute or '00'}:00+00:00")
    except ValueError:
        return None


def _from_feed(data: bytes, name: str, parser: Parser) -> Iterator[ArchiveItem | InputError]:
    """Yield the items of one saved state of a feed."""
    parsed = parser.parse(data)
    if isinstance(parsed, NotAFeed | Broken):
        yield InputError(f"{name}: no feed ({parsed.problem}).")
        return
    for number, entry in enumerate(parsed.entries, 1):
        yield _entry(entry, parsed, f"{name}#{number}")


def _entry(entry: ParsedEntry, feed: ParsedFeed, place: str) -> ArchiveItem:
    document = entry.guid or entry.url or place
    found = next((found for raw in entry.dates if (found := dates.read(raw))), None)
    article = Article(
        id=identify("handed in", document, entry.text or entry.title),
        url=entry.url,
        title=entry.title,
        text=entry.text or entry.title,
        published=found[0] if found and found[0] >= dates.EARLIEST else UNDATED,
        outlet=feed.title,
        author=entry.author,
    )
    return item_of(document, article)

"""From the entries of a poll and their texts to the articles to store, and what is to be told of them. No waiting here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.editions import Comparison, Piece, compare
from bot.core.revision import Novelty
from bot.core.schedule import FeedState
from bot.domain import Article, ArticleState, DateConfidence, identify, text_hash
from bot.reading.language import unread_passages
from bot.reading.layout import lay_out
from bot.reading.sentences import paragraphs
from bot.stages.pages import OWN_TEXT, Text
from bot.stages.sorting import Found
from bot.store.articles import UNREAD_PASSAGES, Arrival, Edition
from bot.store.late_pages import LatePage

STUB = 400
LATE_PAGE = "its page came late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What became of the statements of an article in its next edition."""

    article_id: str
    earlier_id: str
    comparison: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the entries of a poll gave. `unstored` counts entries without an article by reason, `unread` passages by language."""

    arrivals: Sequence[Arrival] = ()
    unstored: Counter[str] = field(default_factory=Counter)
    edited: Sequence[Edited] = ()
    unread: Counter[str] = field(default_factory=Counter)


def edited_of(taken: Sequence[Found]) -> list[str]:
    """Return the entries whose earlier article `gather` asks for."""
    return [each.id for each in taken if each.judgement.novelty is Novelty.REVISED]


def gather(
    feed: FeedState,
    taken: Sequence[Found],
    texts: Mapping[str, Text],
    owners: dict[str, str | None],
    latest: Mapping[str, Edition],
    now: datetime,
) -> Gathered:
    """Return the articles to store; an entry whose page belongs to another entry, or did not change, gives none.

    `owners` has the addresses that have an article, with its entry, and `latest` the earlier articles of edited entries. A live
    page gives an article for each of its items, under the item's own words: what is stored already stays as it is.
    """
    arrivals: list[Arrival] = []
    unstored: Counter[str] = Counter()
    edited: list[Edited] = []
    for each in taken:
        own, text = each.id, texts[each.id]
        owner = owners.get(text.url) if text.page else own
        if text.page and text.url in owners and owner != own:
            if len(each.entry.text) < STUB:
                unstored["its page is another entry's article"] += 1
                continue
            text = replace(text, text=each.entry.text, page=False, reason="the feed's own text (its page is another's)")
        elif text.page:
            owners[text.url] = own
        if text.items:
            arrivals += [_arrival(feed, each, live, text_hash(live.text)) for live in _live(text, now)]
            continue
        before = latest.get(own)
        if before and before.text_hash == text_hash(text.text):
            unstored["edited, but its article says the same"] += 1
            continue
        arrivals.append(_arrival(feed, each, text))
        if before and text.page and not before.reason.startswith(OWN_TEXT):
            compared = _compared(before.text, text.text)
            edited.append(Edited(article_id=arrivals[-1].article.id, earlier_id=before.article_id, comparison=compared))
    arrivals, unread = _with_unread(arrivals)
    return Gathered(arrivals=arrivals, unstored=unstored, edited=edited, unread=unread)


def _compared(earlier: str, later: str) -> Comparison:
    return compare(_sentences(earlier), _sentences(later), later_text=later)


def _sentences(text: str) -> list[Piece]:
    return [Piece(start=s.start, end=s.end, text=text[s.start : s.end]) for s in lay_out(text).sentences]


def _live(text: Text, now: datetime) -> list[Text]:
    """Return the items of a live page as texts of their own, dated no later than now."""
    return [
        replace(
            text,
            url=item.url or text.url,
            text=item.text,
            title=item.title,
            published=min(item.published, now) if item.published else None,
            items=(),
        )
        for item in text.items
    ]


def _with_unread(arrivals: Sequence[Arrival]) -> tuple[list[Arrival], Counter[str]]:
    """Return the arrivals, those with passages in languages that are not read saying so, and how many passages there are."""
    counted: Counter[str] = Counter()
    noted = []
    for arrival in arrivals:
        text = arrival.article.text
        found = unread_passages(text, paragraphs(text)) if arrival.state is ArticleState.PENDING else ()
        counted.update(passage.language for passage in found)
        languages = ", ".join(sorted({passage.language for passage in found}))
        reason = "; ".join(filter(None, (arrival.reason, f"{UNREAD_PASSAGES}{languages}" if found else "")))
        noted.append(replace(arrival, reason=reason) if found else arrival)
    return noted, counted


def _arrival(feed: FeedState, each: Found, text: Text, live: str = "") -> Arrival:
    """Return an entry's article; `live` names an item of a live page, whose title and date are its own."""
    published = each.marks.published
    if live:
        published = text.published or published
    elif each.confidence is DateConfidence.FIRST_SEEN and text.published is not None:
        published = min(text.published, published)
    titles = (text.title, each.entry.title) if live else (each.entry.title, text.title)
    article = Article(
        id=identify("article", each.id, live or each.judgement.revision),
        url=text.url or feed.url,
        title=titles[0] or titles[1],
        text=text.text,
        published=published,
        outlet=feed.outlet or text.outlet or feed.name,
        author=each.entry.author or text.author,
        language=text.language or feed.language,
        revision=each.judgement.revision,
        silent=feed.untried and feed.first_run != "post",
    )
    state = ArticleState.SKIPPED if text.unread else ArticleState.PENDING
    return Arrival(
        article=article,
        entry_id=each.id,
        state=state,
        reason="item of a live page" if live else text.reason,
        page_later=text.later,
    )


def arrival_of_late_page(late: LatePage, text: Text, owners: Mapping[str, str | None]) -> Arrival | None:
    """Return the article of a page that came at last; None where it is another entry's, or tells no more than is known."""
    known = late.article
    if owners.get(text.url, late.entry_id) != late.entry_id or text_hash(text.text) == text_hash(known.text):
        return None
    article = replace(
        known,
        id=identify("article", late.entry_id, known.revision, "late page"),
        url=text.url,
        title=known.title or text.title,
        text=text.text,
        author=known.author or text.author,
        language=text.language or known.language,
    )
    (arrival,), _ = _with_unread([Arrival(article=article, entry_id=late.entry_id, reason=LATE_PAGE)])
    return arrival

"""Articles: texts to assess, who has claimed them, and how each ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, case, func, or_, select, update

from bot.domain import Article, ArticleState, text_hash
from bot.store.engine import insert
from bot.store.schema import articles as table

AT_ONCE = 400
"""Values in one IN list, well under every database's limit."""
MOST_ATTEMPTS = 5
POISON = "begun 5 times without an end: it is kept from being tried again"
UNREAD_PASSAGES = "passages not read: "
"""Begins what an article's reason says of passages in other languages, whose codes follow."""
COLUMNS = (
    table.c.id,
    table.c.url,
    table.c.title,
    table.c.text,
    table.c.published_at.label("published"),
    table.c.outlet,
    table.c.author,
    table.c.language,
    table.c.revision,
    table.c.silent,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An article with where it came from. `reason` says what is unusual about its text, or why it is skipped.

    `page_later` says that its page could not be had for a reason that may pass.
    """

    article: Article
    entry_id: str | None
    state: ArticleState = ArticleState.PENDING
    reason: str = ""
    page_later: bool = False


def add(connection: Connection, arrivals: Sequence[Arrival], now: datetime) -> int:
    """Store articles; one that is there already is left as it is. Return how many are new."""
    if not arrivals:
        return 0
    rows = [_row(arrival, now) for arrival in arrivals]
    new = insert(connection, table).on_conflict_do_nothing().returning(table.c.id)
    return len(connection.execute(new, rows).all())


def _row(arrival: Arrival, now: datetime) -> dict[str, object]:
    article = arrival.article
    return {
        "id": article.id,
        "entry_id": arrival.entry_id,
        "url": article.url,
        "title": article.title,
        "outlet": article.outlet,
        "author": article.author,
        "published_at": article.published,
        "fetched_at": now,
        "language": article.language[:16],
        "text": article.text,
        "text_hash": text_hash(article.text),
        "revision": article.revision,
        "silent": article.silent,
        "state": arrival.state.value,
        "reason": arrival.reason[:500],
    }


def claim_pending(
    connection: Connection, now: datetime, limit: int, lease_s: float, *, only: Collection[str] | None = None
) -> list[Article]:
    """Claim up to `limit` pending articles and return them: those that may alert before silent ones, then the oldest.

    `only` names the ids to look among, None for all. The first of them counts as begun, the others once `begin` says so: whoever
    dies over one has not tried the rest. An article that was begun `MOST_ATTEMPTS` times without an end is marked failed instead.
    """
    free = or_(table.c.claimed_until.is_(None), table.c.claimed_until <= now)
    pending = (table.c.state == ArticleState.PENDING.value) & free
    pending = pending if only is None else pending & table.c.id.in_(only)
    connection.execute(
        update(table)
        .where(pending, table.c.attempts >= MOST_ATTEMPTS)
        .values(state=ArticleState.FAILED.value, reason=POISON, claimed_until=None)
    )
    query = select(table.c.id).where(pending).order_by(table.c.silent, table.c.published_at, table.c.id).limit(limit)
    ids = list(connection.execute(query.with_for_update(skip_locked=True)).scalars())
    if not ids:
        return []
    connection.execute(
        update(table)
        .where(table.c.id.in_(ids))
        .values(
            claimed_until=now + timedelta(seconds=lease_s),
            attempts=table.c.attempts + case((table.c.id == ids[0], 1), else_=0),
        )
    )
    found = connection.execute(select(*COLUMNS).where(table.c.id.in_(ids))).mappings()
    rows = {row["id"]: _article(row) for row in found}
    return [rows[article_id] for article_id in ids]


def begin(connection: Connection, article_id: str) -> None:
    """Count an attempt at a claimed article, which is the next to be assessed."""
    connection.execute(update(table).where(table.c.id == article_id).values(attempts=table.c.attempts + 1))


def release_all(connection: Connection) -> int:
    """Give back every claim; only where no other process assesses. The attempts stay counted. Return how many."""
    pending = table.c.state == ArticleState.PENDING.value
    done = connection.execute(
        update(table).where(pending, table.c.claimed_until.is_not(None)).values(claimed_until=None)
    )
    return done.rowcount


def is_pending(connection: Connection, article_id: str) -> bool:
    """Whether an article has not ended yet; keeps it from ending in another transaction until the end of this one."""
    query = select(table.c.id).where(table.c.id == article_id, table.c.state == ArticleState.PENDING.value)
    return connection.execute(query.with_for_update()).first() is not None


def unclaim(connection: Connection, ids: Sequence[str]) -> None:
    """Give the claims on articles back, of a process that is known to be gone."""
    for start in range(0, len(ids), AT_ONCE):
        chosen = table.c.id.in_(ids[start : start + AT_ONCE]) & (table.c.state == ArticleState.PENDING.value)
        connection.execute(update(table).where(chosen).values(claimed_until=None))


def pending_ids(connection: Connection, now: datetime, *, except_for: Collection[str], limit: int) -> list[str]:
    """Return up to `limit` pending articles that nobody has claimed, in the order of `claim_pending`, without some."""
    free = or_(table.c.claimed_until.is_(None), table.c.claimed_until <= now)
    query = select(table.c.id).where(table.c.state == ArticleState.PENDING.value, free)
    query = query.order_by(table.c.silent, table.c.published_at, table.c.id).limit(limit + len(except_for))
    return [found for found in connection.scalars(query) if found not in except_for][:limit]


def mark(connection: Connection, article_id: str, state: ArticleState, reason: str, now: datetime) -> bool:
    """Store how a claimed article ended; False where it had ended before.

    "" as reason keeps the one that it came with (its text is the feed's own, for instance).
    """
    values: dict[str, object] = {"state": state.value, "claimed_until": None, "assessed_at": now}
    if reason:
        values["reason"] = reason[:500]
    ended = connection.execute(
        update(table).where(table.c.id == article_id, table.c.state == ArticleState.PENDING.value).values(**values)
    )
    return ended.rowcount > 0


def get(connection: Connection, article_id: str) -> Article | None:
    """Return an article, None where there is none of that id."""
    row = connection.execute(select(*COLUMNS).where(table.c.id == article_id)).mappings().first()
    return None if row is None else _article(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The latest article of an entry. `reason` says what is unusual about its text."""

    article_id: str
    text: str
    text_hash: str
    reason: str


def latest(connection: Connection, entry_ids: Sequence[str]) -> dict[str, Edition]:
    """Return the latest article of each of `entry_ids` that has one."""
    found: dict[str, Edition] = {}
    for start in range(0, len(entry_ids), AT_ONCE):
        wanted = table.c.entry_id.in_(entry_ids[start : start + AT_ONCE])
        columns = (table.c.entry_id, table.c.id.label("article_id"), table.c.text, table.c.text_hash, table.c.reason)
        query = select(*columns).where(wanted).order_by(table.c.revision, table.c.fetched_at)
        for row in connection.execute(query).mappings():
            found[row["entry_id"]] = Edition(
                **{name: row[name] for name in ("article_id", "text", "text_hash", "reason")}
            )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """An article of which the whole or passages are in a language that is not read, as `reason` says."""

    url: str
    title: str
    outlet: str
    reason: str
    fetched_at: datetime


def unread(connection: Connection, since: datetime, *, limit: int = 100) -> tuple[Unread, ...]:
    """Return the articles fetched since `since` that were not read for their language, wholly or in part, the latest first."""
    columns = (table.c.url, table.c.title, table.c.outlet, table.c.reason, table.c.fetched_at)
    of_language = or_(table.c.reason.startswith("language"), table.c.reason.contains(UNREAD_PASSAGES))
    query = select(*columns).where(table.c.fetched_at >= since, of_language).order_by(table.c.fetched_at.desc())
    return tuple(Unread(**row) for row in connection.execute(query.limit(limit)).mappings())


def with_address(connection: Connection, urls: Sequence[str]) -> dict[str, str | None]:
    """Return which of `urls` have an article, with the entry that it belongs to."""
    found: dict[str, str | None] = {}
    for start in range(0, len(urls), AT_ONCE):
        wanted = table.c.url.in_(urls[start : start + AT_ONCE])
        query = select(table.c.url, table.c.entry_id).where(wanted).order_by(table.c.fetched_at.desc())
        found.update({row.url: row.entry_id for row in connection.execute(query)})
    return found


def counts(connection: Connection) -> dict[ArticleState, int]:
    """Return how many articles are in each state."""
    query = select(table.c.state, func.count()).group_by(table.c.state)
    found = {ArticleState(state): n for state, n in connection.execute(query)}
    return {state: found.get(state, 0) for state in ArticleState}


def _article(row: RowMapping) -> Article:
    return Article(**row)

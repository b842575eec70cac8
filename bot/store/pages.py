"""What the desk's page reads, each view in a fixed number of queries however much the ledger holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Label, Select, String, and_, func, select, type_coerce

from bot.core.desk import VerdictKind
from bot.domain import Relation
from bot.store import assessments, differing, mutes, positions, shifts, verdicts
from bot.store.assessments import TimelineEntry
from bot.store.differing import Original
from bot.store.mutes import Mute
from bot.store.positions import LedgerRevision
from bot.store.schema import articles, feeds, statements
from bot.store.schema import assessments as judged
from bot.store.schema import positions as ledger
from bot.store.schema import shifts as moves
from bot.store.schema import verdicts as filed
from bot.store.shifts import ShiftRecord
from bot.store.verdicts import VerdictRecord

TREND_WEEKS = 12
OPEN = "open"
SILENT = "silent for"
"""How the problem of a feed begins that answers and has had nothing new for too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionLine:
    """A tracked position. `trend` has one count of shifts by relation a week, the oldest first; times are None for never."""

    line: LedgerRevision
    trend: tuple[Mapping[Relation, int], ...]
    last_shift_at: datetime | None = None
    last_said_at: datetime | None = None
    mute: Mute | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftFilter:
    """Which shifts to list; "" and None for all. `verdict` is "open" or a kind of verdict; days count in UTC, both inclusive."""

    position_id: str = ""
    relation: Relation | None = None
    verdict: str = ""
    told: bool | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftLine:
    """A shift with its position's line then in force, its first account, and the verdict that stands on it.

    `accounts` counts the statements that tell of it, not those that speak against it; `probability` is that the first one
    moved the line at all. `updated_at` is when it was last reported, spoken against, or decided on. Where accounts differ,
    the first one is the one that has the statement otherwise.
    """

    shift: ShiftRecord
    holder: str
    topic: str
    baseline: str
    accounts: int
    updated_at: datetime
    evidence: str = ""
    speaker: str = ""
    outlet: str = ""
    title: str = ""
    url: str = ""
    published: datetime | None = None
    probability: float = 0.0
    verdict: VerdictRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftSheet:
    """All about one shift. `line` is what it moved from; `accounts` are in the order of their publication.

    `disputes` speak against it. Where accounts differ, `original` is the shift whose statement is had otherwise, and the
    accounts are the one that opened it and those others; "" for any other shift.
    """

    shift: ShiftRecord
    line: LedgerRevision
    current: LedgerRevision
    accounts: tuple[TimelineEntry, ...]
    disputes: tuple[TimelineEntry, ...] = ()
    original: str = ""
    verdict: VerdictRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """A feed as it is polled. `problem` is "" where there is nothing to tell; it tells of silent feeds, too."""

    url: str
    name: str
    outlet: str
    status: str
    failures: int
    outcome: str
    problem: str
    interval_s: float
    next_poll_at: datetime
    last_poll_at: datetime | None
    last_success_at: datetime | None
    last_new_at: datetime | None

    @property
    def health(self) -> str:
        """One of: gone, failing, silent, troubled, new, well."""
        if self.status == "gone":
            return "gone"
        if self.failures:
            return "failing"
        if self.problem:
            return "silent" if self.problem.startswith(SILENT) else "troubled"
        return "well" if self.last_success_at else "new"


def position_lines(connection: Connection, now: datetime, *, wanted: str = "") -> list[PositionLine]:
    """Return every tracked position whose holder, topic, line or id has `wanted` in it, by holder and topic. Five queries."""
    lines = [line for line in positions.current(connection).values() if not line.retired and _has(line, wanted)]
    trends = _trends(connection, now)
    latest = select(moves.c.position_id, func.max(moves.c.opened_at)).group_by(moves.c.position_id)
    last_shift = {row[0]: row[1] for row in connection.execute(latest)}
    said = _last_said(connection)
    muted = mutes.active(connection, now)
    return [
        PositionLine(
            line=line,
            trend=tuple(trends.get(line.position_id) or _no_shifts()),
            last_shift_at=last_shift.get(line.position_id),
            last_said_at=said.get(line.position_id),
            mute=muted.get(line.position_id),
        )
        for line in sorted(lines, key=lambda line: (line.holder, line.topic, line.position_id))
    ]


def position_names(connection: Connection) -> list[tuple[str, str]]:
    """Return the id of every position on record with its holder and topic in words, by those. One query."""
    lines = positions.current(connection).values()
    return sorted(((line.position_id, f"{line.holder}: {line.topic}") for line in lines), key=lambda pair: pair[1])


def shift_lines(
    connection: Connection, wanted: ShiftFilter, *, limit: int, before: tuple[datetime, str] | None = None
) -> list[ShiftLine]:
    """Return shifts, the newest first, those that were merged into others left out. Three queries, five where accounts differ.

    `before` is the opening and key of the last one of the page before.
    """
    query = (
        select(moves, ledger.c.holder, ledger.c.topic, ledger.c.baseline, *_tallies())
        .join(ledger, and_(ledger.c.id == moves.c.position_id, ledger.c.revision == moves.c.position_revision))
        .where(moves.c.merged_into == "", *_conditions(wanted))
        .order_by(moves.c.opened_at.desc(), moves.c.key.desc())
        .limit(limit)
    )
    if before:
        at, key = before
        query = query.where((moves.c.opened_at < at) | and_(moves.c.opened_at == at, moves.c.key < key))
    rows = connection.execute(query).mappings().all()
    keys = [row["key"] for row in rows]
    first, standing = _first_accounts(connection, keys), verdicts.on_shifts(connection, keys)
    own = moves.c.keys()
    lines = [
        ShiftLine(
            shift=ShiftRecord(**{name: row[name] for name in own} | {"relation": Relation(row["relation"])}),
            holder=row["holder"],
            topic=row["topic"],
            baseline=row["baseline"],
            accounts=row["accounts"],
            updated_at=max(at for at in (row["last_seen_at"], row["disputed_at"], row["decided_at"]) if at),
            verdict=standing.get(row["key"]),
            **first.get(row["key"], {}),
        )
        for row in rows
    ]
    return _with_both_sides(connection, lines)


def shift_sheet(connection: Connection, key: str) -> ShiftSheet | None:
    """Return all about a shift, None for an unknown key. Merged shifts' accounts are told with those of the one they went into."""
    record = shifts.get(connection, key)
    if record is None:
        return None
    history = {line.revision: line for line in positions.history(connection, record.position_id)}
    original = differing.originals(connection, [record]).get(key)
    family = shifts.family(connection, key)
    entries = assessments.on_shifts(connection, [*family, original.key] if original else family)
    own = [entry for entry in entries if entry.shift_key in family]
    accounts = [entry for entry in own if not entry.bearing]
    both = differing.both_sides(entries, original) if original else ()
    return ShiftSheet(
        shift=record,
        line=history[record.position_revision],
        current=history[max(history)],
        accounts=tuple(sorted([*both, *accounts], key=lambda entry: entry.published)),
        disputes=tuple(entry for entry in own if entry.bearing),
        original=original.key if original else "",
        verdict=verdicts.on_shifts(connection, [key]).get(key),
    )


def feed_lines(connection: Connection) -> list[FeedLine]:
    """Return every feed that is configured, those with something to tell first. One query."""
    columns = (
        feeds.c.url, feeds.c.name, feeds.c.outlet, feeds.c.status, feeds.c.failures, feeds.c.last_outcome.label("outcome"),
        feeds.c.last_problem.label("problem"), feeds.c.interval_s, feeds.c.next_poll_at, feeds.c.last_poll_at,
        feeds.c.last_success_at, feeds.c.last_new_at,
    )  # fmt: skip
    rows = connection.execute(select(*columns).where(feeds.c.status != "removed")).mappings()
    order = ("failing", "gone", "silent", "troubled", "new", "well")
    return sorted((FeedLine(**row) for row in rows), key=lambda feed: (order.index(feed.health), feed.name.casefold()))


def _has(line: LedgerRevision, wanted: str) -> bool:
    text = f"{line.holder}\n{line.topic}\n{line.baseline}\n{line.position_id}".casefold()
    return all(word in text for word in wanted.casefold().split())


def _no_shifts() -> list[dict[Relation, int]]:
    return [{} for _ in range(TREND_WEEKS)]


def _trends(connection: Connection, now: datetime) -> dict[str, list[dict[Relation, int]]]:
    """Return the shifts of each position by week, the oldest week first."""
    start = now - timedelta(weeks=TREND_WEEKS)
    day = func.substr(type_coerce(moves.c.opened_at, String()), 1, 10)
    query = (
        select(moves.c.position_id, day.label("day"), moves.c.relation, func.count())
        .where(moves.c.opened_at > start, moves.c.merged_into == "")
        .group_by(moves.c.position_id, day, moves.c.relation)
    )
    weeks: dict[str, list[dict[Relation, int]]] = {}
    for position_id, on, relation, n in connection.execute(query):
        age = (now.date() - date.fromisoformat(on)).days // 7
        week = weeks.setdefault(position_id, _no_shifts())[max(0, TREND_WEEKS - 1 - age)]
        week[Relation(relation)] = week.get(Relation(relation), 0) + n
    return weeks


def _last_said(connection: Connection) -> dict[str, datetime]:
    """Return when a statement on each position was last assessed; one look into the index for each."""
    known = select(ledger.c.id).distinct().subquery()
    latest = select(func.max(judged.c.assessed_at)).where(judged.c.position_id == known.c.id).scalar_subquery()
    return {row[0]: row[1] for row in connection.execute(select(known.c.id, latest)) if row[1]}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _conditions(wanted: ShiftFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.position_id:
        conditions.append(moves.c.position_id == wanted.position_id)
    if wanted.relation:
        conditions.append(moves.c.relation == wanted.relation.value)
    if wanted.told is not None:
        conditions.append(moves.c.alerted == wanted.told)
    if wanted.since:
        conditions.append(moves.c.opened_at >= _midnight(wanted.since))
    if wanted.until:
        conditions.append(moves.c.opened_at < _midnight(wanted.until + timedelta(days=1)))
    if wanted.verdict:
        stands = select(filed.c.id).where(filed.c.standing == "shift:" + moves.c.key)
        if wanted.verdict == OPEN:
            conditions.append(~stands.exists())
        else:
            conditions.append(stands.where(filed.c.kind == VerdictKind(wanted.verdict).value).exists())
    return conditions


def _tallies() -> list[Label[Any]]:
    """Return how many accounts each shift has, when it was last spoken against, and when somebody last decided on it."""
    of_it = judged.c.shift_key == moves.c.key
    accounts = select(func.count()).where(of_it, judged.c.bearing == "")
    disputed = select(func.max(judged.c.assessed_at)).where(of_it, judged.c.bearing != "")
    decided = select(func.max(func.coalesce(filed.c.undone_at, filed.c.at))).where(
        filed.c.subject == "shift:" + moves.c.key
    )
    named = {"accounts": accounts, "disputed_at": disputed, "decided_at": decided}
    return [query.scalar_subquery().label(name) for name, query in named.items()]


def _with_both_sides(connection: Connection, lines: list[ShiftLine]) -> list[ShiftLine]:
    """Return the lines, those of alerts that accounts differ with the account that has it otherwise. Two queries, or none."""
    found = differing.originals(connection, [line.shift for line in lines])
    if not found:
        return lines
    entries = assessments.on_shifts(connection, [original.key for original in found.values()])
    return [_differing(line, entries, found[line.shift.key]) if line.shift.key in found else line for line in lines]


def _differing(line: ShiftLine, entries: Sequence[TimelineEntry], original: Original) -> ShiftLine:
    others = differing.otherwise(entries, original)
    first = differing.opening(others, line.shift)
    if first is None:
        return line
    return replace(
        line,
        accounts=line.accounts + len(differing.both_sides(entries, original)),
        updated_at=max(line.updated_at, *(entry.assessed_at for entry in others)),
        evidence=first.evidence,
        speaker=first.statement.speaker,
        outlet=first.outlet,
        title=first.article_title,
        url=first.article_url,
        published=first.published,
        probability=first.shift_probability,
    )


def _first_accounts(connection: Connection, keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return what the shift list shows of each shift's earliest account; what speaks against it is none."""
    place = func.row_number().over(partition_by=judged.c.shift_key, order_by=(articles.c.published_at, judged.c.id))
    ranked = _accounts(place).where(judged.c.shift_key.in_(keys), judged.c.bearing == "").subquery()
    found = {}
    for row in connection.execute(select(ranked).where(ranked.c.place == 1)).mappings():
        probabilities = row["probabilities"]
        found[row["shift_key"]] = {
            name: row[name] for name in ("evidence", "speaker", "outlet", "title", "url", "published")
        } | {"probability": sum(p for name, p in probabilities.items() if Relation(name).is_shift)}
    return found


def _accounts(place: ColumnElement[int]) -> Select[Any]:
    return (
        select(
            judged.c.shift_key,
            judged.c.evidence,
            judged.c.probabilities,
            statements.c.speaker,
            articles.c.outlet,
            articles.c.title,
            articles.c.url,
            articles.c.published_at.label("published"),
            place.label("place"),
        )
        .join(statements, judged.c.statement_id == statements.c.id)
        .join(articles, statements.c.article_id == articles.c.id)
    )

"""What a report says of a replay, in words that need no knowledge of the archive; Markdown and HTML only set it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date

from bot.charts.timeline import LineChange, TimelinePoint
from bot.core.alert_words import confidence, day, headline, minute, moved
from bot.core.card import Card
from bot.core.safe_text import clean, cut
from bot.domain import Decision, Relation
from bot.replay.compare import Change, Compared
from bot.replay.run import Line, Replayed
from bot.stages.pictures import changes_of, points_of
from bot.store.archive import AlertOnFile
from bot.store.assessments import TimelineEntry

NEAR_MISSES = 5
ACCOUNTS_SHOWN = 8
RELATIONS = {
    Relation.SOFTENING: "moves toward what the line refuses",
    Relation.HARDENING: "goes further than the line",
    Relation.CONTRADICTION: "holds the opposite of the line",
    Relation.NEW_OFFER: "puts on the table what the line does not hold",
    Relation.CONSISTENT: "keeps to the line: no alert",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One alert as the report tells it. `now` and `was` are the words and the line; `link` is "" without a web address."""

    anchor: str
    at: str
    headline: str
    now: str
    before: str
    after: str
    who: str
    where: str
    link: str
    was: str
    why: str
    confidence: str
    accounts: tuple[str, ...]
    disputes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One position. `counts` says in words what was found, `picture` names its timeline's file without ending."""

    id: str
    title: str
    baseline: str
    since: str
    source: str
    counts: str
    picture: str
    alerts: tuple[Told, ...]
    near: tuple[str, ...]
    moves: tuple[str, ...]
    points: tuple[TimelinePoint, ...]
    changes: tuple[LineChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How a second replay differs: its name and its lists of alerts, each in a line."""

    against: str
    summary: str
    appears: tuple[str, ...]
    vanishes: tuple[str, ...]
    stays: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A whole report."""

    title: str
    summary: tuple[str, ...]
    chapters: tuple[Chapter, ...]
    quiet: tuple[str, ...]
    by_day: tuple[tuple[str, int], ...]
    unheard: tuple[str, ...]
    made_with: tuple[str, ...]
    difference: Difference | None = None


def tell(replayed: Replayed, name: str, *, unread: int = 0, difference: Difference | None = None) -> Story:
    """Return the report on a replay of the archive `name`; `unread` counts what of it could not be read at all."""
    spoken = [line for line in replayed.lines if _is_spoken_on(line)]
    quiet = [line for line in replayed.lines if line not in spoken]
    spoken.sort(key=lambda line: (-len(line.alerts), line.position.id))
    days = Counter(alert.at.astimezone(UTC).date() for alert in replayed.alerts)
    return Story(
        title=f"What {clean(name)} would have told you",
        summary=_summary(replayed, days, unread),
        chapters=tuple(_chapter(replayed, line) for line in spoken),
        quiet=tuple(f"{clean(line.position.holder.name)} on {clean(line.position.topic)}" for line in quiet),
        by_day=tuple((day(each), n) for each, n in sorted(days.items())),
        unheard=_unheard(replayed, unread),
        made_with=_made_with(replayed),
        difference=difference,
    )


def _is_spoken_on(line: Line) -> bool:
    """Whether anything was said on a line, or nearly: a near miss is called unrelated."""
    return any(row.relation is not Relation.UNRELATED or row.decision is Decision.DIGEST for row in line.rows)


def differ(compared: Sequence[Compared], against: str) -> Difference:
    """Return how the second of two replays differs from the first."""
    lists = {
        change: tuple(_one_line(one.alert, one.document) for one in compared if one.change is change)
        for change in Change
    }
    return Difference(
        against=against,
        summary=f"With {against}, {_n(len(lists[Change.APPEARS]), 'alert')} would appear, "
        f"{len(lists[Change.VANISHES])} would vanish and {len(lists[Change.STAYS])} would stay.",
        appears=lists[Change.APPEARS],
        vanishes=lists[Change.VANISHES],
        stays=lists[Change.STAYS],
    )


def _summary(replayed: Replayed, days: Counter[date], unread: int) -> tuple[str, ...]:
    if not replayed.items:
        return ("The archive holds no article in the time asked for.",)
    first, last = replayed.items[0].at, replayed.items[-1].at
    read, alerts = replayed.outcomes["assessed"], len(replayed.alerts)
    went = (
        f"{_n(len(replayed.items), 'article')} from {day(first)} to {day(last)} ({_n(replayed.days, 'day')}) went through "
        f"the bot in the order in which they appeared, against {_n(len(replayed.lines), 'tracked line')}"
    )
    could = "all" if read == len(replayed.items) else str(read)
    told = [f"{went}; {could} could be read{f', {unread} more in the archive could not be opened' if unread else ''}."]
    if not alerts:
        told.append("The desk would not have been alerted once.")
        return tuple(told)
    most = max(days.items(), key=lambda pair: pair[1])
    reports = sum(alert.corroborations for alert in replayed.alerts)
    told.append(
        f"The desk would have been alerted {_times(alerts)}, {alerts / max(replayed.days, 1):.1f} times a day on average "
        f"and {_times(most[1])} on the busiest day, {day(most[0])}."
    )
    if reports:
        told.append(
            f"{_n(reports, 'further report')} would have gone into the threads of these alerts, not into new ones."
        )
    return tuple(told)


def _chapter(replayed: Replayed, line: Line) -> Chapter:
    position = line.position
    rows = [row for row in line.rows if row.relation is not Relation.UNRELATED]
    kept = sum(row.relation is Relation.CONSISTENT for row in rows)
    counts = f"{_n(len(rows), 'statement')} on it, of which {kept} kept to the line; {_n(len(line.alerts), 'alert')}."
    return Chapter(
        id=position.id,
        title=f"{clean(position.holder.name)} on {clean(position.topic)}",
        baseline=clean(position.baseline),
        since=day(position.since),
        source=clean(position.source),
        counts=counts,
        picture=position.id,
        alerts=tuple(told_of(alert, replayed.document(alert)) for alert in line.alerts),
        near=tuple(
            f"{minute(row.at)}: “{cut(clean(row.words), 300)}” ({row.reason})" for row in line.near_misses(NEAR_MISSES)
        ),
        moves=tuple(f"from {day(one.since)}: {clean(one.baseline)} ({one.origin})" for one in line.revisions[1:]),
        points=tuple(points_of(rows)),
        changes=tuple(changes_of(line.revisions)),
    )


def told_of(alert: AlertOnFile, document: str) -> Told:
    """Return an alert as the report tells it; `document` is where it stood."""
    card = alert.card
    others = [entry for entry in alert.accounts if alert.opener is None or entry.id != alert.opener.id]
    first = alert.opener.statement.article_id if alert.opener else ""
    others = [entry for entry in others if entry.statement.article_id != first]
    rest = len(others) - ACCOUNTS_SHOWN
    listed = [_account(entry) for entry in others[:ACCOUNTS_SHOWN]]
    if rest > 0:
        listed.append(f"and {_n(rest, 'more report')}")
    return Told(
        anchor=f"alert-{alert.key}",
        at=minute(alert.at),
        headline=headline(replace(card, disputed=alert.disputed)),
        now=clean(card.words),
        before=clean(card.before),
        after=clean(card.after),
        who=clean(card.speaker) or "nobody named",
        where=_where(card, document),
        link=card.first.url if card.first.url.startswith(("https://", "http://")) else "",
        was=clean(card.baseline),
        why=clean(card.reason),
        confidence=confidence(card),
        accounts=tuple(listed),
        disputes=tuple(_account(entry) for entry in alert.disputes[:ACCOUNTS_SHOWN]),
    )


def _where(card: Card, document: str) -> str:
    named = [clean(card.first.name), clean(card.first.title), clean(document)]
    return ", ".join(dict.fromkeys(part for part in named if part))


def _account(entry: TimelineEntry) -> str:
    source = " in ".join(part for part in (clean(entry.statement.speaker), clean(entry.outlet)) if part)
    return f"{minute(entry.published)}{f', {source}' if source else ''}: “{cut(clean(entry.statement.text), 240)}”"


def _one_line(alert: AlertOnFile, document: str) -> str:
    head = moved(alert.card.holder, alert.card.topic, alert.card.relation)
    return f"{minute(alert.at)}, {clean(document)}: {head}. “{cut(clean(alert.card.words), 240)}”"


def _unheard(replayed: Replayed, unread: int) -> tuple[str, ...]:
    """Return what was told to nobody, by reason: nothing is silent."""
    told = [f"{_n(n, 'article')} not read: {reason.replace('_', ' ')}" for reason, n in replayed.skipped.most_common()]
    if replayed.outcomes["failed"]:
        told.append(f"{_n(replayed.outcomes['failed'], 'article')} could not be judged; the log says why")
    if unread:
        told.append(f"{_n(unread, 'part')} of the archive could not be opened or bore no date")
    return (*told, *(f"{_n(n, 'statement')}: {reason}" for reason, n in replayed.silent.most_common()))


def _made_with(replayed: Replayed) -> tuple[str, ...]:
    setting = replayed.setting
    own = len(setting.policy.alert_at_by_position)
    return (
        f"model {setting.model}",
        f"alert from {setting.policy.alert_at:.2f} on{f', {own} positions with thresholds of their own' if own else ''}",
        f"near miss from {setting.policy.digest_at:.2f} on",
        f"closeness to the topic of at least {setting.policy.near_at:.2f}",
    )


def _n(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _times(n: int) -> str:
    return {1: "once", 2: "twice"}.get(n, f"{n} times")

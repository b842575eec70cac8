"""The desk's conversation, joined: what it asks is answered from the store, what it wants is carried out there."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine

from bot.core import addresses, dispatch
from bot.core.alert_words import moved
from bot.core.dispatch import Kind
from bot.domain import Article, Assessment, Holder, Position, Ruling, identify
from bot.ports import AlertSheet, DeskSheet, Finding, History, NewLine, Reading, Told, Wish, WishKind
from bot.stages import desk_sheets
from bot.stages.desk import ActionOutcome, DeskActions
from bot.stages.judge import ArticleJudge
from bot.store import assessments, deliveries, desk_reports, positions
from bot.store.assessments import TimelineEntry
from bot.store.desk_reports import ArticleNote
from bot.store.engine import snapshot, transaction

NOT_MET = "This article was never met in a feed. “Check this text” on a message, or `walkback scan`, reads any text."
STILL_WAITING = "This article is on file and waits to be read."
NOTHING_FOUND = "It was read, and no sentence of it touched a tracked line."
SHORTEST_TEXT = 30
_STATES = {"skipped": "It was not read", "failed": "It could not be read"}
_NO_WORD = re.compile(r"[^a-z0-9]+")


class Conversation:
    """A `DeskDoor` over one store.

    Args:
        engine: The store.
        configured: The desk's positions.
        holders: All holders that the configuration knows; a new line's holder is one of these where the name fits.
        make_judge: Builds a judge for the positions in force.
        sample: The payload of a sample alert, and the channel that gets it.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        configured: Sequence[Position],
        holders: Sequence[Holder],
        make_judge: Callable[[Sequence[Position]], ArticleJudge],
        sample: Callable[[], tuple[dict[str, object], str]],
    ) -> None:
        self._engine = engine
        self._actions = DeskActions(engine)
        self._configured = tuple(configured)
        self._holders = {name.lower(): holder for holder in holders for name in (holder.name, *holder.aliases)}
        self._make_judge = make_judge
        self._sample = sample
        self._judging = threading.Lock()
        self._judge: ArticleJudge | None = None
        self._in_force: tuple[Position, ...] = ()

    def act(self, wish: Wish, now: datetime) -> Told:  # noqa: PLR0911  # a table: one line for each wish
        """Carry a wish out."""
        by, subject = wish.by, wish.subject
        match wish.kind:
            case WishKind.CONFIRM:
                return _told(self._actions.confirm(subject, by=by, now=now, baseline=wish.wording))
            case WishKind.REJECT:
                return _told(self._actions.reject(subject, by=by, now=now, reason=wish.reason))
            case WishKind.MERGE:
                return _told(self._actions.merge(subject, wish.into, by=by, now=now))
            case WishKind.MUTE:
                until = now + timedelta(hours=wish.hours)
                return _told(self._actions.mute(subject, by=by, now=now, until=until))
            case WishKind.UNMUTE:
                return _told(self._actions.unmute(subject, by=by, now=now))
            case WishKind.UNDO:
                return _told(self._actions.undo(subject, by=by, now=now))
            case WishKind.LABEL:
                return _told(self._actions.label(subject, by=by, now=now, relation=wish.relation))
            case WishKind.TRACK:
                return self._track(wish, now)
            case WishKind.TEST:
                return self._test(now)

    def alert(self, key: str, now: datetime) -> AlertSheet | None:
        """Return an alert by its shift's key, None for an unknown one."""
        draft = self._actions.draft(key)
        with snapshot(self._engine) as connection:
            return desk_sheets.alert_sheet(connection, self._configured, key, draft, now)

    def desk(self, now: datetime) -> DeskSheet:
        """Return how everything stands."""
        with snapshot(self._engine) as connection:
            return desk_sheets.desk_sheet(connection, self._configured, now)

    def history(self, position_id: str, now: datetime) -> History | None:
        """Return a position's way, None for an unknown one."""
        with snapshot(self._engine) as connection:
            return desk_sheets.history(connection, self._configured, position_id, now)

    def why(self, link: str, now: datetime) -> Reading:
        """Return what became of an article by its address."""
        del now
        with snapshot(self._engine) as connection:
            note = desk_reports.article_at(connection, spellings(link))
            if note is None:
                return Reading(title="", url=link, problem=NOT_MET)
            entries = assessments.for_article(connection, note.id)
            tracked = {position.id: position for position in positions.in_force(connection, self._configured)}
        problem = _problem(note, found=bool(entries))
        findings = tuple(_entry(entry, tracked.get(entry.position_id)) for entry in entries)
        return Reading(title=note.title, url=note.url, problem=problem, findings=findings)

    def check(self, text: str, now: datetime) -> Reading:
        """Return what a text does to the tracked lines, one text at a time."""
        if len(text.split()) < 4 or len(text) < SHORTEST_TEXT:
            return Reading(title="", problem="This text is too short to say anything about a line.")
        article = Article(id=identify("check", text), url="", title="", text=text, published=now)
        with self._judging:
            judged = self._current_judge().judge(article, now)
        if judged.abstained:
            why = judged.abstained.detail or judged.abstained.reason.replace("_", " ")
            return Reading(title="", problem=f"This text is not read: {why}.")
        ordered = sorted(judged.assessments, key=lambda item: item[0].candidate.statement.start)
        return Reading(title="", findings=tuple(_judged(*item) for item in ordered))

    def _current_judge(self) -> ArticleJudge:
        with snapshot(self._engine) as connection:
            in_force = positions.in_force(connection, self._configured)
        if self._judge is None or in_force != self._in_force:
            self._judge, self._in_force = self._make_judge(in_force), in_force
        return self._judge

    def _track(self, wish: Wish, now: datetime) -> Told:
        line = wish.line
        if line is None or not (line.holder and line.topic and line.baseline):
            return Told(done=False, told="A line needs a holder, a topic and a wording.")
        holder = self._holders.get(line.holder.lower()) or Holder(name=line.holder)
        position = Position(
            id=position_id(holder.name, line),
            holder=holder,
            topic=line.topic,
            baseline=line.baseline,
            since=line.since,
            paraphrases=line.topics,
            source=line.source,
        )
        return _told(self._actions.track(position, by=wish.by, now=now))

    def _test(self, now: datetime) -> Told:
        """Let a sample go out the way that alerts go, so that it shows whether they arrive."""
        record, channel = self._sample()
        key = identify("test", now.isoformat())
        with transaction(self._engine) as connection:
            deliveries.add(
                connection,
                alert_key=key,
                position_id="",
                channel=channel,
                payload={**record, "key": key, "position": "", "sample": True},
                priority=dispatch.URGENT,
                now=now,
                kind=Kind.ALERT,
            )
        return Told(done=True, told=f"A sample alert is on its way to {channel}; nothing is filed for it.")


def spellings(link: str) -> tuple[str, ...]:
    """Return the addresses under which one page may be on file: with and without www, slash and encryption."""
    plain = addresses.identity(link)
    bare = plain.removeprefix("https://")
    made = (f"{scheme}://{www}{bare}{end}" for scheme in ("https", "http") for www in ("", "www.") for end in ("", "/"))
    return tuple(dict.fromkeys((addresses.clean(link), link.strip(), plain, *made)))


def position_id(holder: str, line: NewLine) -> str:
    """Return a short name for a new position, such as russia-ukraines-nato-membership."""
    words = _NO_WORD.sub("-", f"{holder} {line.topic}".lower().replace("'", "").replace("’", "")).strip("-")
    return words[:57].rstrip("-") or f"line-{identify(holder, line.topic)[:8]}"


def _problem(note: ArticleNote, *, found: bool) -> str:
    if note.state == "pending":
        return STILL_WAITING
    if note.state in _STATES:
        return f"{_STATES[note.state]}: {note.reason.replace('_', ' ') or 'no reason given'}."
    return "" if found else NOTHING_FOUND


def _entry(entry: TimelineEntry, position: Position | None) -> Finding:
    headline = moved(position.holder.name, position.topic, entry.relation) if position else entry.position_id
    return Finding(
        headline=headline,
        words=entry.statement.text,
        probability=entry.shift_probability,
        decision=entry.ruling.decision.value,
        reason=f"{entry.reason}; {entry.ruling.reason}".strip("; "),
        outlet=entry.outlet,
        at=entry.published,
    )


def _judged(assessment: Assessment, ruling: Ruling) -> Finding:
    position = assessment.candidate.position
    return Finding(
        headline=moved(position.holder.name, position.topic, assessment.relation),
        words=assessment.candidate.statement.text,
        probability=assessment.shift_probability,
        decision=ruling.decision.value,
        reason=f"{assessment.reason}; {ruling.reason}".strip("; "),
    )


def _told(outcome: ActionOutcome) -> Told:
    return Told(done=outcome.done, told=outcome.told, verdict=outcome.verdict_id if outcome.done else "")

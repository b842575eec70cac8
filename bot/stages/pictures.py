"""What a position's timeline shows of the store, for every picture of it; and the one that goes out with an alert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time

from sqlalchemy import Engine

from bot.charts.timeline import LineChange, TimelinePoint, timeline_png
from bot.core.alert_words import day
from bot.core.safe_text import clean, cut
from bot.domain import Decision, Relation
from bot.ports import Picture
from bot.store import timeline
from bot.store.engine import snapshot
from bot.store.positions import LedgerRevision
from bot.store.timeline import TimelineRow

MOST_POINTS = 120
LEAST_POINTS = 2
TITLE = 90
_NAMES = {
    Relation.CONSISTENT: "as on record",
    Relation.SOFTENING: "softening",
    Relation.HARDENING: "hardening",
    Relation.CONTRADICTION: "contradicting",
    Relation.NEW_OFFER: "with a new offer",
}


def points_of(rows: Sequence[TimelineRow]) -> list[TimelinePoint]:
    """Return what a timeline shows of each row on file."""
    return [
        TimelinePoint(
            at=row.at,
            relation=row.relation,
            words=row.words,
            speaker=row.speaker,
            outlet=row.outlet,
            url=row.url,
            alerted=row.decision is Decision.ALERT,
        )
        for row in rows
    ]


def changes_of(lines: Sequence[LedgerRevision]) -> list[LineChange]:
    """Return from when each line holds: its day's midnight in UTC, or when it was filed where that lies before an earlier one."""
    changes: list[LineChange] = []
    for line in lines:
        at = datetime.combine(line.since, time(), UTC)
        if changes and at <= changes[-1].at:
            at = line.set_at
        changes.append(LineChange(at=at, baseline=line.baseline))
    return changes


def title_of(line: LedgerRevision, shown: int, total: int) -> str:
    """Return what a picture is called of the newest `shown` of `total` statements that are not unrelated.

    A picture has room for `TITLE` characters: a long topic is cut, so that it still says that there are more.
    """
    name = f"{line.holder} on {line.topic}"
    if shown >= total:
        return name
    note = f" (newest {shown} of {total} statements)"
    return cut(clean(name), TITLE - len(note)) + note


class HistoryPictures:
    """Draws what a holder said on a topic, in time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __call__(self, record: Mapping[str, object]) -> Picture | None:
        """Return the picture for the payload of its delivery; None where there is too little to draw."""
        position_id = str(record.get("position", ""))
        with snapshot(self._engine) as connection:
            ledger = timeline.baselines(connection, position_id)
            said = timeline.position_timeline(connection, position_id, limit=MOST_POINTS, related=True)
            total = timeline.related(timeline.counts(connection, position_id))
        if not ledger or len(said) < LEAST_POINTS:
            return None
        title = title_of(ledger[-1], len(said), total)
        counted = [f"{sum(row.relation is kind for row in said)} {words}" for kind, words in _NAMES.items()]
        alt = (
            f"{title}: {len(said)} statements since {day(min(row.at for row in said).date())}, of which "
            f"{', '.join(item for item in counted if not item.startswith('0 '))}. The latest, of "
            f"{day(said[0].at.date())}, is {_NAMES[said[0].relation]}."
        )
        return Picture(png=timeline_png(points_of(said), changes_of(ledger), title=title), title=title, alt=alt)

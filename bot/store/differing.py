"""Alerts that two outlets have one statement otherwise: which shift's statement it is. Reads in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from bot.core.bearing import Bearing
from bot.core.card import About
from bot.domain import identify
from bot.store.assessments import TimelineEntry
from bot.store.schema import shifts as table
from bot.store.shifts import ShiftRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The shift whose statement is had otherwise. `words` are the statement that opened it."""

    key: str
    words: str


def key_of(shift_key: str) -> str:
    """Return the key of the alert that a shift's statement is had otherwise: one for a shift."""
    return identify(About.DIFFER, shift_key)


def originals(connection: Connection, records: Collection[ShiftRecord]) -> dict[str, Original]:
    """Return, by the key of each such alert among `records`, the shift that it is about. One query, none without such an alert.

    One whose account moved the line is an ordinary shift with accounts of its own, and is not among them.
    """
    alerts = {record.key: record.position_id for record in records if record.kind == About.DIFFER}
    if not alerts:
        return {}
    query = select(table.c.key, table.c.words).where(table.c.position_id.in_(set(alerts.values())))
    found = {key_of(key): Original(key=key, words=words) for key, words in connection.execute(query)}
    return {key: found[key] for key in alerts if key in found}


def otherwise(entries: Sequence[TimelineEntry], original: Original) -> tuple[TimelineEntry, ...]:
    """Return those of `entries` that have the original's statement otherwise, in their order."""
    return tuple(entry for entry in entries if entry.shift_key == original.key and entry.bearing == Bearing.DIFFERS)


def both_sides(entries: Sequence[TimelineEntry], original: Original) -> tuple[TimelineEntry, ...]:
    """Return the account that opened the original, and behind it those that have its statement otherwise."""
    own = [entry for entry in entries if entry.shift_key == original.key and not entry.bearing]
    opened = [entry for entry in own if entry.statement.text == original.words] or own
    return (*opened[:1], *otherwise(entries, original))


def opening(entries: Sequence[TimelineEntry], record: ShiftRecord) -> TimelineEntry | None:
    """Return the one of `entries` with the words of a shift, else the first; None where there is none."""
    with_words = (entry for entry in entries if entry.statement.text == record.words)
    return next(with_words, entries[0] if entries else None)

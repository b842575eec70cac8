"""How often each outcome occurred, by day and reason: nothing is skipped without being counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.engine import insert_into
from bot.store.schema import tallies as table

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """`n` times a stage came to `outcome` for `reason`."""

    stage: str
    outcome: str
    reason: str
    n: int


def count(connection: Connection, day: date, stage: str, outcome: str, reason: str = "", n: int = 1) -> None:
    """Add `n` to a day's tally, in the caller's transaction. A longer reason is cut to `LONGEST_REASON` characters."""
    count_all(connection, {(day, stage, outcome, reason): n})


def count_all(connection: Connection, numbers: Mapping[tuple[date, str, str, str], int]) -> None:
    """Add numbers to the tallies of (day, stage, outcome, reason), as `count` does; those of 0 are left out."""
    rows = [
        {"day": day.isoformat(), "stage": stage, "outcome": outcome, "reason": reason[:LONGEST_REASON], "n": n}
        for (day, stage, outcome, reason), n in numbers.items()
        if n
    ]
    if rows:
        connection.execute(_adding(connection.dialect.name), rows)


@cache
def _adding(dialect: str) -> sqlite.Insert | postgresql.Insert:
    """Return the statement, which is always the same: to put it together takes longer than the database takes."""
    statement = insert_into(dialect, table)
    return statement.on_conflict_do_update(
        index_elements=[table.c.day, table.c.stage, table.c.outcome, table.c.reason],
        set_={"n": table.c.n + statement.excluded.n},
    )


def totals(connection: Connection, since: date) -> tuple[Tally, ...]:
    """Return the sums from the day `since` on, by stage and outcome, the most frequent reason first."""
    total = func.sum(table.c.n)
    query = (
        select(table.c.stage, table.c.outcome, table.c.reason, total.label("n"))
        .where(table.c.day >= since.isoformat())
        .group_by(table.c.stage, table.c.outcome, table.c.reason)
        .order_by(table.c.stage, table.c.outcome, total.desc(), table.c.reason)
    )
    return tuple(Tally(**{**row, "n": int(row["n"])}) for row in connection.execute(query).mappings())

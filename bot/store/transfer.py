"""The whole ledger from one store to another, such as from a SQLite file to PostgreSQL, verified row by row."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, Table, func, select, text

from bot.errors import StoreError
from bot.store.engine import snapshot, transaction, without_time_limit
from bot.store.migrate import is_current
from bot.store.schema import metadata

AT_ONCE = 500


def copy(source: Engine, target: Engine, say: Callable[[str, int], object] = lambda *_: None) -> Mapping[str, int]:
    """Copy every row of `source` into `target`, which has the tables and nothing in them; return how many by table.

    All in one transaction, which is committed only where every table of both has the same rows. `say` is told of each table.

    Raises:
        StoreError: one of them is of another version, `target` is not empty, or what arrived differs from what was sent.
    """
    for name, engine in (("source", source), ("target", target)):
        if not is_current(engine):
            raise StoreError(f"the {name} {engine.url} is not of this version: run `walkback db upgrade` on it first")
    counts: dict[str, int] = {}
    with snapshot(source) as old, transaction(target) as new:
        without_time_limit(old)
        without_time_limit(new)
        for table in metadata.sorted_tables:
            if new.scalar(select(func.count()).select_from(table)):
                raise StoreError(
                    f"the target {target.url} is not empty (it has {table.name}): copy into a new database"
                )
        for table in metadata.sorted_tables:
            counts[table.name], sent = _copy(old, new, table)
            arrived, found = _fingerprint(_rows(new, table))
            if (arrived, found) != (counts[table.name], sent):
                raise StoreError(
                    f"{table.name} did not arrive whole ({arrived} of {counts[table.name]} rows): nothing was copied"
                )
            _go_on_counting(new, table)
            say(table.name, counts[table.name])
    return counts


def _copy(old: Connection, new: Connection, table: Table) -> tuple[int, int]:
    n, sum_of_rows = 0, 0
    batch: list[dict[str, Any]] = []
    for row in _rows(old, table):
        batch.append(dict(row))
        n, sum_of_rows = n + 1, sum_of_rows ^ _hash(row)
        if len(batch) == AT_ONCE:
            new.execute(table.insert(), batch)
            batch = []
    if batch:
        new.execute(table.insert(), batch)
    return n, sum_of_rows


def _rows(connection: Connection, table: Table) -> Iterator[RowMapping]:
    yield from connection.execute(select(table), execution_options={"yield_per": AT_ONCE}).mappings()


def _fingerprint(rows: Iterator[RowMapping]) -> tuple[int, int]:
    """Return how many rows there are and a number that is the same for the same rows in any order."""
    n, sum_of_rows = 0, 0
    for row in rows:
        n, sum_of_rows = n + 1, sum_of_rows ^ _hash(row)
    return n, sum_of_rows


def _hash(row: RowMapping) -> int:
    told = repr([value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in row.values()])
    return int.from_bytes(hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest())


def _go_on_counting(connection: Connection, table: Table) -> None:
    """Let numbers that PostgreSQL gives by itself go on after those that were copied."""
    column = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql":
        return
    sequence = connection.scalar(
        text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": column.name}
    )
    highest = connection.scalar(select(func.max(column)))
    if sequence and highest:
        connection.execute(text("SELECT setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest})

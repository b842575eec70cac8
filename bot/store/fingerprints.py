"""Fingerprints of assessed articles, by which later copies of their text find them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Table, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.engine import insert_into
from bot.store.schema import bands, fingerprints

AT_ONCE = 400
MOST_FOUND = 200
"""Articles with a common band that are looked at, the earliest first: a text that stands everywhere has enough in them."""

_SHARING = select(bands.c.article_id).where(bands.c.band.in_(bindparam("keys", expanding=True)))
_ALIKE = (
    select(fingerprints)
    .where(fingerprints.c.article_id.in_(_SHARING), fingerprints.c.ledger == bindparam("ledger"))
    .order_by(fingerprints.c.created_at, fingerprints.c.article_id)
    .limit(MOST_FOUND)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An assessed article's fingerprint. `original_id` is the article whose assessments it took over, "" for none."""

    article_id: str
    signature: tuple[int, ...]
    ledger: str
    original_id: str = ""


def save(connection: Connection, stored: Stored, keys: Sequence[str], now: datetime) -> None:
    """Store an article's fingerprint and its bands `keys`; one that is there already stays."""
    row = {
        "article_id": stored.article_id,
        "signature": "".join(f"{value:08x}" for value in stored.signature),
        "ledger": stored.ledger,
        "original_id": stored.original_id,
        "created_at": now,
    }
    dialect = connection.dialect.name
    connection.execute(_keeping(dialect, fingerprints), [row])
    rows = [{"band": key, "article_id": stored.article_id} for key in dict.fromkeys(keys)]
    connection.execute(_keeping(dialect, bands), rows)


@cache
def _keeping(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return insert_into(dialect, table).on_conflict_do_nothing()


def alike(connection: Connection, keys: Sequence[str], ledger: str) -> list[Stored]:
    """Return the articles assessed against `ledger` that share a band of `keys`, the earliest first."""
    return [
        Stored(
            article_id=row.article_id,
            signature=tuple(int(row.signature[at : at + 8], 16) for at in range(0, len(row.signature), 8)),
            ledger=row.ledger,
            original_id=row.original_id,
        )
        for row in connection.execute(_ALIKE, {"keys": list(keys), "ledger": ledger})
    ]


def forget(connection: Connection, before: datetime) -> int:
    """Forget fingerprints stored before `before`, after which nothing is taken for a copy of theirs. Return how many."""
    query = select(fingerprints.c.article_id).where(fingerprints.c.created_at < before)
    stale = list(connection.execute(query).scalars())
    for start in range(0, len(stale), AT_ONCE):
        chunk = stale[start : start + AT_ONCE]
        connection.execute(delete(bands).where(bands.c.article_id.in_(chunk)))
        connection.execute(delete(fingerprints).where(fingerprints.c.article_id.in_(chunk)))
    return len(stale)

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from bot.errors import StoreError
from bot.store import migrate, schema
from bot.store.engine import snapshot, transaction

NOW = datetime(2026, 2, 10, 12, tzinfo=UTC)


def test_an_upgraded_database_differs_in_nothing_from_the_schema(store: Engine) -> None:
    with snapshot(store) as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_an_upgrade_keeps_what_is_there(store: Engine) -> None:
    with transaction(store) as connection:
        connection.execute(schema.feeds.insert().values(
            url="https://a.example/", name="A", fetch_url="https://a.example/", next_poll_at=NOW, created_at=NOW
        ))  # fmt: skip
    migrate.upgrade(store)
    with snapshot(store) as connection:
        assert connection.scalars(schema.feeds.select()).all() == ["https://a.example/"]


def test_starting_leaves_a_shared_database_to_its_owner(empty_store: Engine) -> None:
    if empty_store.dialect.name == "sqlite":
        migrate.prepare(empty_store)
    else:
        with pytest.raises(StoreError, match="walkback db upgrade"):
            migrate.prepare(empty_store)
        migrate.upgrade(empty_store)
        migrate.prepare(empty_store)
    assert migrate.is_current(empty_store)

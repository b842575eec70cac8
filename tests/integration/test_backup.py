"""Copies of a SQLite store, and the way to PostgreSQL: whole, verified, and all or nothing."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bot.domain import Article, Feed
from bot.errors import StoreError
from bot.store import articles, deliveries, feeds, migrate, schema, tallies, transfer
from bot.store.articles import Arrival
from bot.store.backup import backup, restore, verify
from bot.store.engine import file_of, open_engine, snapshot, transaction

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FEED = Feed(url="https://a.example/feed", name="A")


def fill(engine: Engine, number: int = 5, *, body: str = "Words.") -> None:
    with transaction(engine) as connection:
        feeds.sync_feeds(connection, [FEED], NOW)
        made = [
            Article(id=f"a{n}", url=f"https://a.example/{n}", title=f"T {n}", text=body, published=NOW)
            for n in range(number)
        ]
        articles.add(connection, [Arrival(article=each, entry_id=None) for each in made], NOW)
        tallies.count(connection, NOW.date(), "test", "done", "", number)
        deliveries.add(
            connection, alert_key="k", position_id="p", channel="#c", payload={"b": [1, "ü"], "a": None}, priority=1, now=NOW
        )  # fmt: skip


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path):
    path = tmp_path / "walkback.db"
    path.write_bytes(sqlite_template.read_bytes())
    engine = open_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def count(engine: Engine) -> int:
    with snapshot(engine) as connection:
        return connection.scalar(text("SELECT count(*) FROM articles"))


def test_a_backup_is_one_moments_state_while_somebody_writes(sqlite: Engine, tmp_path: Path) -> None:
    fill(sqlite)
    stop, written = threading.Event(), []

    def write() -> None:
        while not stop.is_set():
            with transaction(sqlite) as connection:
                made = [
                    Article(id=f"w{len(written)}-{n}", url=f"https://b/{len(written)}-{n}", title="T", text="x", published=NOW)
                    for n in range(2)
                ]  # fmt: skip
                articles.add(connection, [Arrival(article=each, entry_id=None) for each in made], NOW)
            written.append(1)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        made = backup(sqlite, tmp_path / "copy.db")
    finally:
        stop.set()
        thread.join()
    assert (made.rows["articles"] - 5) % 2 == 0  # never the half of a transaction
    assert made.rows["feeds"] == 1
    assert made.revision == migrate.latest()
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy.db"]


def test_a_backup_is_readable_by_its_owner_alone_and_replaces_nothing_unasked(sqlite: Engine, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    backup(sqlite, target)
    assert target.stat().st_mode & 0o077 == 0
    with pytest.raises(StoreError, match="--replace"):
        backup(sqlite, target)
    fill(sqlite)
    assert backup(sqlite, target, replace=True).rows["articles"] == 5


def test_a_backup_that_cannot_be_written_is_told_and_leaves_nothing(sqlite: Engine, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        backup(sqlite, tmp_path / "nowhere" / "copy.db")
    assert not (tmp_path / "nowhere").exists()


def test_a_restored_store_is_the_one_that_was_backed_up_and_the_former_is_kept(sqlite: Engine, tmp_path: Path) -> None:
    fill(sqlite)
    backup(sqlite, tmp_path / "copy.db")
    with transaction(sqlite) as connection:
        connection.execute(text("DELETE FROM articles"))
    kept = restore(sqlite, tmp_path / "copy.db", NOW)
    assert count(sqlite) == 5
    assert kept is not None
    assert kept.name == "walkback.db.before-20260301T120000"
    former = open_engine(f"sqlite:///{kept}")
    assert count(former) == 0
    former.dispose()


def test_a_log_left_by_a_crash_does_not_get_into_what_is_restored(sqlite: Engine, tmp_path: Path) -> None:
    fill(sqlite)
    backup(sqlite, tmp_path / "copy.db")
    path = file_of(sqlite)
    sqlite.dispose()
    crashed = sqlite3.connect(path)
    crashed.execute("PRAGMA wal_autocheckpoint=0")
    crashed.execute("DELETE FROM articles")
    crashed.commit()
    log = path.with_name(path.name + "-wal").read_bytes()
    crashed.close()
    path.with_name(path.name + "-wal").write_bytes(log)
    restore(sqlite, tmp_path / "copy.db", NOW)
    assert count(sqlite) == 5
    verify(path)


def test_restoring_where_there_was_nothing_keeps_nothing(sqlite: Engine, tmp_path: Path) -> None:
    backup(sqlite, tmp_path / "copy.db")
    elsewhere = open_engine(f"sqlite:///{tmp_path / 'new' / 'walkback.db'}")
    assert restore(elsewhere, tmp_path / "copy.db", NOW) is None
    assert migrate.is_current(elsewhere)
    elsewhere.dispose()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), "not a sound backup|is damaged"),
        (lambda path: path.write_bytes(b"Dear editor, " * 2000), "not a sound backup"),
        (lambda path: path.unlink(), "no backup at"),
        (lambda path: _sql(path, "UPDATE alembic_version SET version_num = '9999'"), "newer Walkback"),
        (lambda path: _sql(path, "DROP TABLE alembic_version"), "not Walkback's"),
        (lambda path: _sql(path, "INSERT INTO bands VALUES ('b', 'nobody')"), "refers to a articles"),
    ],
)
def test_what_is_no_sound_backup_is_refused_and_the_store_stays(
    sqlite: Engine, tmp_path: Path, damage, words: str
) -> None:
    fill(sqlite)
    copy = tmp_path / "copy.db"
    backup(sqlite, copy)
    damage(copy)
    with pytest.raises(StoreError, match=words):
        restore(sqlite, copy, NOW)
    assert count(sqlite) == 5
    assert not list(tmp_path.glob("*.before-*"))


def _sql(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_an_older_backup_is_restored_and_migrated_at_the_next_start(sqlite: Engine, tmp_path: Path) -> None:
    old = open_engine(f"sqlite:///{tmp_path / 'old.db'}")
    with transaction(old) as connection:
        migrate.command.upgrade(migrate._config(connection), "0001")
    old.dispose()
    restore(sqlite, tmp_path / "old.db", NOW)
    assert migrate.current(sqlite) == "0001"
    migrate.prepare(sqlite)
    assert migrate.is_current(sqlite)


def test_postgresql_and_memory_are_backed_up_otherwise(tmp_path: Path) -> None:
    for url in ("sqlite://", "postgresql://u@127.0.0.1:1/d"):
        engine = open_engine(url)
        with pytest.raises(StoreError, match="pg_dump"):
            backup(engine, tmp_path / "copy.db")
        engine.dispose()


def test_a_copy_has_every_row_of_every_table(sqlite: Engine, store: Engine) -> None:
    fill(sqlite, 1201, body="Words with a \0 in them, and ünïcode.")
    counts = transfer.copy(sqlite, store)
    assert set(counts) == set(schema.metadata.tables)
    assert (counts["articles"], counts["feeds"], counts["deliveries"]) == (1201, 1, 1)
    with snapshot(store) as connection:
        (waiting,) = deliveries.due(connection, NOW)
        payload = connection.scalar(schema.deliveries.select().with_only_columns(schema.deliveries.c.payload))
        first = articles.get(connection, "a0")
    assert waiting.channel == "#c"
    assert payload == {"b": [1, "ü"], "a": None}
    assert first is not None
    assert (first.published, len(first.text)) == (NOW, len("Words with a \0 in them, and ünïcode."))


def test_a_copy_goes_only_into_an_empty_store_and_is_all_or_nothing(
    sqlite: Engine, store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite)
    monkeypatch.setattr(transfer, "_fingerprint", lambda rows: (sum(1 for _ in rows), 0))
    with pytest.raises(StoreError, match="did not arrive whole"):
        transfer.copy(sqlite, store)
    assert count(store) == 0
    monkeypatch.undo()
    transfer.copy(sqlite, store)
    with pytest.raises(StoreError, match="is not empty"):
        transfer.copy(sqlite, store)
    assert count(store) == 5


def test_a_copy_between_versions_is_refused(sqlite: Engine, empty_store: Engine) -> None:
    with pytest.raises(StoreError, match=r"the target .* is not of this version"):
        transfer.copy(sqlite, empty_store)


def test_the_ledger_goes_on_in_the_copy(sqlite: Engine, store: Engine) -> None:
    fill(sqlite)
    transfer.copy(sqlite, store)
    with transaction(store) as connection:
        assert [each.id for each in articles.claim_pending(connection, NOW, 2, 60.0)] == ["a0", "a1"]
        tallies.count(connection, NOW.date(), "test", "done")
    with snapshot(store) as connection:
        assert [tally.n for tally in tallies.totals(connection, (NOW - timedelta(days=1)).date())] == [6]

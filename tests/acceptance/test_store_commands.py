"""The commands about the store as somebody types them: backups, the way to PostgreSQL, workers, and one bot to a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select
from typed import Run

from bot.runtime.guards import alone
from bot.store import migrate, schema
from bot.store.engine import open_engine, snapshot

Both = Callable[..., tuple[int, str]]
"""Gives the exit code and all that was printed."""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, walkback: Run) -> Both:
    monkeypatch.setenv("WALKBACK_DATA_DIR", str(tmp_path / "data"))

    def both(*arguments: str, **environment: str) -> tuple[int, str]:
        ended = walkback(*arguments, **environment)
        return ended.code, ended.out + ended.err

    return both


@pytest.fixture
def data(run: Both, tmp_path: Path) -> Path:
    assert run("db", "upgrade")[0] == 0
    path = tmp_path / "data" / "walkback.db"
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO tallies VALUES ('2026-03-01', 'test', 'done', '', 7)")
    connection.commit()
    connection.close()
    return path


def tallied(url: str) -> int:
    engine = open_engine(url)
    with snapshot(engine) as connection:
        n = connection.scalar(select(func.sum(schema.tallies.c.n)))
    engine.dispose()
    return n or 0


def test_a_backup_is_made_checked_and_restored(run: Both, data: Path, tmp_path: Path) -> None:
    file = str(tmp_path / "copy.db")
    code, told = run("backup", file)
    assert (code, "0 articles" in told) == (0, True)
    assert run("backup", file)[0] == 3
    assert run("backup", "--replace", file)[0] == 0
    code, told = run("restore", "--check", file)
    assert (code, "sound" in told) == (0, True)
    sqlite3.connect(data).execute("DELETE FROM tallies").connection.commit()
    code, told = run("restore", file)
    assert (code, "is kept as" in told) == (0, True)
    assert tallied(f"sqlite:///{data}") == 7


def test_a_restore_under_a_running_bot_and_a_second_bot_are_refused(run: Both, data: Path, tmp_path: Path) -> None:
    run("backup", str(tmp_path / "copy.db"))
    with alone(open_engine(f"sqlite:///{data}")):
        for command in (("restore", str(tmp_path / "copy.db")), ("run",), ("once",)):
            code, told = run(*command)
            assert code == 3
            assert "in use by another Walkback" in told


def test_everything_goes_to_postgresql_and_a_queue_is_made_there(run: Both, data: Path, postgres) -> None:
    with postgres.empty() as url:
        code, told = run("db", "copy", url)
        assert code == 0, told
        assert "copied and verified" in told
        assert tallied(url) == 7
        code, told = run("db", "upgrade", WALKBACK_DATABASE_URL=url)
        assert (code, "nothing to do." in told) == (0, True)
        assert run("db", "copy", url, WALKBACK_DATABASE_URL=f"sqlite:///{data}")[0] == 3


def test_a_new_postgresql_is_brought_up_with_its_queue(run: Both, postgres) -> None:
    with postgres.empty() as url:
        code, told = run("db", "upgrade", WALKBACK_DATABASE_URL=url)
        assert (code, "queue made" in told) == (0, True)
        engine = open_engine(url)
        assert migrate.is_current(engine)
        engine.dispose()


def test_a_vacuum_says_what_it_did(run: Both, data: Path) -> None:
    code, told = run("db", "vacuum")
    assert code == 0
    assert "0 texts older than 365 days dropped" in told


def test_workers_say_what_they_need(run: Both, data: Path) -> None:
    code, told = run("worker", "--stages", "ingest,read")
    assert (code, "--stages" in told) == (2, True)
    code, told = run("worker", "--stages", "ingest")
    assert (code, "workers need PostgreSQL" in told) == (3, True)

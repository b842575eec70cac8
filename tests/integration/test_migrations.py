from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from bot.errors import StoreError
from bot.store import migrate, schema
from bot.store.engine import open_engine, snapshot, transaction

UNCHANGING = {"alembic_version"}


@pytest.fixture
def engine(empty_store: Engine) -> Engine:
    return empty_store


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    yield engine
    engine.dispose()


def table_names(engine: Engine) -> set[str]:
    with snapshot(engine) as connection:
        return set(inspect(connection).get_table_names())


def test_the_revisions_make_exactly_the_tables_of_the_schema(engine: Engine) -> None:
    migrate.upgrade(engine)
    with snapshot(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []


def test_indexes_and_keys_are_named_as_the_schema_names_them(sqlite: Engine, tmp_path: Path) -> None:
    migrate.upgrade(sqlite)
    made = open_engine(f"sqlite:///{tmp_path / 'made.db'}")
    with transaction(made) as connection:
        schema.metadata.create_all(connection)
    query = text("SELECT type, name, tbl_name FROM sqlite_master WHERE tbl_name != 'alembic_version' ORDER BY 1, 2")
    with snapshot(sqlite) as one, snapshot(made) as other:
        assert one.execute(query).all() == other.execute(query).all()
    made.dispose()


def test_an_upgrade_twice_is_an_upgrade_once(engine: Engine) -> None:
    assert (migrate.current(engine), migrate.is_current(engine)) == (None, False)
    migrate.upgrade(engine)
    migrate.upgrade(engine)
    assert (migrate.current(engine), migrate.is_current(engine)) == (migrate.latest(), True)


def test_starting_migrates_sqlite_by_itself(sqlite: Engine) -> None:
    migrate.prepare(sqlite)
    assert table_names(sqlite) == {*schema.metadata.tables, *UNCHANGING}


def test_a_newer_database_is_refused_and_left_alone(engine: Engine) -> None:
    migrate.upgrade(engine)
    with transaction(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for act in (migrate.upgrade, migrate.prepare, migrate.current, migrate.is_current):
        with pytest.raises(StoreError, match="newer Walkback"):
            act(engine)
    with snapshot(engine) as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_another_programs_tables_are_refused_and_left_alone(engine: Engine) -> None:
    with transaction(engine) as connection:
        connection.execute(text("CREATE TABLE feeds (theirs TEXT)"))
    with pytest.raises(StoreError, match="not Walkback's"):
        migrate.upgrade(engine)
    assert table_names(engine) == {"feeds"}


def test_two_processes_may_start_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    code = f"from bot.store import engine, migrate; migrate.prepare(engine.open_engine({url!r}))"
    command, root = [sys.executable, "-c", code], Path(__file__).parents[2]
    with ThreadPoolExecutor() as pool:
        ends = list(pool.map(lambda _: subprocess.run(command, check=False, cwd=root), range(2)))
    assert [end.returncode for end in ends] == [0, 0]
    engine = open_engine(url)
    assert migrate.is_current(engine)
    engine.dispose()


def test_the_revisions_are_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    engine = open_engine("sqlite:///store.db")
    migrate.upgrade(engine)
    assert migrate.is_current(engine)
    assert (tmp_path / "store.db").is_file()
    engine.dispose()


def test_revisions_can_be_taken_back(engine: Engine) -> None:
    migrate.upgrade(engine)
    with transaction(engine) as connection:
        migrate.command.downgrade(migrate._config(connection), "base")
    assert table_names(engine) == UNCHANGING

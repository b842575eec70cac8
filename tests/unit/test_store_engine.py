from __future__ import annotations

import os
import sqlite3
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Table, text
from sqlalchemy.exc import IntegrityError

from bot.errors import StoreError
from bot.store import engine as engine_module
from bot.store.engine import insert, open_engine, snapshot, transaction

things = Table("things", MetaData(), Column("n", Integer, primary_key=True))


@pytest.fixture
def with_things(empty_store: Engine) -> Engine:
    with transaction(empty_store) as connection:
        things.create(connection)
    return empty_store


def sqlite_at(path: Path) -> Engine:
    return open_engine(f"sqlite:///{path}")


def numbers(engine: Engine) -> list[int]:
    with snapshot(engine) as connection:
        return sorted(connection.scalars(things.select()))


def test_a_transaction_commits_at_its_end(with_things: Engine) -> None:
    with transaction(with_things) as connection:
        connection.execute(things.insert().values(n=1))
    assert numbers(with_things) == [1]


def test_an_exception_rolls_everything_back(with_things: Engine) -> None:
    def write_and_stop() -> None:
        with transaction(with_things) as connection:
            connection.execute(things.insert().values(n=1))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_and_stop()
    assert numbers(with_things) == []


def test_a_snapshot_keeps_nothing_it_wrote(with_things: Engine) -> None:
    with snapshot(with_things) as connection:
        connection.execute(things.insert().values(n=1))
    assert numbers(with_things) == []


def test_our_own_mistakes_pass_through(with_things: Engine) -> None:
    with transaction(with_things) as connection, pytest.raises(IntegrityError):
        connection.execute(things.insert(), [{"n": 1}, {"n": 1}])


def test_insert_knows_conflicts_on_both_back_ends(with_things: Engine) -> None:
    with transaction(with_things) as connection:
        for _ in range(2):
            connection.execute(insert(connection, things).values(n=7).on_conflict_do_nothing())
    assert numbers(with_things) == [7]


def test_missing_tables_say_how_to_get_them(empty_store: Engine) -> None:
    with pytest.raises(StoreError, match="walkback db upgrade"):
        numbers(empty_store)


def test_a_sqlite_file_is_set_up_for_one_writer_and_many_readers(tmp_path: Path) -> None:
    engine = sqlite_at(tmp_path / "new" / "folder" / "store.db")
    with snapshot(engine) as connection:
        found = {name: connection.scalar(text(f"PRAGMA {name}")) for name in
                 ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")}  # fmt: skip
    engine.dispose()
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 10_000}


def test_a_reader_is_not_kept_out_by_a_writer(tmp_path: Path) -> None:
    engine = sqlite_at(tmp_path / "store.db")
    with transaction(engine) as connection:
        things.create(connection)
    with transaction(engine) as writer:
        writer.execute(things.insert().values(n=1))
        assert numbers(engine) == []
    assert numbers(engine) == [1]
    engine.dispose()


def test_a_second_writer_waits_and_then_reads_what_the_first_wrote(tmp_path: Path) -> None:
    engine = sqlite_at(tmp_path / "store.db")
    with transaction(engine) as connection:
        things.create(connection)
        connection.execute(things.insert().values(n=0))
    began = threading.Barrier(2)

    def add_one() -> None:
        began.wait()
        for _ in range(20):
            with transaction(engine) as connection:
                n = connection.scalars(things.select()).one()
                connection.execute(things.update().values(n=n + 1))

    threads = [threading.Thread(target=add_one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers(engine) == [40]
    engine.dispose()


def test_a_locked_database_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "BUSY_TIMEOUT_S", 0.01)
    first, second = sqlite_at(tmp_path / "store.db"), sqlite_at(tmp_path / "store.db")
    with (
        transaction(first),
        pytest.raises(StoreError, match=r"store\.db is locked by another process") as caught,
        transaction(second),
    ):
        pass
    assert "\n" not in str(caught.value)
    first.dispose()
    second.dispose()


def test_a_full_disk_is_told_in_a_sentence_and_leaves_what_was_there(tmp_path: Path) -> None:
    engine = sqlite_at(tmp_path / "store.db")
    with transaction(engine) as connection:
        connection.execute(text("CREATE TABLE big (words TEXT)"))
        connection.execute(text("INSERT INTO big VALUES ('kept')"))
    with transaction(engine) as connection:
        connection.execute(text("PRAGMA max_page_count = 3"))
        with pytest.raises(StoreError, match="disk is full"):
            connection.execute(text("INSERT INTO big VALUES (:words)"), {"words": "x" * 100_000})
    with snapshot(engine) as connection:
        assert connection.scalars(text("SELECT words FROM big")).all() == ["kept"]
    engine.dispose()


def test_a_file_that_is_no_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear editor, " * 200)
    with pytest.raises(StoreError, match=r"letter\.txt is not a database"):
        numbers(sqlite_at(path))
    assert path.read_text().startswith("Dear editor, ")


def test_a_folder_in_the_files_place_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        numbers(sqlite_at(tmp_path))


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"folder .* cannot be made"):
        sqlite_at(tmp_path / "file" / "store.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_read_only_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    sqlite3.connect(path).execute("CREATE TABLE t (n)").connection.close()
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    with pytest.raises(StoreError, match="cannot be written"), transaction(sqlite_at(path)):
        pass


def test_a_statement_refused_as_read_only_is_told_in_a_sentence(tmp_path: Path) -> None:
    engine = sqlite_at(tmp_path / "store.db")
    with transaction(engine) as connection:
        connection.execute(text("PRAGMA query_only = ON"))
        with pytest.raises(StoreError, match="cannot be written"):
            things.create(connection)
    engine.dispose()


def test_a_disk_without_a_write_ahead_log_is_told_in_a_sentence() -> None:
    class NetworkDisk:
        def execute(self, _: str) -> NetworkDisk:
            return self

        def fetchone(self) -> tuple[str]:
            return ("delete",)

    with pytest.raises(StoreError, match="use a local disk"):
        engine_module._configure(NetworkDisk(), None)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "write sqlite:///file"),
        ("store.db", "write sqlite:///file"),
        ("mysql://u:secret@h/d", "mysql database cannot be used"),
        ("postgresql://u:secret@127.0.0.1:1/d", "cannot be reached"),
        ("postgres://u:secret@127.0.0.1:1/d", "cannot be reached"),
    ],
)
def test_an_address_that_does_not_do_is_told_without_its_password(url: str, words: str) -> None:
    if "127" in url:
        pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match=words) as caught:
        numbers(open_engine(url))
    assert "secret" not in str(caught.value)


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'walkback\[postgres\]'"):
        open_engine("postgresql://u@h/d")


def test_a_database_in_memory_serves_every_connection() -> None:
    engine = open_engine("sqlite://")
    with transaction(engine) as connection:
        things.create(connection)
        connection.execute(things.insert().values(n=3))
    assert numbers(engine) == [3]
    engine.dispose()

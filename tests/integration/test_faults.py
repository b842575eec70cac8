"""What happens to the store when its disk, its file or its migration fails: each ends as docs/operating.md says."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from alembic import op
from sqlalchemy import Engine, event, inspect, select, text

from bot.domain import Article, ArticleState
from bot.errors import StoreError
from bot.runtime.local import LocalRuntime, Work
from bot.store import articles, migrate, retention
from bot.store import engine as engine_module
from bot.store.articles import Arrival
from bot.store.engine import open_engine, snapshot, transaction
from bot.store.schema import articles as article_table

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
UPGRADE_SLOWLY = """
import sys, time
from alembic import op
from bot.store import migrate
from bot.store.engine import open_engine
make = op.create_table
def slowly(name, *parts, **more):
    if name == "shifts":
        print("half", flush=True)
        time.sleep(60)
    return make(name, *parts, **more)
op.create_table = slowly
migrate.upgrade(open_engine(sys.argv[1]))
"""


def add(engine: Engine, *names: str, body: str = "Words.", at: datetime = NOW) -> None:
    with transaction(engine) as connection:
        made = [Article(id=name, url=f"https://x/{name}", title=name, text=body, published=NOW) for name in names]
        articles.add(connection, [Arrival(article=each, entry_id=None) for each in made], at)


def stored(engine: Engine) -> list[str]:
    with snapshot(engine) as connection:
        return sorted(connection.scalars(select(article_table.c.id)))


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path):
    path = tmp_path / "walkback.db"
    path.write_bytes(sqlite_template.read_bytes())
    engine = open_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def test_on_a_full_disk_a_transaction_leaves_nothing_and_the_bot_goes_on_when_there_is_room(
    sqlite: Engine, tmp_path: Path
) -> None:
    room = {"pages": 90}

    @event.listens_for(sqlite, "begin")
    def limit(connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {room['pages']}")

    tried: list[str] = []
    runtime: LocalRuntime

    def step(now: datetime) -> int:
        tried.append("")
        if len(tried) == 2:
            room["pages"] = 1_000_000  # somebody makes room
        add(sqlite, "a", "b", body="x" * 400_000)
        runtime.stop()
        return 1

    runtime = LocalRuntime([Work(name="write", step=step)], tmp_path / "beat")
    with pytest.raises(StoreError, match="disk is full"):
        add(sqlite, "a", "b", body="x" * 400_000)
    assert stored(sqlite) == []
    assert runtime.run()
    assert len(tried) == 2
    assert stored(sqlite) == ["a", "b"]


def read_only(sqlite: Engine, path: Path) -> Callable[[], None]:
    """Let SQLite refuse to write, as it does where it sees that the disk may not be written; return what ends that."""
    state = {"query_only": "ON"}

    @event.listens_for(sqlite, "checkout")
    def refuse(connection, *_: object) -> None:
        connection.execute(f"PRAGMA query_only = {state['query_only']}")

    return lambda: state.update(query_only="OFF")


def unwritable(sqlite: Engine, path: Path) -> Callable[[], None]:
    """Let the system refuse to write the file on, as it does where a disk turned read-only under it; return what ends that."""
    sqlite.dispose()  # so that the log is written anew, from its beginning
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, before[1]))
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    ("turn", "told"),
    [(read_only, "cannot be written"), (unwritable, "cannot be read or written: the disk reports an error")],
)
def test_a_disk_that_turns_read_only_under_the_running_bot_stops_nothing_for_good(
    sqlite: Engine, tmp_path: Path, turn: Callable[[Engine, Path], Callable[[], None]], told: str
) -> None:
    faults: list[str] = []
    mended: list[str] = []
    runtime: LocalRuntime
    mend = turn(sqlite, tmp_path / "walkback.db")

    def step(now: datetime) -> int:
        try:
            add(sqlite, "a", "b", body="x" * 40_000)
        except StoreError as fault:
            faults.append(str(fault))
            mend()  # somebody mounts it for writing
            if len(faults) > 3:
                runtime.stop()
            raise
        mended.append("")
        runtime.stop()
        return 1

    runtime = LocalRuntime([Work(name="write", step=step)], tmp_path / "beat")
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), processors=[])
    alarm = threading.Timer(60.0, runtime.stop)
    alarm.start()
    try:
        assert runtime.run()
    finally:
        alarm.cancel()
        mend()
    assert len(faults) == len(mended) == 1
    assert told in faults[0]
    assert stored(sqlite) == ["a", "b"]


def test_a_runtime_that_may_not_go_on_says_why_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.runtime.local.BEAT_S", 0.01)
    runtime = LocalRuntime([Work(name="w", step=lambda now: 0)], tmp_path / "beat", look=lambda: "the file is gone")
    assert runtime.run()
    assert runtime.fault == "the file is gone"


def test_a_damaged_file_is_told_with_what_to_do(sqlite: Engine, tmp_path: Path) -> None:
    add(sqlite, *(f"a{n}" for n in range(50)), body="x" * 4000)
    path = tmp_path / "walkback.db"
    sqlite.dispose()
    whole = bytearray(path.read_bytes())
    whole[8192:] = b"\xa5" * (len(whole) - 8192)
    path.write_bytes(bytes(whole))
    with pytest.raises(StoreError, match=r"walkback\.db is damaged: restore a backup"):
        stored(sqlite)


def test_a_store_that_was_locked_too_long_is_used_again_when_it_is_free(
    sqlite: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "BUSY_TIMEOUT_S", 0.01)
    other = open_engine(str(sqlite.url))
    with transaction(sqlite), pytest.raises(StoreError, match="locked by another process"):
        add(other, "a")
    add(other, "a")
    assert stored(other) == ["a"]
    other.dispose()


def test_a_lost_volume_is_a_new_store_that_knows_nothing(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'gone' / 'walkback.db'}")
    migrate.prepare(engine)
    assert migrate.is_current(engine)
    assert stored(engine) == []
    engine.dispose()


def test_a_migration_that_fails_half_way_leaves_what_was_there_and_is_repeated(
    empty_store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, made = op.create_table, []

    def fails_at_the_fifth(name: str, *parts: object, **more: object) -> object:
        made.append(name)
        if len(made) == 5:
            raise RuntimeError("the power fails")
        return make(name, *parts, **more)

    monkeypatch.setattr(op, "create_table", fails_at_the_fifth)
    with pytest.raises(RuntimeError, match="power"):
        migrate.upgrade(empty_store)
    monkeypatch.undo()
    with snapshot(empty_store) as connection:
        assert inspect(connection).get_table_names() == []
    migrate.upgrade(empty_store)
    assert migrate.is_current(empty_store)


def test_a_migration_that_is_killed_leaves_what_was_there_and_is_repeated(empty_url: str) -> None:
    command = [sys.executable, "-c", UPGRADE_SLOWLY, empty_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.send_signal(signal.SIGKILL)
    engine = open_engine(empty_url)
    assert migrate.current(engine) is None
    migrate.upgrade(engine)
    assert migrate.is_current(engine)
    engine.dispose()


def test_old_texts_go_and_everything_else_stays(store: Engine) -> None:
    add(store, "old", "waiting", at=NOW - timedelta(days=40))
    add(store, "new", at=NOW - timedelta(days=20))
    with transaction(store) as connection:
        for name in ("old", "new"):
            articles.mark(connection, name, ArticleState.ASSESSED, "", NOW)
        before = {row.id: row for row in connection.execute(article_table.select())}
    assert retention.drop_some_texts(store, NOW, 30) == 1
    assert retention.drop_some_texts(store, NOW, 30) == 0
    with snapshot(store) as connection:
        after = {row.id: row for row in connection.execute(article_table.select())}
    assert {name: row.text for name, row in after.items()} == {"old": "", "new": "Words.", "waiting": "Words."}
    assert after["old"]._asdict() | {"text": "Words."} == before["old"]._asdict()


def test_looking_for_old_texts_reads_no_article_that_has_lost_its_own(sqlite: Engine) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []
    event.listen(sqlite, "before_cursor_execute", lambda *step: asked.append(step[2:4]))
    retention.drop_some_texts(sqlite, NOW, 30)
    ((update, values),) = [one for one in asked if one[0].startswith("UPDATE")]
    with snapshot(sqlite) as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {update}", values).all()
    assert any("USING INDEX ix_articles_fetched_at_with_text" in row[3] for row in plan), plan


def test_a_vacuum_gives_room_back(store: Engine) -> None:
    add(store, *(f"a{n}" for n in range(40)), body="".join(chr(33 + n % 90) for n in range(20_000)))
    with transaction(store) as connection:
        connection.execute(article_table.delete())
    before = size(store)
    retention.vacuum(store)
    assert size(store) < before


def size(engine: Engine) -> int:
    if engine.dialect.name == "sqlite":
        path = Path(str(engine.url.database))
        return sum(part.stat().st_size for part in path.parent.glob(f"{path.name}*"))
    with snapshot(engine) as connection:
        return connection.scalar(text("SELECT pg_total_relation_size('articles')"))


def test_characters_that_postgresql_cannot_hold_keep_their_place(store: Engine) -> None:
    add(store, "a", body="before\0after")
    with snapshot(store) as connection:
        found = articles.get(connection, "a")
    assert found is not None
    assert (len(found.text), found.text.index("after")) == (12, 7)


def test_a_statement_that_hangs_is_ended(store: Engine) -> None:
    if store.dialect.name == "sqlite":
        return
    with transaction(store) as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == "1min"
        connection.execute(text("SET LOCAL statement_timeout = '50ms'"))
        with pytest.raises(StoreError, match="60 seconds over one statement"):
            connection.execute(text("SELECT pg_sleep(20)"))


def test_two_that_take_turns_do_not_overlap(store: Engine) -> None:
    with transaction(store) as connection:
        engine_module.take_turns(connection, "a", "b")
        began, entered = threading.Event(), threading.Event()

        def other() -> None:
            began.set()
            with transaction(store) as connection:
                engine_module.take_turns(connection, "b")
                entered.set()

        thread = threading.Thread(target=other)
        thread.start()
        began.wait(10)
        assert not entered.wait(0.3)
    thread.join(30)
    assert entered.is_set()

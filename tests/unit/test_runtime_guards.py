from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from bot.core.dispatch import QUIET_HOURS
from bot.domain import Article, Feed
from bot.errors import StoreError
from bot.runtime import guards
from bot.runtime.guards import ClockWatch, FileWatch, alone
from bot.store import articles, deliveries, feeds
from bot.store.articles import Arrival
from bot.store.engine import open_engine, snapshot, transaction
from bot.store.schema import articles as article_table
from bot.store.schema import deliveries as delivery_table
from bot.store.schema import feeds as feed_table

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=300)
HOLD = """
import sys, time
from bot.runtime.guards import alone
from bot.store.engine import open_engine
with alone(open_engine(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(url: str) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", HOLD, url], stdout=subprocess.PIPE, text=True, cwd=root)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_bot_on_one_file_is_told_who_has_it_and_may_come_when_that_one_is_killed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'w.db'}"
    with holder(url) as first:
        with (
            pytest.raises(StoreError, match=rf"in use by another Walkback \(process {first.pid}\)"),
            alone(open_engine(url)),
        ):
            pass
        first.kill()
        first.wait()
    with alone(open_engine(url)):
        pass


def test_two_bots_on_two_files_and_on_postgresql_are_in_nobodys_way(tmp_path: Path) -> None:
    one, other = (open_engine(f"sqlite:///{tmp_path / name}.db") for name in "ab")
    shared = open_engine("postgresql://u@127.0.0.1:1/d")
    with alone(one), alone(other), alone(shared), alone(shared):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.db.lock", "b.db.lock"]


def test_a_folder_that_cannot_be_written_or_locked_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'w.db'}")

    def refuses(*_: object) -> int:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(guards.os, "open", refuses)
        with pytest.raises(StoreError, match=r"Read-only file system\. Give this user"), alone(engine):
            pass
    monkeypatch.setattr(guards.fcntl, "flock", refuses)
    with pytest.raises(StoreError, match="use a local disk"), alone(engine):
        pass


def test_a_file_that_goes_or_is_replaced_under_the_bot_is_noticed(store: Engine, tmp_path: Path) -> None:
    watch = FileWatch(store)
    assert watch.lost() == ""
    if store.dialect.name == "postgresql":
        return
    path = tmp_path / "store.db"
    path.rename(tmp_path / "elsewhere")
    assert "is gone while the bot was running" in watch.lost()
    path.write_bytes(b"")
    assert "was replaced by another file" in watch.lost()
    path.unlink()
    (tmp_path / "elsewhere").rename(path)
    assert watch.lost() == ""


class Clocks:
    def __init__(self) -> None:
        self.wall, self.mark = NOW, 100.0

    def watch(self, engine: Engine) -> ClockWatch:
        return ClockWatch(engine, now=lambda: self.wall, monotonic=lambda: self.mark)

    def passes(self, seconds: float, *, wall: float | None = None) -> None:
        self.mark += seconds
        self.wall += timedelta(seconds=seconds if wall is None else wall)


def test_a_clock_that_goes_as_it_should_is_left_alone(store: Engine) -> None:
    clocks = Clocks()
    watch = clocks.watch(store)
    for _ in range(3):
        clocks.passes(5.0, wall=6.0)
        assert watch.look() == 0.0


def test_a_jump_is_told_once_in_its_direction(store: Engine) -> None:
    clocks = Clocks()
    watch = clocks.watch(store)
    clocks.passes(5.0, wall=3600.0)
    assert watch.look() == pytest.approx(3595.0)
    clocks.passes(5.0)
    assert watch.look() == 0.0
    clocks.passes(5.0, wall=-3600.0)
    assert watch.look() == pytest.approx(-3605.0)


def leave_from_the_future(engine: Engine) -> None:
    """Let everything stand as a bot leaves it whose clock was three hundred days ahead."""
    with transaction(engine) as connection:
        feeds.sync_feeds(connection, [Feed(url="https://a.example/", name="A")], NOW)
        connection.execute(
            feed_table.update().values(last_poll_at=LATER, next_poll_at=LATER + timedelta(hours=1), claimed_until=LATER)
        )
        made = Article(id="a", url="https://a.example/1", title="T", text="x", published=NOW)
        articles.add(connection, [Arrival(article=made, entry_id=None)], NOW)
        connection.execute(article_table.update().values(claimed_until=LATER))
        for key in ("tried", "quiet", "posting"):
            deliveries.add(
                connection, alert_key=key, position_id="p", channel="#c", payload={}, priority=1, now=NOW
            )  # fmt: skip
        d = delivery_table.c
        changed = delivery_table.update()
        connection.execute(changed.where(d.alert_key == "tried").values(attempted_at=LATER, not_before=LATER))
        connection.execute(changed.where(d.alert_key == "quiet").values(not_before=LATER, reason=QUIET_HOURS))
        connection.execute(changed.where(d.alert_key == "posting").values(state="posting", claimed_until=LATER))


@pytest.mark.parametrize("at_start", [True, False])
def test_after_a_jump_back_nothing_waits_for_a_time_that_is_gone(store: Engine, at_start: bool) -> None:
    leave_from_the_future(store)
    clocks = Clocks()
    watch = clocks.watch(store)
    if at_start:
        assert watch.start() == timedelta(days=300)
    else:
        clocks.passes(5.0, wall=-100.0)
        watch.look()
        clocks.wall = NOW
    with transaction(store) as connection:
        assert [feed.url for feed in feeds.claim_due(connection, NOW, limit=5, lease_s=60.0)] == ["https://a.example/"]
        assert [each.id for each in articles.claim_pending(connection, NOW, 5, 60.0)] == ["a"]
        assert deliveries.expire(connection, NOW) == 1
        states = dict(connection.execute(select(delivery_table.c.alert_key, delivery_table.c.state)).all())
        assert states == {"tried": "pending", "quiet": "pending", "posting": "doubtful"}
        late = connection.scalars(select(delivery_table.c.alert_key).where(delivery_table.c.not_before > NOW)).all()
        assert late == []


def test_a_store_that_is_not_ahead_of_the_clock_is_left_as_it_is(store: Engine) -> None:
    with transaction(store) as connection:
        feeds.sync_feeds(connection, [Feed(url="https://a.example/", name="A")], NOW)
        connection.execute(feed_table.update().values(last_poll_at=NOW, next_poll_at=LATER))
    assert Clocks().watch(store).start() <= timedelta()
    with snapshot(store) as connection:
        assert connection.scalar(select(feed_table.c.next_poll_at)) == LATER


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
def test_a_heartbeat_on_a_full_disk_does_not_end_the_bot(tmp_path: Path) -> None:
    from bot.runtime.local import beat

    (tmp_path / "beat.part").symlink_to("/dev/full")
    beat(tmp_path / "beat")
    assert not (tmp_path / "beat").exists()


def test_a_jump_that_the_store_will_not_hear_of_is_told_again(empty_store: Engine) -> None:
    clocks = Clocks()
    watch = clocks.watch(empty_store)
    clocks.passes(5.0, wall=-3600.0)
    assert watch.look() == pytest.approx(-3605.0)
    clocks.passes(5.0)
    assert watch.look() == pytest.approx(-3605.0)

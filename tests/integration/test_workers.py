"""Workers over a real PostgreSQL: nothing lost, nothing twice, whoever dies; and the queue that they share."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
import working
from outlets import CHANNELS, TRACKED, Desk, shown
from postgres_server import Server
from slack_peer import FakeSlack, Faults, Peer
from sqlalchemy import Engine, text

from bot.core.policies import AlertPolicy
from bot.domain import Article, ArticleState, Feed
from bot.errors import StoreError
from bot.runtime import queue
from bot.runtime.queue import Hints, forget_finished, prepare_queue, require_queue, tend
from bot.runtime.workers import Stages, Workers
from bot.stages.assess import Assess
from bot.store import articles, deliveries, feeds
from bot.store.articles import Arrival
from bot.store.engine import open_engine, snapshot, transaction

RATES = {"429": 0.04, "5xx": 0.04, "5xx_after": 0.04, "reset_before": 0.04, "reset_after": 0.06}
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OTHERS_TRANSACTIONS = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid != pg_backend_pid() AND xact_start IS NOT NULL"
)
OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"
JOBS = text("SELECT id, task_name, lock, args, status::text AS status FROM procrastinate_jobs ORDER BY id")


@pytest.fixture
def url(postgres) -> Iterator[str]:
    with postgres.prepared(queue=True) as url:
        yield url


@pytest.fixture
def shared_store(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


def jobs(engine: Engine) -> list:
    with snapshot(engine) as connection:
        return connection.execute(JOBS).all()


def article(name: str) -> Arrival:
    made = Article(id=name, url=f"https://x/{name}", title=name, text="Words.", published=NOW)
    return Arrival(article=made, entry_id=None)


def add_articles(engine: Engine, *names: str) -> None:
    with transaction(engine) as connection:
        articles.add(connection, [article(name) for name in names], NOW)


def add_delivery(engine: Engine, key: str, channel: str) -> None:
    with transaction(engine) as connection:
        deliveries.add(
            connection, alert_key=key, position_id="p", channel=channel, payload={}, priority=1, now=NOW
        )  # fmt: skip


def take(engine: Engine, stage: str) -> int:
    """Take a job as a worker would, and return the worker's number."""
    with transaction(engine) as connection:
        worker = connection.scalar(text("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id"))
        taken = connection.scalar(
            text("SELECT id FROM procrastinate_fetch_job_v2(ARRAY[:stage]::varchar[], :worker)"),
            {"stage": stage, "worker": worker},
        )
        assert taken is not None
        return worker


def dies(engine: Engine, worker: int) -> None:
    with transaction(engine) as connection:
        connection.execute(
            text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute' WHERE id = :worker"),
            {"worker": worker},
        )


def test_a_job_is_committed_with_the_row_that_it_is_about_or_not_at_all(shared_store: Engine) -> None:
    hints = Hints()

    def write(*, fails: bool) -> None:
        with transaction(shared_store) as connection:
            articles.add(connection, [article("a")], NOW)
            hints.articles(connection, ["a"])
            if fails:
                raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write(fails=True)
    assert jobs(shared_store) == []
    write(fails=False)
    (job,) = jobs(shared_store)
    assert (job.task_name, job.args, job.status) == ("assess", {"articles": ["a"]}, "todo")


def test_rows_without_a_job_get_one_and_rows_with_one_get_no_second(shared_store: Engine) -> None:
    add_articles(shared_store, *(f"a{n}" for n in range(9)))
    add_delivery(shared_store, "k", "#desk")
    wanted = [Feed(url=f"https://{host}.example/{n}", name="f") for host in ("a", "b") for n in range(2)]
    with transaction(shared_store) as connection:
        feeds.sync_feeds(connection, wanted, NOW)
    hints = Hints()
    made = tend(shared_store, hints, NOW)
    assert (made.ingest, made.assess, made.deliver) == (2, 2, 1)
    assert {job.lock for job in jobs(shared_store)} == {
        "host a.example", "host b.example", "channel #desk", None
    }  # fmt: skip
    assert not tend(shared_store, hints, NOW)


def test_what_is_not_due_or_is_claimed_gets_no_job(shared_store: Engine) -> None:
    add_articles(shared_store, "a")
    add_delivery(shared_store, "k", "#desk")
    with transaction(shared_store) as connection:
        articles.claim_pending(connection, NOW, 5, 300.0)
    assert not tend(shared_store, Hints(), NOW - timedelta(hours=1))


def test_the_job_of_a_dead_worker_goes_to_another_with_its_articles(shared_store: Engine) -> None:
    add_articles(shared_store, "a")
    hints = Hints()
    tend(shared_store, hints, NOW)
    worker = take(shared_store, "assess")
    with transaction(shared_store) as connection:
        articles.claim_pending(connection, NOW, 5, 300.0, only=["a"])
    assert not tend(shared_store, hints, NOW)
    dies(shared_store, worker)
    assert tend(shared_store, hints, NOW).recovered == 1
    take(shared_store, "assess")
    with transaction(shared_store) as connection:
        assert [found.id for found in articles.claim_pending(connection, NOW, 5, 300.0, only=["a"])] == ["a"]


def test_the_claim_of_a_delivery_is_left_to_run_out_since_its_worker_may_yet_be_posting(shared_store: Engine) -> None:
    add_delivery(shared_store, "k", "#desk")
    hints = Hints()
    tend(shared_store, hints, NOW)
    worker = take(shared_store, "deliver")
    with transaction(shared_store) as connection:
        (wanted,) = deliveries.due(connection, NOW)
        assert deliveries.claim(connection, wanted, now=NOW, lease_s=120.0)
    dies(shared_store, worker)
    tend(shared_store, hints, NOW)
    with snapshot(shared_store) as connection:
        assert deliveries.due(connection, NOW) == []
        assert deliveries.wanting_channels(connection, NOW + timedelta(seconds=121)) == ["#desk"]


def test_who_died_while_tending_keeps_nobody_from_it(shared_store: Engine) -> None:
    with transaction(shared_store) as connection:
        connection.execute(
            text("INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('tend', 'tend', 'doing')")
        )
    add_articles(shared_store, "a")
    assert tend(shared_store, Hints(), NOW).assess == 1
    assert [job.task_name for job in jobs(shared_store)] == ["assess"]


def test_two_that_tend_at_once_make_no_job_twice(url: str) -> None:
    engine = open_engine(url)
    add_articles(engine, "a")
    with transaction(engine) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": queue._LOCK})
        assert not tend(engine, Hints(), NOW)
    assert tend(engine, Hints(), NOW).assess == 1
    engine.dispose()


def end(engine: Engine, status: str) -> None:
    with transaction(engine) as connection:
        (job,) = connection.execute(JOBS).all()
        connection.execute(
            text("SELECT procrastinate_finish_job_v1(:id, CAST(:status AS procrastinate_job_status), false)"),
            {"id": job.id, "status": status},
        )


def test_a_job_that_failed_gives_its_articles_back(shared_store: Engine) -> None:
    add_articles(shared_store, "a")
    tend(shared_store, Hints(), NOW)
    take(shared_store, "assess")
    with transaction(shared_store) as connection:
        articles.claim_pending(connection, NOW, 5, 300.0, only=["a"])
    end(shared_store, "failed")
    assert tend(shared_store, Hints(), NOW).assess == 1
    (job,) = jobs(shared_store)
    assert (job.args, job.status) == ({"articles": ["a"]}, "todo")


def test_jobs_that_were_stopped_are_kept_for_a_day(shared_store: Engine) -> None:
    with transaction(shared_store) as connection:
        Hints().articles(connection, ["a"])
    take(shared_store, "assess")
    end(shared_store, "aborted")
    assert forget_finished(shared_store) == 0
    with transaction(shared_store) as connection:
        connection.execute(text("UPDATE procrastinate_events SET at = at - interval '2 days'"))
    assert forget_finished(shared_store) == 1


def test_an_article_in_two_hands_is_assessed_once(shared_store: Engine) -> None:
    add_articles(shared_store, "a")
    with transaction(shared_store) as first:
        assert articles.is_pending(first, "a")
        found: list[bool] = []

        def second() -> None:
            with transaction(shared_store) as connection:
                found.append(articles.is_pending(connection, "a"))

        thread = threading.Thread(target=second)
        thread.start()
        articles.mark(first, "a", ArticleState.ASSESSED, "", NOW)
    thread.join(120)
    assert found == [False]


def test_the_queue_is_made_once(postgres) -> None:
    with postgres.empty() as url:
        engine = open_engine(url)
        assert [prepare_queue(engine), prepare_queue(engine)] == [True, False]
        require_queue(url)
        engine.dispose()


@pytest.mark.parametrize(
    ("mark", "installed"),
    [
        ("made with procrastinate 04.00.00_01_of_tomorrow", queue.SCHEMA_OF_UNMARKED),
        (None, "04.00.00_01_of_tomorrow"),
    ],
)
def test_a_queue_of_another_version_of_its_library_is_refused_and_left_alone(
    postgres, monkeypatch: pytest.MonkeyPatch, mark: str | None, installed: str
) -> None:
    with postgres.empty() as url:
        engine = open_engine(url)
        prepare_queue(engine)
        with transaction(engine) as connection:
            connection.execute(text(f"COMMENT ON TABLE procrastinate_jobs IS {repr(mark) if mark else 'NULL'}"))
        monkeypatch.setattr(queue, "_library_schema", lambda: installed)
        for ask in (lambda: prepare_queue(engine), lambda: require_queue(url)):
            with pytest.raises(StoreError, match=r"docs/operating\.md") as refusal:
                ask()
            assert installed in str(refusal.value)
            assert (mark or queue.SCHEMA_OF_UNMARKED).split()[-1] in str(refusal.value)
        engine.dispose()


def test_a_queue_carries_the_last_of_its_librarys_migrations_and_one_from_before_the_mark_is_known(postgres) -> None:
    with postgres.empty() as url:
        engine = open_engine(url)
        prepare_queue(engine)
        with transaction(engine) as connection:
            mark = connection.scalar(text("SELECT obj_description('procrastinate_jobs'::regclass, 'pg_class')"))
            assert mark.removeprefix("made with procrastinate ") == queue._library_schema() >= queue.SCHEMA_OF_UNMARKED
            connection.execute(text("COMMENT ON TABLE procrastinate_jobs IS NULL"))
        if queue._library_schema() == queue.SCHEMA_OF_UNMARKED:
            require_queue(url)
        engine.dispose()


def test_a_queue_is_made_anew_after_the_statements_that_operating_gives(postgres) -> None:
    documented = OPERATING.read_text().split("### The queue's own schema")[1].split("```sql\n")[1].split("```")[0]
    with postgres.empty() as url:
        engine = open_engine(url)
        prepare_queue(engine)
        with transaction(engine) as connection:
            connection.connection.driver_connection.execute(documented)
        assert prepare_queue(engine)
        require_queue(url)
        engine.dispose()


def test_workers_say_what_they_need(postgres, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="WALKBACK_DATABASE_URL=postgresql"):
        require_queue(f"sqlite:///{tmp_path / 'w.db'}")
    with postgres.empty() as bare, pytest.raises(StoreError, match="walkback db upgrade"):
        require_queue(bare)


def test_a_worker_waits_for_the_database_to_come_back_and_goes_on(
    postgres_server: Server, shared_store: Engine, tmp_path: Path
) -> None:
    done = threading.Event()

    class Assess:
        def run_once(self, now: datetime, *, only: list[str]) -> object:
            done.set()
            return type("Report", (), {"articles": 0})()

    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    process = Workers(shared_store, Stages(assess=(Assess(),)), tmp_path / "beat", grace_s=2.0)
    thread = threading.Thread(target=process.run)
    thread.start()
    try:
        with transaction(shared_store) as connection:
            Hints().articles(connection, ["a"])
        assert done.wait(120)
        done.clear()
        postgres_server.restart()
        with transaction(shared_store) as connection:
            Hints().articles(connection, ["b"])
        assert done.wait(120)
        assert thread.is_alive()
    finally:
        process.stop()
        thread.join(120)
    assert not thread.is_alive()


def until(what: Callable[[], object]) -> None:
    late = time.monotonic() + 120.0
    while not what():
        assert time.monotonic() < late
        time.sleep(0.02)


def freeze(process: subprocess.Popen[bytes], engine: Engine) -> None:
    """Stop a process between its transactions: the locks of one under way would be kept for two minutes (IDLE_TIMEOUT_S)."""
    while True:
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.02)
        with snapshot(engine) as connection:
            if not connection.scalar(OTHERS_TRANSACTIONS):
                return
        process.send_signal(signal.SIGCONT)
        time.sleep(0.01)


def test_what_a_frozen_worker_had_begun_is_done_by_another_and_once_though_it_is_thawed(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    slack, desk, engine, hints = FakeSlack(*CHANNELS), Desk(1), open_engine(url), Hints()
    other = Assess(
        engine,
        make_judge=lambda tracked: working.Judge(tracked, 0.0),
        configured=TRACKED,
        featurizer=working.Apart(),
        policy=AlertPolicy(group_at=2.0),
        channel_for=lambda position: position.channel,
        announce=hints.channels,
    )

    def doing() -> list[str]:
        return [job.args["articles"] for job in jobs(engine) if (job.task_name, job.status) == ("assess", "doing")]

    with desk.serving(), Peer(slack.respond) as peer:
        desk.configure(engine)
        desk.publish(1)
        process = working.start(url, peer.url, working.Habits(cost_s=1.0))
        try:
            until(doing)
            freeze(process, engine)
            (ids,) = doing()
            assert working.assessed_by_tally(engine) == 0
            with transaction(engine) as connection:
                connection.execute(
                    text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
                )
            assert tend(engine, hints, datetime.now(UTC)).recovered == 1
            take(engine, "assess")
            assert other.run_once(datetime.now(UTC), only=ids).articles == 1
            process.send_signal(signal.SIGCONT)
            until(lambda: not doing())  # it ends what it had
            until(lambda: slack.channels[CHANNELS[0]]["messages"])
            assert process.poll() is None
        finally:
            working.kill(process)
    assert working.assessed_by_tally(engine) == 1
    assert shown(message for details in slack.channels.values() for message in details["messages"]) == desk.shifts()
    engine.dispose()


def test_nothing_is_lost_or_shown_twice_whichever_worker_dies_and_though_the_database_restarts(
    url: str, postgres_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    slack, desk = FakeSlack(*CHANNELS), Desk(6)
    engine = open_engine(url)
    with desk.serving(), Peer(slack.respond, Faults(RATES, seed=3)) as peer:
        desk.configure(engine)
        outcome = working.work_and_kill(
            url, peer.url, desk, each=4, workers=2, kills=3, limit_s=900.0, restart=postgres_server.restart, restarts=1
        )  # fmt: skip
    told = shown(message for details in slack.channels.values() for message in details["messages"])
    assert (outcome.kills, outcome.restarts) == (3, 1)
    assert outcome.states == {"assessed": desk.articles}
    assert working.assessed_by_tally(engine) == desk.articles
    assert told == desk.shifts()
    engine.dispose()

"""How workers scale, the database's share of the time, and what 100,000 feeds and 10 million articles a day would take.

    python tests/proofs/scaling.py --workers 1,2,4 --feeds 200 --articles 5000 --json scaling.json

Everything runs on one machine: workers, PostgreSQL (flushing to disk), the feeds' servers and Slack. Articles carry their own text
and are judged by what it says; what the shipped detector takes for the same articles is measured beside it. The plan is computed
from the costs of one article and one poll.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parents[2])]

import psutil  # noqa: E402  # the path above comes first
import working  # noqa: E402  # the path above comes first
from figures import say, tell  # noqa: E402  # the path above comes first
from outlets import CHANNELS, TRACKED, Desk  # noqa: E402  # the path above comes first
from postgres_server import SAFE, Server  # noqa: E402  # the path above comes first
from slack_peer import FakeSlack, Peer  # noqa: E402  # the path above comes first
from sqlalchemy import Engine, text  # noqa: E402  # the path above comes first

import bot  # noqa: E402  # the path above comes first
from bot.app import build_judge  # noqa: E402  # the path above comes first
from bot.config import shipped_path  # noqa: E402  # the path above comes first
from bot.core.policies import AlertPolicy  # noqa: E402  # the path above comes first
from bot.detection.detector import load_detector  # noqa: E402  # the path above comes first
from bot.domain import Article  # noqa: E402  # the path above comes first
from bot.runtime.queue import prepare_queue  # noqa: E402  # the path above comes first
from bot.store.engine import open_engine, snapshot  # noqa: E402  # the path above comes first
from bot.store.migrate import upgrade  # noqa: E402  # the path above comes first
from bot.store.retention import vacuum  # noqa: E402  # the path above comes first

MOVES_ONE_IN, SENTENCES = 20, 52
"""Of so many articles one moves a line; an article has about 5,000 characters."""
DAY_S = 86_400
FEEDS, ARTICLES_A_DAY, POLLED_EVERY_S = 100_000, 10_000_000, 600
PEAK, USED = 3.0, 0.7
"""The busiest hour has three times as much as the average; a core is planned to be used to this share."""
TEXT_DAYS, WINDOW_DAYS = 365, 14
"""As shipped: how long texts are kept, and how long a copy of an article is known as one."""
OF_THE_WINDOW = ("fingerprints", "bands")
QUEUE = "procrastinate_"
SPENT = text(
    "SELECT active_time / 1000.0, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') "
    "FROM pg_stat_database WHERE datname = current_database()"
)
COUNTS = text(
    "SELECT (SELECT count(*) FROM articles WHERE state = 'assessed'), (SELECT count(*) FROM deliveries WHERE state != 'posted')"
)
CONNECTIONS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"
)
TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What was spent so far: processor seconds by whom, seconds that the database was active for us, and bytes of its log."""

    workers_s: float
    database_s: float
    active_s: float
    log_bytes: float

    def since(self, other: Spent, n: int) -> dict[str, float]:
        """Return what each of `n` things took since `other`."""
        workers, database = self.workers_s - other.workers_s, self.database_s - other.database_s
        return {
            "worker_cpu_ms": round(workers * 1e3 / n, 2),
            "database_cpu_ms": round(database * 1e3 / n, 2),
            "database_active_ms": round((self.active_s - other.active_s) * 1e3 / n, 2),
            "log_kb": round((self.log_bytes - other.log_bytes) / 1e3 / n, 2),
            "database_share_of_cpu": round(database / (database + workers), 3),
        }


def main() -> int:
    """Measure, plan, and tell the figures."""
    options = _options()
    say(f"the code is {bot.__file__}")
    figures: dict[str, object] = {"cores": psutil.cpu_count(), "articles": options.articles, "feeds": options.feeds}
    with Server(SAFE) as server:
        poll = _polling(server, options)
        figures["poll"] = poll
        say(f"polling: {poll}")
        for n in [int(each) for each in options.workers.split(",")]:
            engine = _prepared(server, f"scale_{n}")
            try:
                row = _scaling(server, engine, n, options)
            except TimeoutError as late:
                if n == 1:
                    raise
                figures[f"workers_{n}"] = str(late)
                break  # the plan stands on what one worker took
            figures[f"workers_{n}"] = row
            say(f"{n} workers: {row}")
            vacuum(engine)
            sizes, connections = _sizes(engine), row["connections"] / n
            if n == 1:
                article = row
            engine.dispose()
    figures["detector_cpu_ms"] = detector_ms = _detector_ms()
    figures["plan"] = _plan(article, poll, detector_ms, sizes, connections)
    tell(figures, options.json, "Workers on one machine, and a plan on paper")
    return 0


def _scaling(server: Server, engine: Engine, workers: int, options: argparse.Namespace) -> dict[str, float]:
    """Let `workers` read the same articles, from the first one assessed to the last one assessed and told of."""
    slack, desk = FakeSlack(*CHANNELS), Desk(options.feeds, every=MOVES_ONE_IN, sentences=SENTENCES)
    habits = working.Habits(pace=1.0, fastest_s=60.0)
    with desk.serving(), Peer(slack.respond) as peer:
        desk.publish(max(1, options.articles // options.feeds))
        desk.configure(engine)
        url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        running = [working.start(url, peer.url, habits) for _ in range(workers)]
        try:
            _until(engine, running, lambda done, _: done > 0, options.limit_s)
            began, before, first = time.monotonic(), _spent(server, engine, running), _counts(engine)[0]
            _until(engine, running, lambda done, open_: done >= desk.articles and not open_, options.limit_s)
            seconds, after = time.monotonic() - began, _spent(server, engine, running)
            with snapshot(engine) as connection:
                connections = int(connection.scalar(CONNECTIONS) or 0)
        finally:
            _stop(running)
    n = desk.articles - first
    return {
        "seconds": round(seconds, 1),
        "articles_per_s": round(n / seconds, 1),
        "connections": connections,
    } | after.since(before, n)


def _polling(server: Server, options: argparse.Namespace) -> dict[str, float]:
    """Let one worker poll feeds that have nothing new, and return what a poll takes, with tending the queue in it."""
    engine = _prepared(server, "polling")
    slack, desk = FakeSlack(*CHANNELS), Desk(options.feeds, sentences=SENTENCES)
    with desk.serving(), Peer(slack.respond) as peer:
        desk.publish(1)
        desk.configure(engine)
        url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        running = [working.start(url, peer.url, working.Habits(pace=1.0, fastest_s=10.0))]
        try:
            _until(engine, running, lambda done, open_: done >= desk.articles and not open_, options.limit_s)
            before, polls = _spent(server, engine, running), desk.answers["unchanged"]
            time.sleep(options.polling_s)
            after, polls = _spent(server, engine, running), desk.answers["unchanged"] - polls
        finally:
            _stop(running)
    engine.dispose()
    return {"polls_per_s": round(polls / options.polling_s, 1)} | after.since(before, max(polls, 1))


def _detector_ms() -> float:
    """Return the processor time in ms that the shipped detector takes for an article of these, all of which concern a line."""
    desk = Desk(number=20, sentences=SENTENCES)
    judge = build_judge(load_detector(shipped_path("models")), TRACKED, AlertPolicy())
    now = datetime.now(UTC)
    articles = [
        Article(id=f"{n}", url=f"http://paper/{n}", title="Headline", text=" ".join(desk.text(n, 0)), published=now)
        for n in range(desk.number)
    ]
    judge.judge(articles[0], now)
    began = time.process_time()
    for article in articles[1:]:
        judge.judge(article, now)
    return round((time.process_time() - began) * 1e3 / (len(articles) - 1), 1)


def _plan(
    article: dict[str, float],
    poll: dict[str, float],
    detector_ms: float,
    sizes: dict[str, tuple[int, int, int]],
    connections: float,
) -> dict[str, object]:
    """Return what `FEEDS` and `ARTICLES_A_DAY` would take."""
    per_s, polls_per_s, scale = ARTICLES_A_DAY / DAY_S, FEEDS / POLLED_EVERY_S, ARTICLES_A_DAY / sizes["articles"][0]

    def cores(name: str, more_ms: float = 0.0) -> float:
        return PEAK * (per_s * (article[name] + more_ms) + polls_per_s * poll[name]) / 1e3

    workers = math.ceil(cores("worker_cpu_ms", detector_ms) / USED)
    tables = {}
    for name, (rows, table, indexes) in sizes.items():
        if rows and not name.startswith(QUEUE) and name not in ("feeds", "positions", "alembic_version", "tallies"):
            days = WINDOW_DAYS if name in OF_THE_WINDOW else TEXT_DAYS
            tables[name] = {
                "rows_a_day": round(rows * scale),
                "gb_a_day": round(table * scale / 1e9, 2),
                "indexes_gb_a_day": round(indexes * scale / 1e9, 2),
                "kept_days": days,
                "rows_kept": round(rows * scale * days),
                "tb_kept": round((table + indexes) * scale * days / 1e12, 2),
            }
    return {
        "articles_per_s": round(per_s, 1),
        "polls_per_s": round(polls_per_s, 1),
        "busiest_hour_times": PEAK,
        "worker_cores": round(cores("worker_cpu_ms", detector_ms), 1),
        "of_these_for_the_detector": round(PEAK * per_s * detector_ms / 1e3, 1),
        "worker_processes": workers,
        "database_cores": round(cores("database_cpu_ms") / USED, 1),
        "database_connections": math.ceil(workers * connections),
        "log_gb_a_day": round((ARTICLES_A_DAY * article["log_kb"] + polls_per_s * DAY_S * poll["log_kb"]) / 1e6, 1),
        "log_mb_per_s_at_most": round(PEAK * (per_s * article["log_kb"] + polls_per_s * poll["log_kb"]) / 1e3, 1),
        "tables": tables,
    }


def _prepared(server: Server, database: str) -> Engine:
    admin = open_engine(server.url()).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {database}"))
    admin.dispose()
    engine = open_engine(server.url(database))
    upgrade(engine)
    prepare_queue(engine)
    return engine


def _until(
    engine: Engine, running: Sequence[subprocess.Popen[bytes]], done: Callable[[int, int], bool], limit_s: float
) -> None:
    """Wait for what `done` says of how many articles are assessed, and how many deliveries are not on screen."""
    deadline = time.monotonic() + limit_s
    while not done(*_counts(engine)):
        if any(worker.poll() is not None for worker in running):
            raise SystemExit("a worker ended by itself")
        if time.monotonic() > deadline:
            raise TimeoutError(f"it did not come to that within {limit_s:.0f} seconds: {_counts(engine)}")
        time.sleep(0.2)


def _counts(engine: Engine) -> tuple[int, int]:
    with snapshot(engine) as connection:
        assessed, open_ = connection.execute(COUNTS).one()
    return int(assessed), int(open_)


def _spent(server: Server, engine: Engine, running: Sequence[subprocess.Popen[bytes]]) -> Spent:
    with snapshot(engine) as connection:
        active, written = connection.execute(SPENT).one()
    return Spent(
        workers_s=sum(_cpu_s(psutil.Process(worker.pid)) for worker in running),
        database_s=_cpu_s(psutil.Process(server.pid)),
        active_s=float(active),
        log_bytes=float(written),
    )


def _cpu_s(process: psutil.Process) -> float:
    """Return the processor time of a process, and of its children, those that have ended included."""
    spent = sum(process.cpu_times()[:4])
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            spent += sum(child.cpu_times()[:4])
    return float(spent)


def _stop(running: Sequence[subprocess.Popen[bytes]]) -> None:
    for worker in running:
        working.kill(worker)


def _sizes(engine: Engine) -> dict[str, tuple[int, int, int]]:
    """Return by table its rows, and the bytes of its rows and of its indexes."""
    with snapshot(engine) as connection:
        found = {}
        for name in connection.scalars(TABLES).all():
            query = text(f"SELECT count(*), pg_table_size('{name}'), pg_indexes_size('{name}') FROM {name}")
            rows, table, indexes = connection.execute(query).one()
            found[name] = (int(rows), int(table), int(indexes))
        return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How workers scale, and a plan on paper.")
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--articles", type=int, default=5_000)
    parser.add_argument("--workers", default="1,2,4", help="numbers of workers to compare, 1 among them")
    parser.add_argument("--polling-s", type=float, default=60.0, help="how long polling alone is measured")
    parser.add_argument("--limit-s", type=float, default=1_800, help="for each of the steps")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

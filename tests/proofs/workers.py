"""The proof that workers lose nothing and do nothing twice, and how they scale: kills, restarts of PostgreSQL, a faulty Slack.

    python tests/proofs/workers.py --feeds 200 --articles 5000 --workers 4 --kills 100 --restarts 2
    python tests/proofs/workers.py --scaling 1,2,4 --feeds 200 --articles 5000

The figures are printed as JSON lines; with --scaling also the plan for 100,000 feeds and 10 million articles a day, computed from
what was measured.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parents[2])]

import psutil  # noqa: E402  # the path above comes first
import working  # noqa: E402  # the path above comes first
from postgres_server import Server  # noqa: E402  # the path above comes first
from slack_peer import FakeSlack, Faults, Peer  # noqa: E402  # the path above comes first
from sqlalchemy import Engine, text  # noqa: E402  # the path above comes first

from bot.runtime.queue import prepare_queue  # noqa: E402  # the path above comes first
from bot.store.engine import open_engine, snapshot  # noqa: E402  # the path above comes first
from bot.store.migrate import upgrade  # noqa: E402  # the path above comes first

RATES = {"429": 0.02, "5xx": 0.02, "5xx_after": 0.02, "reset_before": 0.02, "reset_after": 0.04, "slow_after": 0.002}
DAY_S = 86_400
PLANNED_FEEDS, PLANNED_ARTICLES, POLLED_EVERY_S = 100_000, 10_000_000, 600


def main() -> int:
    """Run the proof, or the measurement of scaling; return 0 where it holds."""
    options = _options()
    if options.scaling:
        return _scale(options)
    with Server({"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}) as server:
        engine = _prepared(server, "postgres")
        slack, desk = FakeSlack(*working.CHANNELS), working.Desk(options.feeds, faults=0.02)
        with desk.serving(), Peer(slack.respond, Faults(RATES, seed=options.seed, slow_s=1.2)) as peer:
            desk.configure(engine)
            outcome = working.work_and_kill(
                server.url(),
                peer.url,
                desk,
                each=options.articles // options.feeds,
                workers=options.workers,
                kills=options.kills,
                limit_s=options.limit_s,
                every_s=(1.0, 5.0),
                restart=server.restart,
                restarts=options.restarts,
                seed=options.seed,
                cost_s=options.cost_s,
                say=_say,
            )
            met = dict(peer.faults.met)
        told = working.shown(m for details in slack.channels.values() for m in details["messages"])
        assessed = working.assessed_by_tally(engine)
        engine.dispose()
    wanted = desk.shifts()
    waits = sorted(outcome.takeovers_s)
    figures = {
        "feeds": options.feeds, "articles": desk.articles, "workers": options.workers, "kills": outcome.kills,
        "restarts_of_postgresql": outcome.restarts, "seconds": round(outcome.seconds, 1), "states": outcome.states,
        "times_assessed": assessed, "alerts": sum(wanted.values()), "lost": sum((wanted - told).values()),
        "shown_twice": sum((told - wanted).values()), "slack_faults": met, "takeovers": len(waits),
        "takeover_s_median": round(statistics.median(waits), 1) if waits else None,
        "takeover_s_longest": round(waits[-1], 1) if waits else None,
    }  # fmt: skip
    _print(figures)
    holds = told == wanted and assessed == desk.articles and outcome.kills >= options.kills
    return 0 if holds and outcome.restarts == options.restarts else 1


def _scale(options: argparse.Namespace) -> int:
    """Assess the same articles with one worker, two and more, and plan from what one article costs."""
    rows: list[dict[str, float]] = []
    with Server() as server:
        for n in [int(each) for each in options.scaling.split(",")]:
            engine = _prepared(server, f"scale_{n}")
            rows.append(_measured(server, engine, n, options))
            _print(rows[-1])
            sizes = _sizes(engine)
            engine.dispose()
    _print({"cores": psutil.cpu_count(), "note": "workers, feeds, Slack and PostgreSQL share these cores"})
    _print(_plan(rows[0], sizes))
    return 0


def _measured(server: Server, engine: Engine, workers: int, options: argparse.Namespace) -> dict[str, float]:
    slack, desk = FakeSlack(*working.CHANNELS), working.Desk(options.feeds)
    each = max(1, options.articles // options.feeds)
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with desk.serving(), Peer(slack.respond) as peer:
        desk.publish(each)
        desk.configure(engine)
        running = [working.start(url, peer.url, cost_s=options.cost_s) for _ in range(workers)]
        try:
            _until(engine, 1, options.limit_s)
            began, cost = time.monotonic(), _cost(engine, running)
            first = _assessed(engine)
            _until(engine, desk.articles, options.limit_s)
            seconds, spent = time.monotonic() - began, _cost(engine, running)
        finally:
            for worker in running:
                worker.kill()
                worker.wait()
    n = desk.articles - first
    database_s, cpu_s = spent[0] - cost[0], spent[1] - cost[1]
    return {
        "workers": workers, "articles": n, "seconds": round(seconds, 1), "articles_per_s": round(n / seconds, 1),
        "database_active_s": round(database_s, 2), "worker_cpu_s": round(cpu_s, 2),
        "database_share": round(database_s / (database_s + cpu_s), 3), "database_ms_per_article": round(database_s * 1e3 / n, 2),
        "worker_cpu_ms_per_article": round(cpu_s * 1e3 / n, 2),
    }  # fmt: skip


def _plan(row: dict[str, float], sizes: dict[str, tuple[int, int, int]]) -> dict[str, object]:
    """Return what 100,000 feeds and 10 million articles a day would take, from the cost of one article."""
    articles = max(1, sizes["articles"][0])
    a_day = {
        name: {
            "rows": round(rows / articles * PLANNED_ARTICLES),
            "table_gb": round(table / articles * PLANNED_ARTICLES / 1e9, 2),
            "indexes_gb": round(index / articles * PLANNED_ARTICLES / 1e9, 2),
        }
        for name, (rows, table, index) in sizes.items()
        if rows
    }
    per_s = PLANNED_ARTICLES / DAY_S
    return {
        "plan_for": {"feeds": PLANNED_FEEDS, "articles_a_day": PLANNED_ARTICLES, "articles_per_s": round(per_s, 1)},
        "polls_per_s": round(PLANNED_FEEDS / POLLED_EVERY_S, 1),
        "worker_cores_without_the_models": round(per_s * row["worker_cpu_ms_per_article"] / 1e3, 1),
        "database_cores": round(per_s * row["database_ms_per_article"] / 1e3, 1),
        "growth_a_day": a_day,
    }


def _prepared(server: Server, database: str) -> Engine:
    if database != "postgres":
        admin = open_engine(server.url()).execution_options(isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {database}"))
        admin.dispose()
    engine = open_engine(server.url(database))
    upgrade(engine)
    prepare_queue(engine)
    return engine


def _until(engine: Engine, number: int, limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while _assessed(engine) < number:
        if time.monotonic() > deadline:
            raise SystemExit(f"{number} articles were not assessed within {limit_s:.0f} seconds")
        time.sleep(0.1)


def _assessed(engine: Engine) -> int:
    with snapshot(engine) as connection:
        return int(connection.scalar(text("SELECT count(*) FROM articles WHERE state = 'assessed'")) or 0)


def _cost(engine: Engine, running: list) -> tuple[float, float]:
    """Return how long the database was active for us, and how much processor time the workers have had, in seconds."""
    query = text("SELECT active_time / 1000.0 FROM pg_stat_database WHERE datname = current_database()")
    with snapshot(engine) as connection:
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        active = float(connection.scalar(query) or 0.0)
    times = [psutil.Process(worker.pid).cpu_times() for worker in running]
    return active, sum(t.user + t.system for t in times)


def _sizes(engine: Engine) -> dict[str, tuple[int, int, int]]:
    """Return by table its rows, and the bytes of its rows and of its indexes."""
    names = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    with snapshot(engine) as connection:
        return {
            name: tuple(
                connection.execute(
                    text(f"SELECT count(*), pg_table_size('{name}'), pg_indexes_size('{name}') FROM {name}")
                ).one()
            )
            for name in connection.scalars(names).all()
        }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Workers lose nothing and do nothing twice.")
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--articles", type=int, default=5_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--restarts", type=int, default=2, help="of PostgreSQL, spread over the kills")
    parser.add_argument(
        "--scaling", default="", help="numbers of workers to compare, such as 1,2,4; nothing is killed then"
    )
    parser.add_argument("--cost-s", type=float, default=0.0, help="processor time that judging an article takes")
    parser.add_argument("--limit-s", type=float, default=3_600)
    parser.add_argument("--seed", type=int, default=11)
    return parser.parse_args()


def _print(figures: object) -> None:
    print(json.dumps(figures, default=lambda value: dict(value) if isinstance(value, Counter) else str(value)))  # noqa: T201  # the figures are what it is for


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201  # progress of a long run


if __name__ == "__main__":
    sys.exit(main())

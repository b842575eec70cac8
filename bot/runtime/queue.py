"""The queue on PostgreSQL (procrastinate): jobs that say where there is work. The tables stay the truth.

A job names rows: the feeds of a host, some articles, a channel. It is deferred in the transaction that writes the rows, so that
there is never one without the other; `tend` defers it again where it got lost, and takes work from whoever died over it. A job
whose rows are done finds nothing to do, and ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import procrastinate
from procrastinate.jobs import Job
from sqlalchemy import Connection, Engine, text

from bot.core.addresses import server_of
from bot.errors import StoreError
from bot.store import articles, deliveries, feeds
from bot.store.engine import NO_TABLES, open_engine, snapshot, transaction, without_time_limit

INGEST, ASSESS, DELIVER, TEND = "ingest", "assess", "deliver", "tend"
STAGES = (INGEST, ASSESS, DELIVER)
ARTICLES_A_JOB = 8
FEEDS_A_JOB = 50
AT_MOST = 5_000
"""Rows of a kind that one round of tending takes up."""
HEARTBEAT_S, DEAD_AFTER_S = 10.0, 30.0
"""How often a worker says that it lives, and how long it may be silent before its jobs are taken from it."""
LONGEST_JOB_S = 900.0
"""How long a job may take before it counts as lost, though its worker lives: several times what the stages allow themselves."""
SCHEMA_OF_UNMARKED = "03.04.00_50_post_add_retry_failed_job_procedure"
"""The last of procrastinate's migrations in queues that carry no mark: those made before there was one."""
_LOCK = 7_214_904  # any number of our own: one process tends at a time
_MARK = "made with procrastinate "  # its schema has no mark of its own: a comment on the table of jobs names its last migration

_LOST = text("""
    SELECT job.id, job.task_name, job.args FROM procrastinate_jobs job
    LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
    WHERE job.status = 'doing' AND (
        worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => :dead_after_s)
        OR (SELECT max(at) FROM procrastinate_events WHERE job_id = job.id AND type = 'started')
            < now() - make_interval(secs => :longest_s))
    FOR UPDATE OF job SKIP LOCKED
""")
_AGAIN = text("SELECT procrastinate_retry_job_v2(:id, now(), NULL, NULL, NULL)")
_END = text("SELECT procrastinate_finish_job_v1(:id, 'failed', true)")
_FAILED = text("DELETE FROM procrastinate_jobs WHERE status = 'failed' RETURNING task_name, args")
_OPEN = text(
    "SELECT task_name, args FROM procrastinate_jobs "
    "WHERE status IN ('todo', 'doing') AND task_name IN ('ingest', 'assess', 'deliver')"
)
_FINISHED = text(
    "DELETE FROM procrastinate_jobs WHERE status NOT IN ('todo', 'doing') AND id IN "
    "(SELECT job_id FROM procrastinate_events GROUP BY job_id HAVING max(at) < now() - interval '1 day')"
)
_GONE = text("DELETE FROM procrastinate_workers WHERE last_heartbeat < now() - interval '1 hour'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tended:
    """What one round of tending did: jobs taken from the dead, and jobs made for feeds, articles and channels without one."""

    recovered: int = 0
    ingest: int = 0
    assess: int = 0
    deliver: int = 0

    def __bool__(self) -> bool:
        return bool(self.recovered or self.ingest or self.assess or self.deliver)


class Hints:
    """Defers jobs, on the connection and so in the transaction of whoever writes the rows that they are about."""

    def __init__(self) -> None:
        # Never opened: every query runs on a connection that is handed in.
        self._app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())

    def articles(self, connection: Connection, ids: Collection[str]) -> int:
        """Ask for articles to be assessed; return how many jobs that makes."""
        return self._defer(connection, [_job(ASSESS, articles=chunk) for chunk in _chunks(ids, ARTICLES_A_JOB)])

    def channels(self, connection: Connection, names: Collection[str]) -> int:
        """Ask for what is due in channels to be delivered, one process at a time in each; return how many jobs that makes."""
        return self._defer(connection, [_job(DELIVER, lock=f"channel {name}", channel=name) for name in names])

    def hosts(self, connection: Connection, hosts: Mapping[str, Sequence[str]]) -> int:
        """Ask for feeds to be polled, by host, one process at a time at each; return how many jobs that makes."""
        chunked = ((host, chunk) for host, urls in hosts.items() for chunk in _chunks(urls, FEEDS_A_JOB))
        return self._defer(connection, [_job(INGEST, lock=f"host {host}", feeds=chunk) for host, chunk in chunked])

    def _defer(self, connection: Connection, jobs: list[Job]) -> int:
        if jobs:
            raw = connection.connection.driver_connection
            self._app.job_manager.batch_defer_jobs(jobs=jobs, connection=raw)
        return len(jobs)


def prepare_queue(engine: Engine) -> bool:
    """Make the queue's tables where there are none, and mark them; return whether there were none.

    Raises:
        StoreError: The tables are of another version of procrastinate.
    """
    with transaction(engine) as connection:
        without_time_limit(connection)
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if made := not _has_queue(connection):
            raw: Any = connection.connection.driver_connection
            raw.execute(procrastinate.schema.SchemaManager.get_schema())
            _mark(connection)
        else:
            _require_schema(connection)
        return made


def require_queue(url: str) -> None:
    """Raise StoreError where the store at `url` is not PostgreSQL, or has no queue yet or one of another version."""
    engine = open_engine(url)
    try:
        if engine.dialect.name != "postgresql":
            raise StoreError(
                "workers need PostgreSQL: set WALKBACK_DATABASE_URL=postgresql://user@host/name, or use `walkback run`"
            )
        with snapshot(engine) as connection:
            if not _has_queue(connection):
                raise StoreError(f"the database {engine.url} {NO_TABLES}")
            _require_schema(connection)
    finally:
        engine.dispose()


def tend(engine: Engine, hints: Hints, now: datetime) -> Tended:
    """Take jobs from workers that died, and make jobs for what is due and has none. One process does at a time."""
    with transaction(engine) as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK}):
            return Tended()
        recovered = _recover(connection)
        connection.execute(_GONE)
        known = _known(connection)
        free = articles.pending_ids(connection, now, except_for=known[ASSESS], limit=AT_MOST)
        due = [(url, at) for url, at in feeds.due(connection, now, AT_MOST) if url not in known[INGEST]]
        wanting = [name for name in deliveries.wanting_channels(connection, now) if name not in known[DELIVER]]
        hosts: dict[str, list[str]] = {}
        for url, fetched_from in due:
            hosts.setdefault(server_of(fetched_from), []).append(url)
        return Tended(
            recovered=recovered,
            ingest=hints.hosts(connection, hosts),
            assess=hints.articles(connection, free),
            deliver=hints.channels(connection, wanting),
        )


def forget_finished(engine: Engine) -> int:
    """Delete jobs that ended a day ago or more; return how many. Those that succeeded are gone already."""
    with transaction(engine) as connection:
        return connection.execute(_FINISHED).rowcount


def _recover(connection: Connection) -> int:
    """Give the jobs of dead workers to the living, with the claims that keep the rows; return how many.

    A job that failed gives its claims back and goes: it was logged, and the rows get another. A delivery's claim is left to run
    out: its worker may yet be posting.
    """
    for job in connection.execute(_FAILED).all():
        _unclaim(connection, job.args)
    limits = {"dead_after_s": DEAD_AFTER_S, "longest_s": LONGEST_JOB_S}
    lost = connection.execute(_LOST, limits).all()
    for job in lost:
        if job.task_name == TEND:
            connection.execute(_END, {"id": job.id})
            continue
        _unclaim(connection, job.args)
        connection.execute(_AGAIN, {"id": job.id})
    return sum(job.task_name != TEND for job in lost)


def _unclaim(connection: Connection, arguments: Mapping[str, Any]) -> None:
    articles.unclaim(connection, arguments.get("articles", []))
    feeds.release(connection, arguments.get("feeds", []))


def _known(connection: Connection) -> dict[str, set[str]]:
    """Return by stage the rows that a job is waiting for or working on."""
    known: dict[str, set[str]] = {stage: set() for stage in STAGES}
    for job in connection.execute(_OPEN):
        named = job.args.get("articles") or job.args.get("feeds") or [job.args.get("channel", "")]
        known[job.task_name].update(named)
    return known


def _has_queue(connection: Connection) -> bool:
    return connection.scalar(text("SELECT to_regclass('procrastinate_jobs')")) is not None


def _library_schema() -> str:
    """Return the name of the last migration that the installed procrastinate knows: it numbers them by its versions."""
    folder = Path(procrastinate.schema.SchemaManager.get_migrations_path())
    return max(file.stem for file in folder.glob("*.sql"))


def _mark(connection: Connection) -> None:
    name = _library_schema().replace("'", "''")
    connection.execute(text(f"COMMENT ON TABLE procrastinate_jobs IS '{_MARK}{name}'"))


def _require_schema(connection: Connection) -> None:
    """Raise StoreError where the queue in the database is not the installed library's."""
    mark = connection.scalar(text("SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class')")) or ""
    found = mark.removeprefix(_MARK) if mark.startswith(_MARK) else SCHEMA_OF_UNMARKED
    wanted = _library_schema()
    if found != wanted:
        raise StoreError(
            f"the queue in the database is of procrastinate's schema {found}, the installed library wants {wanted}: "
            "stop the workers and follow 'The queue's own schema' in docs/operating.md"
        )


def _job(stage: str, *, lock: str | None = None, **arguments: Any) -> Job:
    return Job(id=None, queue=stage, lock=lock, queueing_lock=None, task_name=stage, task_kwargs=arguments, priority=0)


def _chunks(values: Iterable[str], size: int) -> list[list[str]]:
    every = list(values)
    return [every[start : start + size] for start in range(0, len(every), size)]

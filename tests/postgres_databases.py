"""Databases on one PostgreSQL server, handed to tests one at a time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import make_url

from bot.errors import StoreError
from bot.runtime.queue import prepare_queue
from bot.store import migrate
from bot.store.engine import open_engine, transaction
from bot.store.schema import metadata

ALONE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name AND pid != pg_backend_pid()"
TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
QUEUE = tuple(f"procrastinate_{name}" for name in ("jobs", "events", "workers", "periodic_defers"))
SEQUENCES = "SELECT sequence_name FROM information_schema.sequences WHERE sequence_schema = 'public'"


class Databases:
    """What a server has for tests. A context manager.

    An empty database is made anew each time. The one with tables is emptied between tests, which is ten times as quick, and made
    anew where a test left other tables behind.
    """

    def __init__(self, server_url: str) -> None:
        self._url = make_url(server_url)
        self._server = open_engine(server_url).execution_options(isolation_level="AUTOCOMMIT")
        self._ready: dict[bool, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in self._ready.values():
            self._drop(name)
        self._server.dispose()

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Give the address of a database without tables."""
        name = self._create()
        try:
            yield self.url(name)
        finally:
            self._drop(name)

    @contextmanager
    def prepared(self, *, queue: bool = False) -> Iterator[str]:
        """Give the address of a database with this version's tables and nothing in them; with the workers' queue, if wanted."""
        if queue not in self._ready:
            self._ready[queue] = self._create()
            engine = open_engine(self.url(self._ready[queue]))
            migrate.upgrade(engine)
            if queue:
                prepare_queue(engine)
            engine.dispose()
        name = self._ready[queue]
        yield self.url(name)
        engine = open_engine(self.url(name))
        if not self._emptied(engine, name, queue=queue):
            self._drop(self._ready.pop(queue))
        engine.dispose()

    def url(self, name: str) -> str:
        """Return the address of a database of this server."""
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _create(self) -> str:
        name = f"test_{uuid.uuid4().hex}"
        with self._server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        return name

    def _drop(self, name: str) -> None:
        with self._server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))

    def _emptied(self, engine: Engine, name: str, *, queue: bool) -> bool:
        """Delete every row; False where the tables are no longer this version's."""
        with self._server.connect() as connection:
            connection.execute(text(ALONE), {"name": name})
        try:
            with transaction(engine) as connection:
                return _empty(connection, QUEUE if queue else ())
        except StoreError:
            return False


def _empty(connection: Connection, more: Sequence[str]) -> bool:
    if {*connection.scalars(text(TABLES))} != {*metadata.tables, "alembic_version", *more}:
        return False
    if connection.scalar(text("SELECT version_num FROM alembic_version")) != migrate.latest():
        return False
    for table in reversed(metadata.sorted_tables):
        connection.execute(table.delete())
    if more:
        connection.execute(text(f"TRUNCATE {', '.join(more)} CASCADE"))
    for sequence in connection.scalars(text(SEQUENCES)).all():
        connection.execute(text(f"ALTER SEQUENCE {sequence} RESTART"))
    return True

"""Bringing the database's tables to this version's, by Alembic's revisions in `migrations/`."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from bot.errors import StoreError
from bot.store.engine import NO_TABLES, open_engine, snapshot, transaction, without_time_limit

_LOCK = 7_214_903  # any number of our own: two processes that upgrade PostgreSQL take turns


def prepare(engine: Engine) -> None:
    """Make the database ready at start-up: upgrade SQLite, which has one owner; only check PostgreSQL, which may have many.

    Raises:
        StoreError: PostgreSQL is not upgraded yet, or the database is newer than this version.
    """
    if engine.dialect.name == "sqlite":
        upgrade(engine)
    elif not is_current(engine):
        raise StoreError(f"the database {engine.url} {NO_TABLES}")


def upgrade(engine: Engine) -> None:
    """Bring the tables to this version's, all revisions in one transaction; nothing happens where they are.

    Raises:
        StoreError: the database is newer than this version, or holds another program's tables.
    """
    with transaction(engine) as connection:
        if connection.dialect.name == "postgresql":
            without_time_limit(connection)
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if _revision(connection) != latest():
            command.upgrade(_config(connection), "head")


def current(engine: Engine) -> str | None:
    """Return the database's revision, None where it has no tables yet.

    Raises:
        StoreError: it is newer than this version.
    """
    with snapshot(engine) as connection:
        return _revision(connection)


def latest() -> str:
    """Return this version's revision."""
    return str(_scripts().get_current_head())


def known_revisions() -> frozenset[str]:
    """Return the revisions that this version knows."""
    return frozenset(str(script.revision) for script in _scripts().walk_revisions())


def is_current(engine: Engine) -> bool:
    """Whether the database's tables are this version's; StoreError where it is newer."""
    return current(engine) == latest()


def draft(message: str, revision: str) -> None:
    """Write, for developers, the revision that brings the tables from the last revision to those of schema.py.

    Read what it wrote before you keep it: Alembic sees no renames and no data.
    """
    with transaction(open_engine("sqlite://")) as connection:
        config = _config(connection)
        first = _scripts().get_current_head() is None
        if not first:
            command.upgrade(config, "head")
        config.attributes["batch"] = not first
        command.revision(config, message, autogenerate=True, rev_id=revision)


def _revision(connection: Connection) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is not None and revision not in known_revisions():
        raise StoreError(
            f"the database {connection.engine.url} was written by a newer Walkback (its revision is {revision}): "
            "install that version again, or restore the backup made before the upgrade"
        )
    return revision


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "bot.store:migrations")
    config.attributes["connection"] = connection
    return config

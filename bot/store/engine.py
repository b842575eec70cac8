"""The door to the database: opening it, one transaction per step, and its faults in words.

SQLite runs in WAL mode with foreign keys; a transaction takes the write lock when it begins, so that what it read still holds
when it writes. PostgreSQL runs many transactions at once: those that must not are made to wait by `take_turns`, a statement that
hangs ends by a time limit, and a connection that broke is replaced when it is next wanted.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from bot.errors import StoreError

BUSY_TIMEOUT_S = 10.0
AGAIN_S = 0.05
STATEMENT_TIMEOUT_S, LOCK_TIMEOUT_S, IDLE_TIMEOUT_S = 60, 30, 120
"""On PostgreSQL: of one statement, of waiting for a lock, and of a transaction that nobody goes on with."""
POOL, OVERFLOW = 4, 12
"""Connections to PostgreSQL that a process keeps, and how many more it may open for a while."""
READ_ONLY = "walkback_read_only"

_SQLITE_FAULTS = {
    "SQLITE_BUSY": f"is locked by another process for more than {BUSY_TIMEOUT_S:g} seconds: stop that process, or wait",
    "SQLITE_LOCKED": "is locked by another part of this process",
    "SQLITE_FULL": "cannot grow: the disk is full",
    "SQLITE_READONLY": "cannot be written: give this user the right to write the file and its folder",
    "SQLITE_NOTADB": "is not a database: name another file, or move this one away",
    "SQLITE_CORRUPT": "is damaged: restore a backup",
    "SQLITE_CANTOPEN": "cannot be opened: check that the folder exists and may be written",
    "SQLITE_PERM": "may not be opened by this user",
    "SQLITE_IOERR": "cannot be read or written: the disk reports an error",
    "SQLITE_PROTOCOL": "cannot be locked: a network file system does not do; use a local disk, or PostgreSQL",
}
_POSTGRES_FAULTS = {
    "28": "refuses this user or password",
    "3D": "does not exist on that server: create it first",
    "53": "has run out of room, memory or connections",
    "57": "is shutting down or starting up",
    "55": "is locked by another process",
    "57014": f"took longer than {STATEMENT_TIMEOUT_S} seconds over one statement: see what else it is doing",
    "25P03": "ended a transaction that stood still for too long: try again",
    "40": "met a conflict with another process: try again",
    "25006": "is read-only",
    "42501": "lets this user not do that",
}
NOT_OURS = "holds tables that are not Walkback's: name another file, or another database"
NO_TABLES = "has no tables of this version yet: run `walkback db upgrade`"


def open_engine(url: str) -> Engine:
    """Open the database at `url`: sqlite:///file, sqlite:// (in memory, one thread at a time) or postgresql://user:password@host/name.

    No connection is made to PostgreSQL yet; a SQLite file's folder is created.

    Raises:
        StoreError: the address is no database's, the driver is missing, or the folder cannot be made. Later faults of the database
            raise it wherever they occur.
    """
    address = _address(url)
    try:
        engine = _sqlite(address) if address.get_backend_name() == "sqlite" else _postgres(address)
    except ModuleNotFoundError as error:
        raise StoreError(f"PostgreSQL needs a driver ({error.name}): pip install 'walkback[postgres]'") from None
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(f"the database's address cannot be used: {error}") from None
    event.listen(engine, "handle_error", _translate)
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Give a connection whose work is committed at the end, and rolled back by any exception."""
    with engine.begin() as connection:
        yield connection


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Give a connection for reading alone: it sees one state and keeps no writer out. Rolled back at the end."""
    with engine.connect().execution_options(**{READ_ONLY: True}) as connection:
        yield connection


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that knows ON CONFLICT, for the database at hand."""
    return insert_into(connection.dialect.name, table)


def insert_into(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that knows ON CONFLICT, for a database of that name."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def take_turns(connection: Connection, *keys: str) -> None:
    """Let transactions that name the same key go one after the other, until their end. On SQLite they do anyway."""
    if connection.dialect.name == "postgresql":
        for key in sorted(set(keys)):  # in one order, so that no two wait for each other
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


def without_time_limit(connection: Connection) -> None:
    """Let the statements of this transaction take as long as they need (a migration, a copy of everything)."""
    if connection.dialect.name == "postgresql":
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(text(f"SET LOCAL {name} = 0"))


def file_of(engine: Engine) -> Path | None:
    """Return the file of a SQLite store, None for one in memory and for PostgreSQL."""
    name = engine.url.database
    in_file = engine.dialect.name == "sqlite" and name not in (None, "", ":memory:")
    return Path(str(name)) if in_file else None


def psycopg_address(engine: Engine) -> str:
    """Return the address of a PostgreSQL engine as libpq reads it, with its password and the same limits."""
    from psycopg.conninfo import make_conninfo

    _, arguments = engine.dialect.create_connect_args(engine.url)
    arguments.pop("context", None)  # psycopg's own, none of libpq's
    return make_conninfo("", **{**arguments, **_connect_arguments(engine.url)})


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError(
            "WALKBACK_DATABASE_URL is not a database address: write sqlite:///file or postgresql://user@host/name"
        ) from None
    if address.drivername == "postgres":
        address = address.set(drivername="postgresql")
    if address.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StoreError(f"a {address.get_backend_name()} database cannot be used: SQLite and PostgreSQL can")
    return address


def _sqlite(address: URL) -> Engine:
    options: dict[str, Any] = {"connect_args": {"timeout": BUSY_TIMEOUT_S}}
    if address.database in (None, "", ":memory:"):
        options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    else:
        folder = Path(str(address.database)).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"the database's folder {folder} cannot be made: {error.strerror}") from None
    engine = create_engine(address.set(drivername="sqlite+pysqlite"), **options)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _postgres(address: URL) -> Engine:
    engine = create_engine(
        address.set(drivername="postgresql+psycopg"),
        connect_args=_connect_arguments(address),
        pool_pre_ping=True,
        pool_size=POOL,
        max_overflow=OVERFLOW,
    )
    event.listen(engine, "connect", _accept_nul)
    return engine


def _connect_arguments(address: URL) -> dict[str, Any]:
    """Return how connections are opened; the address's own options of a session come after ours, so that they win."""
    limits = {
        "statement_timeout": STATEMENT_TIMEOUT_S,
        "lock_timeout": LOCK_TIMEOUT_S,
        "idle_in_transaction_session_timeout": IDLE_TIMEOUT_S,
    }
    own = address.query.get("options", "")
    return {
        "connect_timeout": 10,
        "application_name": "walkback",
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "options": " ".join([*(f"-c {name}={seconds}s" for name, seconds in limits.items()), str(own)]).strip(),
    }


def _accept_nul(connection: Any, record: object) -> None:
    """Store the character NUL, which PostgreSQL's text cannot hold, as U+FFFD: of the same length, so that offsets hold."""
    del record
    from psycopg.types.string import StrDumper, StrDumperUnknown

    def accepting(kind: type[StrDumper | StrDumperUnknown]) -> type[Any]:
        class Accepting(kind):  # type: ignore[misc, valid-type]  # psycopg asks for a class, of either kind
            def dump(self, obj: str) -> Any:
                return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)

        return Accepting

    for kind in (StrDumper, StrDumperUnknown):
        connection.adapters.register_dumper(str, accepting(kind))


def _configure(connection: sqlite3.Connection, record: object) -> None:
    """Set a new SQLite connection up; transactions begin where `_begin` says so, never by themselves."""
    del record
    connection.isolation_level = None
    mode = _write_ahead(connection)
    if mode not in {"wal", "memory"}:
        raise StoreError("the database cannot keep a write-ahead log here: use a local disk, or PostgreSQL")
    for pragma in ("foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _write_ahead(connection: sqlite3.Connection) -> str:
    """Turn the write-ahead log on and return the mode that holds.

    Two processes that do this to a new file at once get "locked" without a wait, since SQLite sees that neither could yield.
    """
    until = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > until:
                raise
            time.sleep(AGAIN_S)
        else:
            return str(mode)


def _begin(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _translate(context: ExceptionContext) -> None:
    """Raise StoreError for what a person can mend; let faults of our own statements pass."""
    if context.is_pre_ping:
        return  # a connection that broke while nobody used it: the pool replaces it and says nothing
    error = context.original_exception
    words = _sqlite_words(error) if isinstance(error, sqlite3.Error) else _postgres_words(error, context)
    if words:
        url = context.engine.url if context.engine is not None else None
        name = url.database if url is not None and url.get_backend_name() == "sqlite" else url
        raise StoreError(f"the database {name or ''} {words}") from error


def _sqlite_words(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    told = str(error)
    if "no such table" in told or "no such column" in told:
        return NO_TABLES
    if "already exists" in told:
        return NOT_OURS
    return next((words for code, words in _SQLITE_FAULTS.items() if name.startswith(code)), "")


def _postgres_words(error: BaseException, context: ExceptionContext) -> str:
    state = getattr(error, "sqlstate", None) or ""
    if state in {"42P01", "42703"}:
        return NO_TABLES
    if state == "42P07":
        return NOT_OURS
    for length in (5, 2):
        if state[:length] in _POSTGRES_FAULTS:
            return _POSTGRES_FAULTS[state[:length]]
    unreachable = context.is_disconnect or (context.connection is None and type(error).__name__ == "OperationalError")
    return "cannot be reached: check that the server runs and the address is right" if unreachable else ""

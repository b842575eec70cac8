"""Copies of a SQLite store: made while the bot works, verified, and put back. PostgreSQL has tools of its own for that."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from bot.errors import StoreError
from bot.store.engine import file_of
from bot.store.migrate import known_revisions

BESIDE = ("", "-wal", "-shm")
"""What a SQLite store is made of on disk: the file, and its write-ahead log while it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A whole and sound copy: its size in bytes, its schema's revision, and how many rows its tables have."""

    path: Path
    size: int
    revision: str
    rows: Mapping[str, int]


def backup(engine: Engine, target: Path, *, replace: bool = False) -> Backup:
    """Copy the store as it is at one moment to `target`, without stopping who reads or writes, and verify the copy.

    `target` appears when it is whole, readable by this user alone.

    Raises:
        StoreError: the store is PostgreSQL or in memory, `target` is there already (and not to be replaced) or cannot be written,
            or the copy is not sound.
    """
    source = _file(engine)
    if target.exists() and not replace:
        raise StoreError(f"{target} is there already: name another file, or allow it to be replaced with --replace")
    if not source.is_file():
        raise StoreError(f"there is no database at {source} yet")
    part = target.with_name(target.name + ".part")
    try:
        _copy(source, part)
        made = verify(part)
        part.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror}") from None
    finally:
        _remove(part)
    return Backup(path=target, size=made.size, revision=made.revision, rows=made.rows)


def verify(path: Path) -> Backup:
    """Look a backup over, page by page and reference by reference; StoreError where it is not a sound store of ours."""
    if not path.is_file():
        raise StoreError(f"there is no backup at {path}")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            return _looked_over(connection, path)
    except sqlite3.Error as error:
        raise StoreError(f"{path} is not a sound backup: {error}") from None


def restore(engine: Engine, source: Path, now: datetime) -> Path | None:
    """Put a backup in the store's place; return where the former store was moved, None where there was none.

    Nothing may have the store open. The former store is kept beside it, and the backup is verified before and after.

    Raises:
        StoreError: the backup is not sound or from a newer version, or the disk refuses; the store is as it was then.
    """
    target = _file(engine)
    engine.dispose()
    verify(source)
    part = target.with_name(target.name + ".part")
    kept = target.with_name(f"{target.name}.before-{now:%Y%m%dT%H%M%S}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(source, part)
        verify(part)
        former = [end for end in BESIDE if target.with_name(target.name + end).exists()]
        for end in former:  # the old log beside the new file would damage it
            target.with_name(target.name + end).replace(kept.with_name(kept.name + end))
        part.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise StoreError(f"the database {target} cannot be replaced: {error.strerror}") from None
    finally:
        _remove(part)
    return kept if former else None


def _file(engine: Engine) -> Path:
    path = file_of(engine)
    if path is None:
        raise StoreError(
            "only a SQLite file is copied this way; PostgreSQL has pg_dump and pg_restore, or base backups (docs/operating.md)"
        )
    return path


def _copy(source: Path, target: Path) -> None:
    """Copy a database through SQLite itself, in one step, so that the copy is one moment's whatever is written meanwhile."""
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            new.execute("PRAGMA synchronous=OFF")  # it is flushed once, at its end
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    except sqlite3.Error as error:
        raise StoreError(f"{source} cannot be copied to {target}: {error}") from None
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def _looked_over(connection: sqlite3.Connection, path: Path) -> Backup:
    faults = [line for (line,) in connection.execute("PRAGMA integrity_check(3)") if line != "ok"]
    orphans = connection.execute("PRAGMA foreign_key_check").fetchmany(3)
    faults += [f"{table} refers to a {parent} that is not there" for table, _, parent, _ in orphans]
    if faults:
        raise StoreError(f"{path} is damaged: {'; '.join(faults)}")
    tables = [
        name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    ]
    if "alembic_version" not in tables:
        raise StoreError(f"{path} is a database, but not Walkback's")
    (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
    if revision not in known_revisions():
        raise StoreError(f"{path} was written by a newer Walkback (its revision is {revision}): install that version")
    rows = {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608  # names from the catalogue
        for name in tables
        if name != "alembic_version" and not name.startswith("sqlite_")
    }
    return Backup(path=path, size=path.stat().st_size, revision=revision, rows=rows)


def _remove(part: Path) -> None:
    for end in (*BESIDE, "-journal"):
        part.with_name(part.name + end).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

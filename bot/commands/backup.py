"""`backup` and `restore`: a SQLite store copied while the bot works, and put back while it does not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.output import counted, people
from bot.config import load_settings
from bot.runtime.guards import alone
from bot.store.backup import Backup, backup, restore, verify
from bot.store.engine import open_engine

File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


def backup_(
    file: File,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of an earlier one.")] = False,
) -> None:
    """Copy the SQLite database to FILE as it is at this moment, while the bot works, and verify the copy."""
    made = backup(open_engine(load_settings().database), file, replace=replace)
    people.print(f"{file}: {_described(made)}.", highlight=False, soft_wrap=True, markup=False)


def restore_(
    file: File,
    check: Annotated[bool, typer.Option("--check", help="Only verify FILE.")] = False,
) -> None:
    """Put the backup FILE in the database's place, after verifying it. Stop the bot first; the former database is kept."""
    made = verify(file)
    if check:
        people.print(f"{file}: sound, {_described(made)}.", highlight=False, soft_wrap=True, markup=False)
        return
    engine = open_engine(load_settings().database)
    with alone(engine):
        kept = restore(engine, file, datetime.now(UTC))
    words = f" The former database is kept as {kept}." if kept else ""
    people.print(f"restored {_described(made)}.{words}", highlight=False, soft_wrap=True, markup=False)


def _described(made: Backup) -> str:
    rows = made.rows
    told = (
        counted(rows.get("articles", 0), "article"),
        counted(rows.get("positions", 0), "revision of positions", "revisions of positions"),
        counted(rows.get("deliveries", 0), "delivery", "deliveries"),
    )
    return f"{made.size / 1e6:.1f} MB, schema {made.revision}, {', '.join(told)}"

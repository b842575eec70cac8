"""`db`: the store's schema, its way to PostgreSQL, and its room on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlalchemy import Engine

from bot.commands.output import counted, people, waiting
from bot.config import load_configuration, load_settings
from bot.runtime.guards import alone
from bot.store import retention, transfer
from bot.store.engine import open_engine
from bot.store.migrate import current, upgrade

app = typer.Typer(no_args_is_help=True, help="The database.")


@app.callback()
def database() -> None:
    """The database."""


@app.command("upgrade")
def upgrade_() -> None:
    """Bring the database's schema up to this version. SQLite is brought up at every start by itself."""
    with _opened(load_settings().database) as engine:
        before = current(engine)
        upgrade(engine)
        queue = _prepare_queue(engine)
        after = current(engine)
    done = "nothing to do" if before == after else f"{before or 'none'} -> {after}"
    people.print(f"schema {after}: {done}{'; queue made' if queue else ''}.", highlight=False)


@app.command("copy")
def copy_(
    target: Annotated[str, typer.Argument(metavar="URL", help="A new database, such as postgresql://user@host/name.")],
) -> None:
    """Copy everything from the present database into a new one, verified row by row. Stop the bot first.

    All or nothing: where anything differs at the end, the target is left empty.
    """
    with _opened(load_settings().database) as source, _opened(target) as into, alone(source), alone(into):
        upgrade(source)
        upgrade(into)
        with waiting("Copying"):
            counts = transfer.copy(source, into)
        _prepare_queue(into)
    for table, n in counts.items():
        people.print(f"{table}: {n}", highlight=False)
    people.print(
        f"{counted(sum(counts.values()), 'row')} copied and verified; set WALKBACK_DATABASE_URL to the new address."
    )


@app.command("vacuum")
def vacuum_() -> None:
    """Drop the texts of old articles (poll.text_days) and give the room back to the disk.

    SQLite needs as much room again while it works, and the bot waits for it.
    """
    settings = load_settings()
    days = load_configuration(settings.config_path).desk.poll.text_days
    dropped = 0
    with _opened(settings.database) as engine, waiting("Giving room back"):
        while some := retention.drop_some_texts(engine, datetime.now(UTC), days):
            dropped += some
        retention.vacuum(engine)
    people.print(f"{counted(dropped, 'text')} older than {days} days dropped; unused room given back.")


@contextmanager
def _opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _prepare_queue(engine: Engine) -> bool:
    """Make the queue of the workers where there is none and it can be used; return whether one was made."""
    if engine.dialect.name != "postgresql":
        return False
    try:
        from bot.runtime.queue import prepare_queue
    except ModuleNotFoundError:  # without the extra's queue there are no workers, and `run` needs none
        return False
    return prepare_queue(engine)

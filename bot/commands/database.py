"""`db`: the store's schema."""

from __future__ import annotations

import typer

from bot.commands.output import people
from bot.config import load_settings
from bot.store.engine import open_engine
from bot.store.migrate import current, upgrade

app = typer.Typer(no_args_is_help=True, help="The database.")


@app.callback()
def database() -> None:
    """The database."""


@app.command("upgrade")
def upgrade_() -> None:
    """Bring the database's schema up to this version. SQLite is brought up at every start by itself."""
    settings = load_settings()
    engine = open_engine(settings.database)
    before = current(engine)
    upgrade(engine)
    after = current(engine)
    people.print(f"schema {after}: nothing to do." if before == after else f"schema {before or 'none'} -> {after}.")

"""The command line, and the exit codes.

0: done. 1: done, and something was found wrong (doctor, feeds check, feeds import, health; once: some feeds failed; scan,
read, assess, replay: some of the input could not be read). 2: what was given cannot be used (arguments, configuration, all of the
input). 3: what the bot stands on is missing or refuses (model, database, Slack; once: every feed failed, or alerts
wait because Slack did not take them).
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from bot.commands import database, feeds, positions
from bot.commands.backup import backup_, restore_
from bot.commands.demo import demo
from bot.commands.desk import desk
from bot.commands.doctor import doctor
from bot.commands.evaluation import evaluate_
from bot.commands.export import app as export_app
from bot.commands.init import init
from bot.commands.output import complain
from bot.commands.packs import packs
from bot.commands.replay import replay
from bot.commands.running import health, once, run
from bot.commands.scanning import assess, read, scan
from bot.commands.testing import try_alert
from bot.commands.training import train_
from bot.commands.worker import worker
from bot.errors import WalkbackError

app = typer.Typer(
    name="walkback",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Alerts a desk when somebody moves from a position that they are on record as holding.",
)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"walkback {version('walkback')}\n")
        raise typer.Exit


@app.callback()
def walkback(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Alerts a desk when somebody moves from a position that they are on record as holding."""


app.command()(init)
app.command()(packs)
app.command("test")(try_alert)
app.command()(run)
app.command()(once)
app.command()(worker)
app.command()(desk)
app.command()(demo)
app.command()(scan)
app.command()(read)
app.command()(assess)
app.add_typer(positions.app, name="positions")
app.add_typer(feeds.app, name="feeds")
app.command()(replay)
app.add_typer(export_app, name="export")
app.command("train")(train_)
app.command("evaluate")(evaluate_)
app.command()(doctor)
app.command()(health)
app.command("backup")(backup_)
app.command("restore")(restore_)
app.add_typer(database.app, name="db")


def main() -> None:
    """Run the command line; faults that a person can mend are told in a sentence each, without a traceback."""
    try:
        app()
    except WalkbackError as fault:
        complain(fault)
        sys.exit(fault.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()

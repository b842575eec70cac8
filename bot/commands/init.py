"""`init`: a starter configuration, by a few questions or by flags."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot.commands.output import complain, counted, people
from bot.config import load_configuration
from bot.config.packs import (
    Pack,
    contact_address,
    desk_name,
    find_pack,
    packs,
    slack_channel,
    starter,
    write_starter,
)
from bot.errors import InputError

Answer = TypeVar("Answer")

FOLDER = Path("my-desk")
IN_EDITORS = "lets editors complete and check the YAML file of that name; the bot does without"


def init(
    folder: Annotated[Path, typer.Argument(help="The folder to write; it may exist, but none of the files.")] = FOLDER,
    desk: Annotated[str | None, typer.Option(help="What the desk is called, such as foreign.")] = None,
    pack: Annotated[list[str] | None, typer.Option(help="A pack to start with; may be repeated.")] = None,
    channel: Annotated[
        str | None, typer.Option(help="The Slack channel for alerts, such as foreign-desk, or its id.")
    ] = None,
    contact: Annotated[
        str | None, typer.Option(help="A web or mail address under which operators of feeds can reach you.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: defaults for what no option says.")] = False,
) -> None:
    """Write a starter configuration: positions.yaml, feeds.yaml, desk.yaml and Slack's app manifest.

    Asks for what no option says. Overwrites nothing.
    """
    offered = packs()
    ask = _Asking(silent=yes)
    name = ask("What is the desk called?", desk, "desk", desk_name)
    if not pack and not yes:
        for number, one in enumerate(offered, 1):
            people.print(f"  {number}. {one.name}: {one.about}", markup=False, highlight=False)
    given = ",".join(pack) if pack else None
    chosen = ask("Which packs to start with, by number or name, with commas between?", given, "1", _chooser(offered))
    shown_in = ask("Which Slack channel gets the alerts?", channel, "walkback", slack_channel)
    reached = ask(
        "Under which web or mail address can operators of feeds reach you? (may be left out)",
        contact,
        "",
        contact_address,
    )
    files = starter(chosen, desk=name, channel=shown_in, contact=reached)
    write_starter(folder, files)
    _tell(folder, chosen, list(files))


class _Asking:
    """Asks on the terminal until an answer is one; takes defaults where it is to be `silent`."""

    def __init__(self, *, silent: bool) -> None:
        self._silent = silent

    def __call__(self, question: str, given: str | None, default: str, understand: Callable[[str], Answer]) -> Answer:
        """Return `given`, or else an answer, as `understand` reads it; a wrong answer is told and asked for again."""
        if given is not None or self._silent:
            return understand(default if given is None else given)
        while True:
            try:
                said = typer.prompt(question, default=default, err=True, show_default=bool(default))
            except typer.Abort:
                if sys.stdin.isatty():
                    raise
                raise InputError(
                    "init asks a few questions, and nobody answers here. Add --yes to take the defaults."
                ) from None
            try:
                return understand(said)
            except InputError as fault:
                complain(fault)


def _chooser(offered: tuple[Pack, ...]) -> Callable[[str], list[Pack]]:
    def choose(said: str) -> list[Pack]:
        words = [word.strip() for word in said.split(",") if word.strip()]
        if not words:
            raise InputError("at least one pack is needed to start with.")
        found = [
            offered[int(word) - 1] if word.isdecimal() and 0 < int(word) <= len(offered) else find_pack(word)
            for word in words
        ]
        return list(dict.fromkeys(found))

    return choose


def _tell(folder: Path, chosen: list[Pack], files: list[str]) -> None:
    """Name every file that was written, with what it is for, and the next three steps."""
    made = load_configuration(folder)
    titles = ", ".join(pack.title for pack in chosen)
    channel = made.desk.channels[made.desk.default_channel]
    about = {
        "positions.yaml": f"the lines to track: {counted(len(made.positions), 'position')} ({titles})",
        "feeds.yaml": f"what is read: {counted(len(made.feeds), 'feed')}",
        "desk.yaml": f"where alerts go ({channel} in Slack), when, and how feeds are polled",
        "slack-manifest.yaml": "what Slack makes the app from; not needed for the terminal",
    }
    width = max(map(len, files))
    written = "\n".join(f"  {name:{width}}  {about.get(name, IN_EDITORS)}" for name in files)
    where = folder if folder.is_absolute() else Path("$PWD") / folder
    people.print(
        f"{folder}: wrote\n"
        f"{written}\n"
        "\n"
        "The next three steps:\n"
        f"  1. Read {folder / 'positions.yaml'}: check each baseline against its source, take out what you do not follow.\n"
        "  2. Tell the commands of the folder, prove it, and see a test alert:\n"
        f'       export WALKBACK_CONFIG_DIR="{where}"\n'
        "       walkback doctor\n"
        "       walkback test\n"
        "     It comes to this terminal. For Slack, make an app from the manifest, set WALKBACK_SLACK_TOKEN and invite the\n"
        "     bot to the channel; docs/slack.md goes through it.\n"
        "  3. Read the feeds, once in silence, which fills the ledger, and then for good:\n"
        "       walkback once\n"
        "       walkback run",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )

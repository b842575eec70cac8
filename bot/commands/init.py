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
    write_starter(folder, starter(chosen, desk=name, channel=shown_in, contact=reached))
    _tell(folder, chosen)


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


def _tell(folder: Path, chosen: list[Pack]) -> None:
    made = load_configuration(folder)
    counts = f"{counted(len(made.positions), 'position')} and {counted(len(made.feeds), 'feed')}"
    where = folder if folder.is_absolute() else Path("$PWD") / folder
    titles = ", ".join(pack.title for pack in chosen)
    people.print(
        f"{folder}: wrote positions.yaml, feeds.yaml and desk.yaml with {counts} ({titles}).\n"
        "\n"
        "What to do next:\n"
        f"  1. Read {folder / 'positions.yaml'}: check each baseline against its source, take out what you do not follow.\n"
        "  2. Prove it:\n"
        f'       export WALKBACK_CONFIG_DIR="{where}"\n'
        "       walkback doctor\n"
        "       walkback feeds check\n"
        "  3. Read the feeds once. The first reading is silent and fills the ledger:\n"
        "       walkback once\n"
        f"  4. For Slack, make an app from {folder / 'slack-manifest.yaml'}, set WALKBACK_SLACK_TOKEN, invite the bot to "
        "the channel.\n"
        "     Without a token, alerts appear in the terminal.\n"
        "  5. Leave it running:\n"
        "       walkback run",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )

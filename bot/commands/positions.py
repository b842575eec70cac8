"""`positions`: what is tracked, as configured and as the ledger has it."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from bot.app import open_store
from bot.commands.editing import editable
from bot.commands.output import emit, people, table
from bot.config import load_configuration, load_desk, load_settings
from bot.config.edit import add_position
from bot.domain import Holder, Position
from bot.errors import InputError
from bot.store import assessments, positions
from bot.store.engine import snapshot

app = typer.Typer(no_args_is_help=True, help="The tracked positions and their ledger.")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON line each, for machines.")]
Id = Annotated[str, typer.Argument(help="The position's id.")]


@app.command("list")
def list_(json_: AsJson = False) -> None:
    """List the tracked positions with the line in force."""
    settings = load_settings()
    configuration = load_configuration(settings.config_path)
    engine = open_store(settings, configuration)
    with snapshot(engine) as connection:
        in_force = positions.with_ledger(configuration.positions, positions.current(connection))
    if json_:
        for position in in_force:
            emit(_line(position))
        return
    rows = [(p.id, p.holder.name, p.topic, p.since, p.baseline) for p in in_force]
    table("Tracked positions", ["id", "holder", "topic", "since", "line on record"], rows)


@app.command()
def show(
    position: Id, json_: AsJson = False, limit: Annotated[int, typer.Option(help="Statements at most.")] = 20
) -> None:
    """Show one position: its line, and what has been said on it."""
    settings = load_settings()
    configuration = load_configuration(settings.config_path)
    tracked = _find(configuration.positions, position, settings.config_path)
    engine = open_store(settings, configuration)
    with snapshot(engine) as connection:
        (in_force,) = positions.with_ledger([tracked], positions.current(connection))
        entries = assessments.for_position(connection, position, limit=limit)
    if json_:
        emit(_line(in_force) | {"statements": len(entries)})
    else:
        sys.stdout.write(
            f"{in_force.holder.name} on {in_force.topic}, since {in_force.since}:\n  {in_force.baseline}\n"
        )
        sys.stdout.write(f"  source: {in_force.source or '-'}\n")
    for entry in entries:
        if json_:
            emit(
                {
                    "published": entry.published.isoformat(),
                    "relation": entry.relation.value,
                    "decision": entry.ruling.decision.value,
                    "speaker": entry.statement.speaker,
                    "statement": entry.statement.text,
                    "url": entry.article_url,
                    "reason": entry.reason,
                }
            )
        else:
            head = f"{entry.published:%Y-%m-%d %H:%M} {entry.relation.value:13} {entry.ruling.decision.value:6}"
            sys.stdout.write(f"{head} {entry.statement.speaker or '-'}: {entry.statement.text}\n")


@app.command()
def history(position: Id, json_: AsJson = False) -> None:
    """Show every revision of a position's line, from the first."""
    settings = load_settings()
    configuration = load_configuration(settings.config_path)
    engine = open_store(settings, configuration)
    with snapshot(engine) as connection:
        revisions = positions.history(connection, position)
    if not revisions:
        raise InputError(f"the ledger holds no position {position!r}. `walkback positions list` shows those it holds.")
    for revision in revisions:
        if json_:
            emit(
                {
                    "position": revision.position_id,
                    "revision": revision.revision,
                    "since": revision.since.isoformat(),
                    "baseline": revision.baseline,
                    "source": revision.source,
                    "origin": revision.origin.value,
                    "set_by": revision.set_by,
                    "set_at": revision.set_at.isoformat(),
                }
            )
        else:
            by = f" by {revision.set_by}" if revision.set_by else ""
            sys.stdout.write(
                f"{revision.revision}. since {revision.since} ({revision.origin.value}{by}): {revision.baseline}\n"
            )


@app.command()
def add(
    position: Id,
    holder: Annotated[str, typer.Option(help="Who holds it; one of the file's holders, or a new name.")],
    topic: Annotated[str, typer.Option(help="What it is about, in a few words.")],
    baseline: Annotated[str, typer.Option(help="What the holder is on record as holding, in one sentence.")],
    since: Annotated[str, typer.Option(help="Since when, YYYY-MM-DD.")],
    source: Annotated[str, typer.Option(help="Where it is on record.")] = "",
    channel: Annotated[str, typer.Option(help="One of the desk's channels.")] = "",
    paraphrase: Annotated[
        list[str] | None, typer.Option(help="Another way of naming the topic; may be repeated.")
    ] = None,
) -> None:
    """Add a position to positions.yaml; its comments stay as they are."""
    settings = load_settings()
    try:
        day = date.fromisoformat(since)
    except ValueError:
        raise InputError(f"--since: {since!r} is not a date like 2026-02-10.") from None
    path = editable(settings, "positions.yaml")
    if channel:
        _check_channel(channel, settings.config_path / "desk.yaml")
    made = Position(
        id=position,
        holder=Holder(name=holder),
        topic=topic,
        baseline=baseline,
        since=day,
        paraphrases=tuple(paraphrase or ()),
        source=source,
        channel=channel,
    )
    add_position(path, made)
    people.print(f"{path}: added {position}. A running bot takes it up at its next start.", markup=False)


def _check_channel(channel: str, desk: Path) -> None:
    known = load_desk(desk).channels
    if channel not in known:
        raise InputError(f"--channel: {desk} has no channel {channel!r}. Known: {', '.join(sorted(known))}.")


def _find(tracked: tuple[Position, ...], name: str, folder: Path) -> Position:
    found = next((position for position in tracked if position.id == name), None)
    if found is None:
        known = ", ".join(sorted(position.id for position in tracked))
        raise InputError(f"{folder / 'positions.yaml'}: there is no position {name!r}. Known: {known}.")
    return found


def _line(position: Position) -> dict[str, object]:
    return {
        "id": position.id,
        "holder": position.holder.name,
        "aliases": list(position.holder.aliases),
        "topic": position.topic,
        "paraphrases": list(position.paraphrases),
        "baseline": position.baseline,
        "since": position.since.isoformat(),
        "source": position.source,
        "channel": position.channel,
        "revision": position.revision,
    }

"""`positions`: what is tracked, as configured and as the ledger has it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.app import open_store
from bot.commands.archives import HELP
from bot.commands.editing import editable
from bot.commands.output import emit, people, table
from bot.commands.suggesting import as_yaml, suggested
from bot.config import load_configuration, load_desk, load_settings
from bot.config.edit import add_position
from bot.domain import Holder, Position
from bot.errors import InputError
from bot.store import mutes, positions, timeline
from bot.store.engine import snapshot
from bot.store.positions import LedgerRevision
from bot.store.timeline import TimelineRow

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
        in_force = positions.in_force(connection, configuration.positions)
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
    """Show one position's way: its line and who set it, every line before it, and what has been said on it, the newest first."""
    settings = load_settings()
    configuration = load_configuration(settings.config_path)
    engine = open_store(settings, configuration)
    with snapshot(engine) as connection:
        tracked = positions.in_force(connection, configuration.positions)
        in_force = _find(tracked, position, settings.config_path)
        rows = timeline.position_timeline(connection, position, limit=limit)
        lines = timeline.baselines(connection, position)
        muted = mutes.active(connection, datetime.now(UTC)).get(position)
    if json_:
        emit(_line(in_force) | _set(lines, in_force) | {"statements": len(rows), "revisions": len(lines)})
        for row in rows:
            emit(_row(row))
        return
    sys.stdout.write(f"{in_force.holder.name} on {in_force.topic}, since {in_force.since}:\n  {in_force.baseline}\n")
    sys.stdout.write(f"  source: {in_force.source or '-'}\n")
    for filed in _filed(lines, in_force):
        sys.stdout.write(f"  set: {_origin(filed)}, {filed.set_at:%Y-%m-%d %H:%M} UTC\n")
    if muted:
        sys.stdout.write(f"  muted by {muted.by} until {muted.until:%Y-%m-%d %H:%M} UTC\n")
    for former in _before(lines, in_force):
        sys.stdout.write(f"  before, since {former.since} ({_origin(former)}): {former.baseline}\n")
    for row in rows:
        does = row.bearing or row.relation.value
        head = f"{row.at:%Y-%m-%d %H:%M} {does:13} {row.decision.value:6}"
        sys.stdout.write(f"{head} {row.speaker or '-'} ({row.outlet or '-'}): {row.words}\n")


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
            emit({"position": revision.position_id} | _revision(revision))
        else:
            sys.stdout.write(
                f"{revision.revision}. since {revision.since} ({_origin(revision)}): {revision.baseline}\n"
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


@app.command()
def suggest(
    archives: Annotated[list[str], typer.Argument(help=HELP, metavar="ARCHIVE")],
    least: Annotated[int, typer.Option(min=2, help="In how many articles something must be said.")] = 3,
    most: Annotated[int, typer.Option(min=1, help="Suggestions at most.")] = 20,
) -> None:
    """Suggest positions from what speakers keep saying in an archive, as YAML to edit. Reads every sentence: minutes."""
    settings = load_settings()
    configuration = load_configuration(settings.config_path)
    found = suggested(settings, archives, configuration.holders, least=least, most=most)
    if not found:
        raise InputError(f"nothing was said by one holder in {least} articles. Try a lower --least, or more articles.")
    sys.stdout.write(as_yaml(found, configuration.holders))


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


def _origin(revision: LedgerRevision) -> str:
    return f"{revision.origin.value} by {revision.set_by}" if revision.set_by else revision.origin.value


def _filed(lines: Sequence[LedgerRevision], position: Position) -> list[LedgerRevision]:
    """Return the revision of the line in force; none where no process has filed it yet."""
    return [line for line in lines if line.revision == position.revision]


def _before(lines: Sequence[LedgerRevision], position: Position) -> list[LedgerRevision]:
    """Return the lines before the one in force, the latest first."""
    return [line for line in reversed(lines) if line.revision < position.revision]


def _set(lines: Sequence[LedgerRevision], position: Position) -> dict[str, object]:
    """Return who set the line in force, and the lines before it, the latest first."""
    told = next((_revision(filed) for filed in _filed(lines, position)), {})
    who = {name: told.get(name, "") for name in ("origin", "set_by", "set_at")}
    return who | {"earlier": [_revision(former) for former in _before(lines, position)]}


def _revision(revision: LedgerRevision) -> dict[str, object]:
    return {
        "revision": revision.revision,
        "since": revision.since.isoformat(),
        "baseline": revision.baseline,
        "source": revision.source,
        "origin": revision.origin.value,
        "set_by": revision.set_by,
        "set_at": revision.set_at.isoformat(),
    }


def _row(row: TimelineRow) -> dict[str, object]:
    return {
        "published": row.at.isoformat(),
        "relation": row.relation.value,
        "decision": row.decision.value,
        "speaker": row.speaker,
        "statement": row.words,
        "outlet": row.outlet,
        "url": row.url,
        "probability": round(row.probability, 4),
        "shift": row.shift_key,
        "bearing": row.bearing,
        "revision": row.position_revision,
        "reason": row.reason,
    }


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

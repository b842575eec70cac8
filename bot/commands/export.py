"""`export`: the ledger for other programs and readers."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from bot.app import open_store
from bot.commands.judging import rows_of_the_desk
from bot.commands.output import people
from bot.config import load_settings
from bot.errors import InputError
from bot.export import rows
from bot.export.atom import as_atom, shift_entry, statement_entry
from bot.export.tables import as_csv, as_json
from bot.store import positions
from bot.store.engine import snapshot
from bot.store.pages import ShiftFilter
from bot.training.desk_rows import as_json_lines


class Format(StrEnum):
    """How to write."""

    CSV = "csv"
    JSON = "json"
    ATOM = "atom"


app = typer.Typer(no_args_is_help=True, help="The ledger for other programs and readers: CSV, JSON, Atom.")

As = Annotated[Format, typer.Option("--format", help="csv, json or atom (the newest 200).")]
PositionId = Annotated[str, typer.Option("--position", help="One position's id; all where left out.")]
Since = Annotated[datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="From this day on.")]
Output = Annotated[Path | None, typer.Option("--output", help="A file to write instead of standard output.")]
Address = Annotated[str, typer.Option("--address", help="Where the Atom feed will be read, for its link to itself.")]
Everything = Annotated[bool, typer.Option("--all", help="Also shifts that the desk was not alerted to.")]


@app.command("shifts")
def shifts_(
    format_: As = Format.CSV,
    position: PositionId = "",
    since: Since = None,
    everything: Everything = False,
    output: Output = None,
    address: Address = "",
) -> None:
    """Write the shifts, the newest first."""
    wanted = ShiftFilter(position_id=position, told=None if everything else True, since=since.date() if since else None)
    with snapshot(open_store(load_settings())) as connection:
        _chosen(connection, position)
        found = [rows.shift_row(line) for line in rows.shifts(connection, wanted)]
    if format_ is Format.ATOM:
        title = f"Shifts{f' of {position}' if position else ''}"
        text = as_atom(
            [shift_entry(row) for row in found],
            name=f"shifts{f':{position}' if position else ''}",
            title=title,
            now=datetime.now(UTC),
            address=address,
        )
    else:
        text = _table(found, rows.SHIFT_COLUMNS, format_)
    _write(text, output, len(found), "shift")


@app.command()
def timelines(
    format_: As = Format.CSV,
    position: PositionId = "",
    since: Since = None,
    output: Output = None,
    address: Address = "",
) -> None:
    """Write every statement on the tracked positions, the earliest first."""
    with snapshot(open_store(load_settings())) as connection:
        ids = _chosen(connection, position)
        found = list(rows.statements(connection, ids, since.date() if since else None))
    if format_ is Format.ATOM:
        text = as_atom(
            [statement_entry(row) for row in found],
            name=f"timeline{f':{position}' if position else ''}",
            title=f"Statements{f' on {position}' if position else ''}",
            now=datetime.now(UTC),
            address=address,
        )
    else:
        text = _table(found, rows.STATEMENT_COLUMNS, format_)
    _write(text, output, len(found), "statement")


@app.command("verdicts")
def verdicts_(output: Output = None) -> None:
    """Write what the desk judged as rows of training data, as `train` takes them: JSON lines with weight and provenance."""
    found = rows_of_the_desk(load_settings())
    _write(as_json_lines(found), output, len(found), "row")


def _chosen(connection: Connection, position: str) -> list[str]:
    """Return the positions that are wanted; InputError for one that the ledger does not know."""
    known = sorted(positions.current(connection))
    if position and position not in known:
        raise InputError(f"the ledger holds no position {position}: `walkback positions list` shows all.")
    return [position] if position else known


def _table(found: Iterable[Mapping[str, Any]], columns: tuple[str, ...], format_: Format) -> str:
    return as_csv(found, columns) if format_ is Format.CSV else as_json(found)


def _write(text: str, output: Path | None, n: int, noun: str) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    part = output.with_name(f"{output.name}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(output)  # whoever reads the feed never meets half of it
    except OSError as fault:
        raise InputError(f"{output}: cannot be written ({fault.strerror}).") from fault
    people.print(f"{output}: {n} {noun}{'' if n == 1 else 's'}.", markup=False)

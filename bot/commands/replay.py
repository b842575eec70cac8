"""`replay`: what an archive would have told the desk, had the bot read it as it appeared."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from bot.app import configure_logging, open_store
from bot.commands.archives import HELP, OWN, read_named
from bot.commands.output import complain, counted, emit, people, progress, table
from bot.commands.replay_bench import Bench, Variant, variant_of
from bot.config import Settings, load_configuration, load_desk, load_positions, load_settings
from bot.domain import Position
from bot.errors import InputError
from bot.replay.archive import Archive, between
from bot.replay.compare import compare as compare_replays
from bot.replay.report import write_report
from bot.replay.rows import alert_rows, compared_row, swept_rows
from bot.replay.run import Replayed
from bot.replay.story import Difference, differ, tell
from bot.replay.sweep import Swept, read_labels, sweep
from bot.store import positions
from bot.store.engine import snapshot

Archives = Annotated[
    list[str],
    typer.Argument(
        help=HELP,
        metavar="ARCHIVE",
    ),
]
Moment = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="From (UTC).")]
Until = Annotated[
    datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="Until (UTC); a day is meant with its evening."),
]
PositionsFile = Annotated[
    Path | None, typer.Option("--positions", help="A positions file; the configured one by default.")
]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="Judge by the lines that were on record on this day."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON line for each alert, for machines.")]
Report = Annotated[Path | None, typer.Option("--report", help="A folder for a report in Markdown and HTML.")]
Compare = Annotated[
    str, typer.Option("--compare", help="Replay again with threshold=N, model=FOLDER or positions=FILE, and compare.")
]
Labels = Annotated[
    Path | None,
    typer.Option("--sweep", help="Labelled items (JSON Lines): show what each threshold would give on them."),
]
Run = Annotated[
    Path | None,
    typer.Option("--run", help="A folder that keeps what was judged, so that a replay can be taken up again."),
]
Jobs = Annotated[int | None, typer.Option("--jobs", min=1, help="Processes that judge; one for each core by default.")]


def replay(
    archives: Archives,
    from_: Moment = None,
    to: Until = None,
    positions_file: PositionsFile = None,
    as_of: AsOf = None,
    json_: AsJson = False,
    report: Report = None,
    compare: Compare = "",
    sweep_: Labels = None,
    run: Run = None,
    jobs: Jobs = None,
) -> None:
    """Show what the desk would have been told, had the bot read an archive as it appeared.

    Articles go through the same stages in the order of time, each at its own time. Nothing is posted and the store stays as it
    is. Exit code 1 where some of the archive could not be read, 2 where none could.
    """
    settings = load_settings()
    configure_logging(settings.model_copy(update={"log_level": _quiet(settings.log_level)}))
    lines = _lines(settings, positions_file, as_of.date() if as_of else None)
    start, end = _span(from_, to)
    found = read_named(settings, archives, start=start, end=end)
    for fault in found.unread:
        complain(fault)
    if found.unread and not found.items:
        raise typer.Exit(2)
    items = between(found.items, start, end)
    policy = load_desk(settings.config_path / "desk.yaml").alert
    base = Variant(model=settings.model_path, lines=lines, policy=policy)
    with _folder(run) as folder:
        bench = Bench(
            items=items,
            folder=folder,
            jobs=jobs,
            keeps=run is not None,
            progress=progress,
        )
        if sweep_:
            _swept(bench, base, sweep_, json_=json_)
        else:
            against = variant_of(compare, base, load_positions) if compare else None
            _replayed(bench, base, against, found, report, name=_name(archives), json_=json_)
    if found.unread:
        raise typer.Exit(1)


def _replayed(
    bench: Bench,
    base: Variant,
    against: Variant | None,
    found: Archive,
    report: Path | None,
    *,
    name: str,
    json_: bool,
) -> None:
    """Replay, once or twice, and show what came of it."""
    first = bench.replay(base, floor=[against] if against else [])
    rows = alert_rows(first)
    difference: Difference | None = None
    if against:
        compared = compare_replays(first, bench.replay(against, floor=[base]))
        rows = [compared_row(one) for one in compared]
        difference = differ(compared, against.name)
    if json_:
        for row in rows:
            emit(row)
    else:
        for row in rows:
            sys.stdout.write(_line(row))
    _tell(first, difference)
    if report:
        page = write_report(report, tell(first, name, unread=len(found.unread), difference=difference), rows)
        people.print(f"The report is {page}.", markup=False, soft_wrap=True)


def _swept(bench: Bench, base: Variant, labels: Path, *, json_: bool) -> None:
    known = read_labels(labels, bench.items)
    records = bench.judged(base)
    swept = sweep(bench.items, records, base.lines, base.policy, known)
    if json_:
        for row in swept_rows(swept):
            emit(row)
    else:
        _show_sweep(swept)


def _show_sweep(swept: Swept) -> None:
    rows = [
        (
            f"{p.threshold:.2f}",
            p.alerts,
            p.right,
            p.false,
            f"{p.found}/{p.shifts}",
            f"{p.precision:.2f}",
            f"{p.recall:.2f}",
            f"{p.f1:.2f}",
        )
        for p in swept.points
    ]
    headings = ["threshold", "statements", "right", "false", "found", "precision", "recall", "F1"]
    table("What each threshold would alert", headings, rows)
    people.print(f"Best by F1: write `alert_at: {swept.best.threshold:.2f}` into desk.yaml.", markup=False)
    for position, point in swept.by_position.items():
        people.print(f"  {position}: {point.threshold:.2f} (F1 {point.f1:.2f})", markup=False)


def _tell(replayed: Replayed, difference: Difference | None) -> None:
    days = max(replayed.days, 1)
    people.print(
        f"{counted(len(replayed.items), 'article')} of {counted(replayed.days, 'day')}: "
        f"{counted(len(replayed.alerts), 'alert')}, {len(replayed.alerts) / days:.2f} a day.",
        markup=False,
    )
    if difference:
        people.print(difference.summary, markup=False)


def _line(row: dict[str, Any]) -> str:
    change = f"{row['change']}: " if "change" in row else ""
    more = f", {counted(row['corroborations'], 'further report')}" if row["corroborations"] else ""
    disputed = ", disputed" if row["disputed"] else ""
    head = f"{change}{row['at']} {row['position']} {row['relation']} {row['probability']:.2f}{more}{disputed}"
    return f"{head} ({row['document']})\n    {row['speaker'] or '-'}: {row['statement']}\n"


def _lines(settings: Settings, file: Path | None, day: date | None) -> tuple[Position, ...]:
    """Return the lines to judge by; those that were not on record on `day` are told of and left out."""
    if file is not None or day is None:
        lines = load_positions(file or settings.config_path / "positions.yaml")
        kept = tuple(line for line in lines if day is None or line.since <= day)
        late = [line.id for line in lines if line not in kept]
    else:
        configuration = load_configuration(settings.config_path)
        with snapshot(open_store(settings, configuration)) as connection:
            tracked = positions.in_force(connection, configuration.positions)
            filed = {line.id: positions.baseline_as_of(connection, line.id, day) for line in tracked}
        late = [line.id for line in tracked if filed[line.id] is None]
        kept = positions.with_ledger(
            [line for line in tracked if line.id not in late], {name: one for name, one in filed.items() if one}
        )
    if late:
        people.print(f"Not on record on {day}, and left out: {', '.join(late)}.", markup=False)
    if not kept:
        raise InputError(f"no line was on record on {day}.")
    return kept


def _span(start: datetime | None, end: datetime | None) -> tuple[datetime | None, datetime | None]:
    """Return the limits in UTC; the later one is the day's end where only a day was given."""
    if end is not None and end.time() == time():
        end += timedelta(days=1)
    return start and start.replace(tzinfo=UTC), end and end.replace(tzinfo=UTC)


@contextmanager
def _folder(run: Path | None) -> Iterator[Path]:
    if run is None:
        with TemporaryDirectory(prefix="walkback-replay-") as folder:
            yield Path(folder)
        return
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise InputError(f"{run}: cannot be made ({fault.strerror}).") from fault
    yield run


def _name(archives: Iterable[str]) -> str:
    return ", ".join("the store" if name == OWN else Path(name).name or name for name in archives)


def _quiet(level: str) -> str:
    """Return the level of the log beneath a progress bar: no line for every article."""
    return "warning" if level == "info" else level

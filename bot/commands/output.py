"""How commands speak: lines of JSON for machines on standard output, words for people on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

Item = TypeVar("Item")

people = Console(stderr=True)


def emit(row: Mapping[str, Any]) -> None:
    """Print one line of JSON; text stays readable, only what JSON or UTF-8 must escape is escaped."""
    line = json.dumps(row, ensure_ascii=False, default=str)
    try:
        line.encode()
    except UnicodeEncodeError:
        line = json.dumps(row, default=str)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def complain(fault: Exception) -> None:
    """Tell a person of a fault that does not end the command."""
    for line in str(fault).splitlines():
        sys.stderr.write(f"walkback: {line}\n")


def counted(n: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 feed", "2 feeds"."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def progress(items: Iterable[Item], what: str, total: int | None = None) -> Iterator[Item]:
    """Yield `items` under a progress bar, which is shown only where somebody can see it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=people, transient=True, disable=not people.is_terminal) as bar:
        yield from bar.track(items, description=what, total=total)


def waiting(what: str) -> AbstractContextManager[object]:
    """Say what is being waited for until the block ends, only where somebody can see it."""
    return people.status(f"{what} …") if people.is_terminal else nullcontext()


def table(title: str, headings: list[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table for people on standard output. Cells are folded, never cut; ids stay in one piece."""
    made = Table(title=title, title_justify="left", show_lines=False)
    for heading in headings:
        made.add_column(heading, overflow="fold", no_wrap=heading == "id")
    for row in rows:
        made.add_row(*(Text(str(cell)) for cell in row))
    Console().print(made)

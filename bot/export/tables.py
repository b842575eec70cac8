"""Rows as CSV for spreadsheets and as JSON for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return the rows under a heading, as RFC 4180 has it.

    Text from articles that a spreadsheet would take for a formula begins with an apostrophe.
    """
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in columns])
    return _sound(made.getvalue())


def as_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the rows as one JSON array, an object a line."""
    lines = [_sound(json.dumps(row, ensure_ascii=False)) for row in rows]
    return "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _sound(text: str) -> str:
    """Return text that UTF-8 can hold: half a character becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")

"""How a proof tells its figures: a table for people, and a JSON file for whoever compares runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path


def tell(figures: Mapping[str, object], file: Path | None, title: str) -> None:
    """Print figures as a table, and write them to `file`, if there is one; nested ones get a line each, under joined names."""
    lines = dict(_flat(figures))
    width = max(map(len, lines), default=0)
    print(f"\n{title}")  # noqa: T201  # the figures are what a proof is for
    for name, value in lines.items():
        print(f"  {name:<{width}}  {value}")  # noqa: T201  # as above
    if file is not None:
        file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def say(line: str) -> None:
    """Tell how far a long run is."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201  # as above


def _flat(figures: Mapping[str, object], under: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name, value in figures.items():
        whole = f"{under}{name}".replace("_", " ")
        found += _flat(value, f"{whole}: ") if isinstance(value, Mapping) else [(whole, value)]
    return found

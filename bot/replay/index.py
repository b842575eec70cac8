"""The index of a folder of texts: which files are articles, what each is called, and when it appeared."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.errors import InputError

INDEX = "documents.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """A file of the folder as the index has it."""

    id: str
    published: datetime
    title: str = ""


def read_index(folder: Path) -> dict[str, Indexed] | None:
    """Return what `documents.yaml` says of the files of a folder, by file name; None where there is none.

    It has the key `documents`, a list of mappings with `file` and `published`, optional `id` and `title`. InputError where
    it cannot be used.
    """
    path = folder / INDEX
    try:
        data: Any = YAML(typ="safe", pure=True).load(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, YAMLError, UnicodeDecodeError) as fault:
        raise InputError(f"{path}: cannot be read ({str(fault).splitlines()[0]}).") from None
    rows = data.get("documents") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise InputError(f"{path}: needs the key 'documents' with a list.")
    return dict(_row(row, f"{path}: documents[{number}]") for number, row in enumerate(rows))


def _row(row: object, place: str) -> tuple[str, Indexed]:
    if not isinstance(row, dict) or not isinstance(row.get("file"), str):
        raise InputError(f"{place}: needs the key 'file' with the name of a file.")
    name = row["file"]
    said = Indexed(
        id=str(row.get("id") or name), published=_moment(row.get("published"), place), title=str(row.get("title") or "")
    )
    return name, said


def _moment(value: object, place: str) -> datetime:
    if isinstance(value, str):
        with suppress(ValueError):
            value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    raise InputError(f"{place}: the key 'published' is not a date like 2026-02-10.")

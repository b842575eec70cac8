"""What comes out of the parser, small enough to cross from one process to another as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEntry:
    """An item as the document has it. "" for what it lacks; `dates` are raw, best first."""

    guid: str = ""
    url: str = ""
    title: str = ""
    text: str = ""
    """Its content, or else its summary, without mark-up, paragraphs apart."""
    author: str = ""
    dates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A document that is a feed. `ttl_s` is what it asks pollers to wait; `damage` says what was wrong but could be read."""

    format: str
    title: str = ""
    site: str = ""
    language: str = ""
    ttl_s: float | None = None
    damage: str = ""
    entries: tuple[ParsedEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAFeed:
    """A document that is none. `kind` is "empty", "html", "login_page" or "not_a_feed"; `links` are feeds that it names."""

    kind: str
    problem: str
    links: tuple[str, ...] = ()


def to_record(result: ParsedFeed | NotAFeed) -> dict[str, Any]:
    """Return `result` as JSON values."""
    return asdict(result)


def from_record(record: dict[str, Any]) -> ParsedFeed | NotAFeed:
    """Return what `to_record` was given."""
    if "kind" in record:
        return NotAFeed(**{**record, "links": tuple(record["links"])})
    entries = tuple(ParsedEntry(**{**entry, "dates": tuple(entry["dates"])}) for entry in record["entries"])
    return ParsedFeed(**{**record, "entries": entries})

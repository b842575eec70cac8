"""An Atom feed (RFC 4287) of shifts or statements, so that others can subscribe to the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from bot.core.alert_words import day, moved
from bot.core.safe_text import clean, cut
from bot.domain import Relation, identify

ATOM = "http://www.w3.org/2005/Atom"
NEWEST = 200
"""Entries of a feed."""
_KINDS = {"differ": "Accounts differ: ", "mixed": "Mixed signals: "}


@dataclass(frozen=True, slots=True, kw_only=True)
class AtomEntry:
    """One entry. `id` is the same for ever; `link` is "" where the source has no web address."""

    id: str
    title: str
    summary: str
    link: str
    published: datetime
    updated: datetime
    categories: tuple[str, ...] = ()


def shift_entry(row: Mapping[str, Any]) -> AtomEntry:
    """Return a shift, as `rows.shift_row` has it, as an entry.

    It is updated whenever it is reported again, spoken against, or decided on.
    """
    relation = Relation(row["relation"])
    kind = "Disputed: " if row["disputed"] else _KINDS.get(row["kind"], "")
    who = " in ".join(part for part in (row["speaker"], row["outlet"]) if part)
    told = [f"Now: “{row['statement']}”{f' ({who})' if who else ''}", f"Was: {row['line']}"]
    if row["reports"] > 1:
        told.append(f"{row['reports']} statements tell of it.")
    if row["disputed"]:
        told.append(f"A later account {row['disputed']}.")
    if row["verdict"]:
        told.append(f"The desk's verdict: {row['verdict']}.")
    return AtomEntry(
        id=f"urn:walkback:shift:{row['key']}",
        title=f"{kind}{moved(row['holder'], row['topic'], relation)}",
        summary="\n".join(told),
        link=row["url"],
        published=datetime.fromisoformat(row["opened_at"]),
        updated=datetime.fromisoformat(row["updated_at"]),
        categories=(row["position"], relation.value),
    )


def statement_entry(row: Mapping[str, Any]) -> AtomEntry:
    """Return a statement, as `rows.statements` has it, as an entry."""
    relation, at = Relation(row["relation"]), datetime.fromisoformat(row["at"])
    who = row["speaker"] or row["outlet"]
    since = day(datetime.fromisoformat(row["line_since"]))
    return AtomEntry(
        id=f"urn:walkback:statement:{identify(row['position'], row['url'], row['at'], row['statement'])}",
        title=moved(row["holder"], row["topic"], relation),
        summary=f"“{row['statement']}”{f' ({who})' if who else ''}\nThe line since {since}: {row['line']}",
        link=row["url"],
        published=at,
        updated=at,
        categories=(row["position"], relation.value),
    )


def as_atom(entries: Iterable[AtomEntry], *, name: str, title: str, now: datetime, address: str = "") -> str:
    """Return the newest entries as a feed that is called `urn:walkback:NAME`. `address` is where it will be read, "" for unknown.

    A feed without entries is of `now`.
    """
    newest = sorted(entries, key=lambda entry: (entry.updated, entry.id), reverse=True)[:NEWEST]
    register_namespace("", ATOM)
    feed = Element(f"{{{ATOM}}}feed")
    _text(feed, "id", f"urn:walkback:{name}")
    _text(feed, "title", title)
    _text(feed, "updated", (newest[0].updated if newest else now).isoformat())
    _text(_child(feed, "author"), "name", "Walkback")
    if address:
        _child(feed, "link", rel="self", type="application/atom+xml", href=clean(address))
    for entry in newest:
        _entry(feed, entry)
    indent(feed)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(feed, encoding="unicode") + "\n"


def _entry(feed: Element, entry: AtomEntry) -> None:
    made = _child(feed, "entry")
    _text(made, "id", entry.id)
    _text(made, "title", cut(clean(entry.title), 200))
    _text(made, "published", entry.published.isoformat())
    _text(made, "updated", entry.updated.isoformat())
    if entry.link.startswith(("https://", "http://")):
        _child(made, "link", rel="alternate", href=clean(entry.link))
    for term in entry.categories:
        _child(made, "category", term=clean(term))
    summary = _text(made, "summary", "\n".join(clean(line) for line in entry.summary.split("\n")))
    summary.set("type", "text")


def _child(parent: Element, name: str, **attributes: str) -> Element:
    return SubElement(parent, f"{{{ATOM}}}{name}", attributes)


def _text(parent: Element, name: str, text: str) -> Element:
    made = _child(parent, name)
    made.text = text
    return made

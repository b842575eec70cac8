"""How an alert is put into words. Every notifier says it alike."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from bot.core.card import About, Card
from bot.core.safe_text import clean, cut
from bot.domain import Certainty, Relation

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOVES = {  # for one holder, for several
    Relation.SOFTENING: ("softens", "soften", "on"),
    Relation.HARDENING: ("hardens", "harden", "on"),
    Relation.CONTRADICTION: ("contradicts", "contradict", "earlier line on"),
    Relation.NEW_OFFER: ("makes", "make", "a new offer on"),
    Relation.CONSISTENT: ("repeats", "repeat", "its line on"),
    Relation.UNRELATED: ("is", "are", "in the news about"),
}
_NAMES = {
    Relation.SOFTENING: "a softening",
    Relation.HARDENING: "a hardening",
    Relation.CONTRADICTION: "a contradiction",
    Relation.NEW_OFFER: "a new offer",
}
_ABOUT = {About.SHIFT: "", About.DIFFER: "Accounts differ: ", About.MIXED: "Mixed signals: "}
_CONFIDENCE = ((0.9, "Very likely"), (0.75, "Likely"), (0.5, "More likely than not"), (0.0, "Uncertain"))


def headline(card: Card, limit: int = 150) -> str:
    """Return who moved, which way and on what, in `limit` characters: "Russia softens on Ukraine's NATO membership"."""
    holder, topic = cut(clean(card.holder), 60) or "Somebody", clean(card.topic)
    one, several, link = _MOVES[card.relation]
    first = "Disputed: " if card.disputed else _ABOUT[card.about]
    start = f"{first}{holder} {several if is_several(holder) else one} {link} "
    return (start + cut(topic, limit - len(start))).strip()


def moved(holder: str, topic: str, relation: Relation, limit: int = 150) -> str:
    """Return the same of a holder and a topic, where there is no alert."""
    name = cut(clean(holder), 60) or "Somebody"
    one, several, link = _MOVES[relation]
    start = f"{name} {several if is_several(name) else one} {link} "
    return (start + cut(clean(topic), limit - len(start))).strip()


def is_several(name: str) -> bool:
    """Whether a holder's name takes a plural verb: "European states", "the Houthis", "France and Germany".

    A capitalised last word names one body however it ends ("United States").
    """
    last = name.rsplit(maxsplit=1)[-1] if name.strip() else ""
    plural_form = last.endswith("s") and not last.endswith("ss")
    return " and " in name or (plural_form and (last[0].islower() or name.startswith(("the ", "The "))))


def confidence(card: Card) -> str:
    """Return the confidence in words and figures: "Likely (82%) a real shift; if so, most likely a softening (75%)".

    The kind's figure is its share among shifts; a kind with less than half of it is not named.
    """
    words = next(words for least, words in _CONFIDENCE if card.probability >= least)
    line = f"{words} ({_percent(card.probability)}) a real shift"
    share = card.relation_probability / card.probability if card.relation.is_shift and card.probability else 0.0
    return f"{line}; if so, most likely {_NAMES[card.relation]} ({_percent(share)})" if share >= 0.5 else line


def speaker(card: Card) -> str:
    """Return who is given the words, and whether they are cited directly or told secondhand."""
    who = clean(card.speaker) or "No speaker named"
    return f"{who}, cited directly" if card.certainty is Certainty.STATED else f"{who}, reported secondhand"


def outlets(card: Card, most: int = 8) -> str:
    """Return the further outlets in a line: "Also in 3 more reports: A, B, C"; "" where there are none."""
    if not card.others:
        return ""
    names = list(dict.fromkeys(clean(outlet.name) or host(outlet.url) or "unnamed" for outlet in card.others))
    rest = len(names) - most
    listed = ", ".join(cut(name, 60) for name in names[:most])
    count = len(card.others)
    return (
        f"Also in {count} more report{'s' if count != 1 else ''}: {listed}{f' and {rest} others' if rest > 0 else ''}"
    )


def fallback(card: Card, limit: int = 600) -> str:
    """Return the alert in one plain line, for notifications and screen readers."""
    head = headline(card)
    who = clean(card.speaker) or clean(card.first.name) or host(card.first.url)
    words = cut(clean(card.words), (limit - len(head)) * 2 // 3)
    line = f"{head}. Now: “{words}”{f' ({cut(who, 60)})' if who else ''}."
    rest = limit - len(line) - len(" Was: ")
    return f"{line} Was: {cut(clean(card.baseline), rest)}" if rest > 20 else line


def host(url: str) -> str:
    """Return the host of an http or https address without "www.", "" for any other."""
    try:
        parts = urlsplit(url)
        name = parts.hostname or ""
    except ValueError:
        return ""
    return clean(name.removeprefix("www.")) if parts.scheme in ("http", "https") else ""


def day(moment: date) -> str:
    """Return a date as 26 Dec 2024, whatever the locale."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def minute(moment: datetime) -> str:
    """Return an aware time as 14 Jan 2026, 10:20 UTC."""
    moment = moment.astimezone(UTC)
    return f"{day(moment)}, {moment:%H:%M} UTC"


def _percent(probability: float) -> str:
    return f"{min(99, max(1, round(probability * 100)))}%"

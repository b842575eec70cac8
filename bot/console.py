"""The same alert in a terminal, for whoever has no Slack token yet, and in plain lines where there is no terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.core.alert_words import confidence, day, headline, host, minute, outlets, speaker
from bot.core.card import Card, Outlet, card_from, cards_of_digest, outlet_from
from bot.core.safe_text import clean, cut
from bot.core.sample import LABEL, PREFIX
from bot.domain import Delivery, Relation
from bot.ports import PostOutcome, PostOutcomeKind

REF = "console"
_COLOURS = {
    Relation.SOFTENING: "green",
    Relation.HARDENING: "yellow",
    Relation.CONTRADICTION: "red",
    Relation.NEW_OFFER: "cyan",
}
_AFTER_A_GAP = ("Now", "Who")
_WIDEST = 110
"""Longer lines are hard to read, however wide the terminal is."""


class ConsoleNotifier:
    """A `Notifier` that prints. What it printed before a crash it cannot know, and prints again."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def post(self, delivery: Delivery) -> PostOutcome:
        """Print one delivery."""
        try:
            shown = list(_shown(delivery.payload))
        except ValueError:
            return PostOutcome(kind=PostOutcomeKind.BUG, reason="unreadable_record")
        try:
            for card, rows in shown:
                self._print(card, rows)
        except OSError:
            return PostOutcome(kind=PostOutcomeKind.RETRY, reason="terminal_closed")
        return PostOutcome(kind=PostOutcomeKind.POSTED, ref=REF)

    def find(self, delivery: Delivery) -> str | None:
        """Return None: a terminal cannot be searched."""
        del delivery
        return None  # said aloud, since it is an answer

    def _print(self, title: tuple[str, str], rows: list[tuple[str, Text]]) -> None:
        heading, colour = title
        if not self._console.is_terminal:
            self._console.print(self._fit(Text(heading)), soft_wrap=True, highlight=False)
            for name, words in rows:
                line = Text(f"  {name}: " if name else "    ").append(_marked(words))
                self._console.print(self._fit(line), soft_wrap=True, highlight=False)
            self._console.print()
            return
        width = min(self._console.width, _WIDEST)
        head, body = self._fit(Text(heading, style=f"bold {colour}")), self._table(rows)
        if head.cell_len <= width - 6:
            panel = Panel(body, title=head, title_align="left", border_style=colour, width=width)
        else:
            panel = Panel(Group(head, Text(), body), border_style=colour, width=width)
        self._console.print(panel, highlight=False)

    def _table(self, rows: list[tuple[str, Text]]) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True, min_width=5)
        table.add_column(overflow="fold")
        for name, words in rows:
            if name in _AFTER_A_GAP and table.row_count:
                table.add_row()
            table.add_row(name, self._fit(words))
        return table

    def _fit(self, text: Text) -> Text:
        """Return `text` with what the terminal's encoding lacks replaced by "?"."""
        encoding = self._console.encoding
        fitting = text.plain.encode(encoding, "replace").decode(encoding)
        if fitting == text.plain:
            return text
        return Text(fitting, style=text.style, spans=text.spans)


_Shown = tuple[tuple[str, str], list[tuple[str, Text]]]


def _shown(payload: Mapping[str, object]) -> Iterator[_Shown]:
    match payload.get("kind"):
        case "alert":
            title, rows = _alert(card_from(payload))
            yield _as_sample(title, rows) if payload.get("sample") else (title, rows)
        case "digest":
            yield from map(_alert, cards_of_digest(payload))
        case "reply":
            yield _reply(payload)
        case other:
            raise ValueError(f"nothing is known to print of the kind {other!r}")


def _alert(card: Card) -> _Shown:
    """Return an alert's title with its colour, and its rows: the line that was, the words now, who, where, how sure."""
    words = Text()
    for part, style in ((card.before, "dim"), (card.words, "bold"), (card.after, "dim")):
        if shown := cut(clean(part), 1500):
            words.append(" " if words.plain else "").append(shown, style=style)
    rows = [
        ("Was", Text(cut(clean(card.baseline), 1500))),
        ("", Text(_on_record(card), style="dim")),
        ("Now", words),
        ("", Text(minute(card.first.published), style="dim")),
        ("Who", Text(speaker(card))),
        ("Where", _report(card.first)),
        ("Sure", Text(confidence(card))),
        ("Why", Text(cut(clean(card.reason), 800))),
        ("More", Text(outlets(card))),
        ("But", Text(f"a later report {clean(card.disputed)}" if card.disputed else "")),
    ]
    return (headline(card), _COLOURS.get(card.relation, "white")), [row for row in rows if row[1].plain]


def _as_sample(title: tuple[str, str], rows: list[tuple[str, Text]]) -> _Shown:
    heading, colour = title
    return (PREFIX + heading, colour), [("", Text(LABEL, style="bold")), *rows]


def _on_record(card: Card) -> str:
    source = clean(card.source)
    return f"since {day(card.since)}" + (f" · source: {cut(source, 300)}" if source else "")


def _reply(payload: Mapping[str, object]) -> _Shown:
    account, says = outlet_from(payload.get("account")), clean(str(payload.get("says", "")))
    parent = payload.get("parent")
    about = headline(card_from(parent)) if isinstance(parent, Mapping) else "a shift"
    rows = [("Where", _report(account)), ("Now", Text(cut(clean(str(payload.get("words", ""))), 1500), style="bold"))]
    if says:
        heading = clean(str(payload.get("heading", "")))
        rows.insert(0, (heading or "But", Text(f"a later report {says}")))
    return (about if says else f"Also reported: {about}", "magenta"), [row for row in rows if row[1].plain]


def _report(outlet: Outlet) -> Text:
    name = clean(outlet.name) or host(outlet.url)
    title, url = cut(clean(outlet.title), 200), cut(clean(outlet.url), 500)
    return Text(" · ".join(part for part in (name, title) if part)).append(f"\n{url}" if url else "", style="dim")


def _marked(words: Text) -> str:
    """Return `words` on one line; what is bold among dim context stands in guillemets, since plain lines know no bold."""
    spans = [span for span in words.spans if span.style == "bold"]
    plain = words.plain
    if spans and (spans[0].start > 0 or spans[0].end < len(plain)):
        start, end = spans[0].start, spans[0].end
        plain = f"{plain[:start]}»{plain[start:end]}«{plain[end:]}"
    return plain.replace("\n", " · ")

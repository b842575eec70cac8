"""Adding to and removing from the YAML files: remarks stay, the file changes at once or not at all, and it still loads after.

Items of block lists are written and taken out as lines, so that nothing else in the file moves; a list in brackets or an empty
one goes through ruamel.yaml's round trip.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, SequenceNode

from bot.config import load_feeds, load_positions
from bot.config.checks import address
from bot.config.files import nearest, write_atomically
from bot.domain import Feed, Holder, Position, Voice
from bot.errors import ConfigurationError, Fault


def add_feed(path: Path, feed: Feed) -> None:
    """Add a feed at the end of feeds.yaml.

    Raises:
        ConfigurationError: the file is faulty, cannot be written, or would not load with this feed (a second time, say).
    """
    load_feeds(path)
    usual = Feed(url=feed.url, name=feed.name, outlet=feed.name)
    entry = {"url": feed.url, "name": feed.name}
    for key in ("outlet", "language", "first_run", "full_text"):
        value = getattr(feed, key)
        if value not in ("", getattr(usual, key)):
            entry[key] = value
    text = _with_item(path, _text(path), "feeds", entry)
    load_feeds(path, text)
    write_atomically(path, text)


def remove_feed(path: Path, url: str) -> None:
    """Remove the feed with this address from feeds.yaml; remarks around it stay.

    Raises:
        ConfigurationError: the file is faulty, cannot be written, or does not hold this address.
    """
    feeds = load_feeds(path)
    index = next((i for i, feed in enumerate(feeds) if address(feed.url) == address(url)), None)
    if index is None:
        advice = nearest(url, [feed.url for feed in feeds])
        raise ConfigurationError([Fault(file=str(path), key="feeds", problem=f"holds no feed «{url}»", advice=advice)])
    text = _without_item(path, _text(path), "feeds", index)
    if load_feeds(path, text) != (*feeds[:index], *feeds[index + 1 :]):
        problem = "cannot be edited without touching other feeds"
        raise ConfigurationError([Fault(file=str(path), key="feeds", problem=problem, advice="Edit it by hand.")])
    write_atomically(path, text)


def add_position(path: Path, position: Position) -> None:
    """Add a position at the end of positions.yaml, and its holder where the file has holders but not this one.

    Raises:
        ConfigurationError: the file is faulty, cannot be written, or would not load with this position (a second id, say).
    """
    load_positions(path)
    text = _text(path)
    holders = (YAML(typ="safe", pure=True).load(text) or {}).get("holders")
    if holders and position.holder.name not in [holder["name"] for holder in holders]:
        text = _with_item(path, text, "holders", _holder(position.holder))
    text = _with_item(path, text, "positions", _position(position))
    load_positions(path, text)
    write_atomically(path, text)


def _position(position: Position) -> dict[str, Any]:
    entry = {
        "id": position.id,
        "holder": position.holder.name,
        "topic": position.topic,
        "paraphrases": list(position.paraphrases),
        "baseline": position.baseline,
        "since": position.since,
        "source": position.source,
        "channel": position.channel,
    }
    return _filled(entry)


def _holder(holder: Holder) -> dict[str, Any]:
    entry = {"name": holder.name, "aliases": list(holder.aliases), "voices": [_voice(voice) for voice in holder.voices]}
    return _filled(entry)


def _voice(voice: Voice) -> dict[str, Any]:
    days: dict[str, date | None] = {"since": voice.since, "until": voice.until}
    return _filled({"name": voice.name, "aliases": list(voice.aliases), "role": voice.role, **days})


def _filled(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value not in ("", [], None)}


def _text(path: Path) -> str:
    """Return the file's text with its line ends as they are."""
    return path.read_bytes().decode("utf-8-sig")


def _with_item(path: Path, text: str, section: str, entry: dict[str, Any]) -> str:
    """Return the text with one more item at the end of a list of mappings."""
    items = _block_list(text, section)
    if items is None:
        return _round_trip(path, text, lambda data: data[section].append(entry))
    out = io.StringIO()
    _yaml().dump([entry], out)
    lines = text.splitlines(keepends=True)
    place = _lines_of(items, -1)
    dash = lines[place.start].index("-")
    end = "\r\n" if "\r\n" in text else "\n"
    lines[place.stop - 1] = lines[place.stop - 1].rstrip("\r\n") + end
    added = textwrap.indent(textwrap.dedent(out.getvalue()), " " * dash)
    lines.insert(place.stop, added.replace("\n", end))
    return "".join(lines)


def _without_item(path: Path, text: str, section: str, index: int) -> str:
    """Return the text without one item of a list of mappings."""
    items = _block_list(text, section)
    if items is None or len(items.value) == 1:
        return _round_trip(path, text, lambda data: data[section].__delitem__(index))
    lines = text.splitlines(keepends=True)
    place = _lines_of(items, index)
    return "".join(lines[: place.start] + lines[place.stop :])


def _round_trip(path: Path, text: str, change: Callable[[Any], None]) -> str:
    yaml = _yaml()
    out = io.StringIO()
    try:
        data = yaml.load(text)
        change(data)
        yaml.dump(data, out)
    except YAMLError as error:
        raise ConfigurationError([Fault(file=str(path), problem=f"cannot be edited: {error}")]) from None
    return out.getvalue()


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 100_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _block_list(text: str, section: str) -> SequenceNode | None:
    """Return a section's list if it has items and is not written in brackets, else None."""
    top = YAML(typ="safe", pure=True).compose(text)
    items = next((value for key, value in top.value if key.value == section), None)
    return items if isinstance(items, SequenceNode) and items.value and not items.flow_style else None


def _lines_of(items: SequenceNode, index: int) -> range:
    """Return the lines, counted from 0, of one item from its dash to its last value."""
    item = last = items.value[index]
    while isinstance(last, MappingNode | SequenceNode) and last.value and not last.flow_style:
        last = last.value[-1][1] if isinstance(last, MappingNode) else last.value[-1]
    end = last.end_mark.line + (1 if last.end_mark.column else 0)
    return range(item.start_mark.line, max(end, item.start_mark.line + 1))

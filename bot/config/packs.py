"""Starting points that came with Walkback: packs of positions and feeds, and the starter configuration that is made of them.

A pack is a folder under config/packs/ with pack.yaml (title, about), positions.yaml and feeds.yaml; the configuration that is
shipped as a whole counts as one more. Where several packs name one holder, its names and voices are joined.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from bot.config.checks import address, check_feeds, check_positions, validated
from bot.config.files import nearest, read_document
from bot.config.models import CHANNEL_NAME, CONTACT, FORMS, SLACK_CHANNEL, FeedsFile, HolderShape, PositionsFile
from bot.config.settings import shipped_path
from bot.errors import ConfigurationError, InputError

_HEAD = """\
yaml-language-server: $schema=schema/{file}.json

{what} Started by `walkback init` from: {packs}.

{advice}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A starting point by its short name: `folder` holds positions.yaml and feeds.yaml."""

    name: str
    title: str
    about: str
    folder: Path


def packs() -> tuple[Pack, ...]:
    """Return all packs: the shipped configuration first, then those of config/packs/ by name."""
    shipped = shipped_path("config")
    whole = Pack(
        name="ukraine",
        title="Russia and Ukraine",
        about="What Russia, Ukraine, the United States and European states hold on the war, its end and the order after it.",
        folder=shipped,
    )
    return (whole, *(_pack(path) for path in sorted((shipped / "packs").glob("*/pack.yaml"))))


def find_pack(name: str) -> Pack:
    """Return the pack called `name`; InputError where there is none."""
    known = {pack.name: pack for pack in packs()}
    if name not in known:
        advice = nearest(name, known)
        raise InputError(f"there is no pack {name!r}. {advice} `walkback packs` lists them.".replace("  ", " "))
    return known[name]


def read_pack(pack: Pack) -> tuple[PositionsFile, FeedsFile]:
    """Return a pack's two files, checked as a desk's own.

    Raises:
        ConfigurationError: with every fault of both.
    """
    lines, reads = read_document(pack.folder / "positions.yaml"), read_document(pack.folder / "feeds.yaml")
    positions, feeds = validated(lines, PositionsFile), validated(reads, FeedsFile)
    check_positions(lines)
    check_feeds(reads)
    faults = [*lines.faults, *reads.faults]
    if faults or positions is None or feeds is None:
        raise ConfigurationError(faults)
    return positions, feeds


def desk_name(words: str) -> str:
    """Return a desk's name as a channel's short name ("Foreign desk" is foreign-desk); InputError where it cannot be one."""
    name = re.sub(r"\s+", "-", words.strip().lower())
    if not re.fullmatch(CHANNEL_NAME, name):
        raise InputError(f"a desk's name {FORMS[CHANNEL_NAME]}, not {words!r}.")
    return name


def slack_channel(words: str) -> str:
    """Return a Slack channel as desk.yaml has it; its # may be left out, since shells take it for a comment."""
    channel = words.strip()
    if not channel.startswith("#") and not re.fullmatch(SLACK_CHANNEL, channel):
        channel = f"#{channel}"
    if not re.fullmatch(SLACK_CHANNEL, channel):
        raise InputError(f"a channel {FORMS[SLACK_CHANNEL]}, not {words!r}.")
    return channel


def contact_address(words: str) -> str:
    """Return the contact that servers see, "" for none; InputError where it cannot stand in a header."""
    contact = words.strip()
    if not re.fullmatch(CONTACT, contact):
        raise InputError(f"a contact {FORMS[CONTACT]}, not {words!r}.")
    return contact


def starter(chosen: Sequence[Pack], *, desk: str, channel: str, contact: str = "") -> dict[str, str]:
    """Return the files of a starter configuration by their names; nothing is written.

    `desk`, `channel` and `contact` are as `desk_name`, `slack_channel` and `contact_address` return them.
    """
    read = {pack.title: read_pack(pack) for pack in chosen}
    shipped = shipped_path("config")
    others = [shipped / "slack-manifest.yaml", *sorted((shipped / "schema").glob("*.json"))]
    return {
        "positions.yaml": _positions_text({title: positions for title, (positions, _) in read.items()}),
        "feeds.yaml": _feeds_text({title: feeds for title, (_, feeds) in read.items()}),
        "desk.yaml": _desk_text((shipped / "desk.yaml").read_text(encoding="utf-8"), desk, channel, contact),
        **{str(path.relative_to(shipped)): path.read_text(encoding="utf-8") for path in others},
    }


def write_starter(folder: Path, files: Mapping[str, str]) -> None:
    """Write a starter configuration; InputError, with nothing written, where one of its files stands there already."""
    standing = sorted(name for name in files if (folder / name).exists())
    if standing:
        raise InputError(
            f"{folder / standing[0]}: stands there already, and nothing is overwritten. Name another folder, or edit that one."
        )
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as fault:
        raise InputError(f"{folder}: cannot be written ({fault.strerror}).") from fault


def _pack(path: Path) -> Pack:
    said = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    return Pack(name=path.parent.name, title=said["title"], about=said["about"], folder=path.parent)


def _positions_text(read: Mapping[str, PositionsFile]) -> str:
    advice = (
        "Check each baseline against its source before the desk relies on it, see that the people named still hold their\n"
        "offices, and take out what you do not follow. Keep an id for ever: the ledger files under it."
    )
    top = _top("positions", "The lines that the desk tracks, and who speaks for whom.", read, advice)
    top["holders"] = CommentedSeq(_holder(one) for one in _joined(h for file in read.values() for h in file.holders))
    top["positions"] = lines = CommentedSeq()
    for title, file in read.items():
        for position in file.positions:
            entry = CommentedMap(position.model_dump(exclude_defaults=True))
            if "paraphrases" in entry:
                entry["paraphrases"] = _flow(CommentedSeq(entry["paraphrases"]))
            _add(lines, entry, title if position is file.positions[0] else "")
    return _dumped(top)


def _feeds_text(read: Mapping[str, FeedsFile]) -> str:
    advice = "Publishers move and close feeds: `walkback feeds check` fetches each of these and says which answer."
    top = _top("feeds", "What the desk reads.", read, advice)
    top["feeds"] = lines = CommentedSeq()
    known: set[str] = set()
    for title, file in read.items():
        new = [feed for feed in file.feeds if address(feed.url) not in known]
        known.update(address(feed.url) for feed in new)
        for feed in new:
            _add(lines, _flow(CommentedMap(feed.model_dump(exclude_defaults=True))), title if feed is new[0] else "")
    return _dumped(top)


def _desk_text(shipped: str, desk: str, channel: str, contact: str) -> str:
    """Return the shipped desk.yaml, remarks and all, with this desk's own three values."""
    text = shipped
    for old, new in (
        ("default_channel: desk\n", f"default_channel: {desk}\n"),
        ('  desk: "#walkback"\n', f'  {desk}: "{channel}"\n'),
        ('  contact: ""', f'  contact: "{contact}"'),
    ):
        assert text.count(old) == 1, old  # a test reads the outcome; here only the shipped file itself can be at fault
        text = text.replace(old, new)
    return text


def _joined(holders: Iterable[HolderShape]) -> list[HolderShape]:
    """Return each holder once, with the names and voices that any of the packs gives it, in order."""
    joined: dict[str, HolderShape] = {}
    for holder in holders:
        known = joined.get(holder.name, holder)
        voices = {voice.name: voice for voice in (*holder.voices, *known.voices)}
        order = dict.fromkeys(voice.name for voice in (*known.voices, *holder.voices))
        joined[holder.name] = HolderShape(
            name=holder.name,
            aliases=list(dict.fromkeys((*known.aliases, *holder.aliases))),
            voices=[voices[name] for name in order],
        )
    return list(joined.values())


def _holder(holder: HolderShape) -> CommentedMap:
    entry = CommentedMap(name=holder.name)
    if holder.aliases:
        entry["aliases"] = _flow(CommentedSeq(holder.aliases))
    if holder.voices:
        entry["voices"] = CommentedSeq(
            _flow(CommentedMap(voice.model_dump(exclude_defaults=True))) for voice in holder.voices
        )
    return entry


def _top(file: str, what: str, read: Iterable[str], advice: str) -> CommentedMap:
    top = CommentedMap()
    top.yaml_set_start_comment(_HEAD.format(file=file, what=what, packs=", ".join(read), advice=advice))
    return top


def _add(lines: CommentedSeq, entry: Any, title: str) -> None:
    lines.append(entry)
    if title:
        lines.yaml_set_comment_before_after_key(len(lines) - 1, before=title, indent=2)


def _flow(node: Any) -> Any:
    node.fa.set_flow_style()
    return node


def _dumped(top: CommentedMap) -> str:
    yaml = YAML()
    yaml.width = 100_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump(top, out)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"

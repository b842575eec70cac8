"""What the desk configured: three YAML files, and WALKBACK_* environment variables for deployment and secrets.

Whatever is wrong is told at once, as the faults of one `ConfigurationError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from bot.config.checks import check_desk, check_feeds, check_positions, check_references, validated
from bot.config.files import Document, read_document
from bot.config.models import (
    POLL,
    DailyShape,
    DeskFile,
    DispatchShape,
    FeedsFile,
    HolderShape,
    PollShape,
    PositionsFile,
    json_schemas,
)
from bot.config.settings import PREFIX, Settings, load_settings, shipped_path
from bot.core.policies import AlertPolicy, DailyPolicy, DispatchPolicy, PollPolicy, QuietHours
from bot.domain import Feed, Holder, Position, Voice
from bot.errors import ConfigurationError, Fault

__all__ = [
    "Configuration",
    "Desk",
    "Settings",
    "json_schemas",
    "load_configuration",
    "load_desk",
    "load_feeds",
    "load_positions",
    "load_settings",
    "shipped_path",
]

Known = TypeVar("Known")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where alerts go, and when. `channels` maps short names to Slack channels; `mention_group` is "" for nobody."""

    default_channel: str
    channels: Mapping[str, str]
    mention_group: str = ""
    alert: AlertPolicy = field(default_factory=AlertPolicy)
    dispatch: DispatchPolicy = field(default_factory=DispatchPolicy)
    poll: PollPolicy = field(default_factory=PollPolicy)
    daily: DailyPolicy | None = None

    def channel_for(self, position: Position) -> str:
        """Return the Slack channel (#name or id) for a position's alerts; the default one where it names none."""
        return self.channels[position.channel or self.default_channel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The desk's three files, checked each and against each other.

    `holders` are all that positions.yaml names, also those whose positions are not tracked: the text may cite them, too.
    """

    positions: tuple[Position, ...]
    feeds: tuple[Feed, ...]
    desk: Desk
    holders: tuple[Holder, ...] = ()


def load_positions(path: Path, text: str | None = None) -> tuple[Position, ...]:
    """Read positions.yaml, or `text` in its stead; without `holders`, those that the shipped file knows come from there by name.

    Raises:
        ConfigurationError: with every fault of the file.
    """
    document, shape = _read_positions(path, text)
    return _positions(_sound([document], shape), _known_holders(document))


def load_feeds(path: Path, text: str | None = None) -> tuple[Feed, ...]:
    """Read feeds.yaml, or `text` in its stead.

    Raises:
        ConfigurationError: with every fault of the file.
    """
    document, shape = _read_feeds(path, text)
    return _feeds(_sound([document], shape))


def load_desk(path: Path) -> Desk:
    """Read desk.yaml.

    Raises:
        ConfigurationError: with every fault of the file.
    """
    document, shape = _read_desk(path)
    return _desk(_sound([document], shape))


def load_configuration(directory: Path) -> Configuration:
    """Read positions.yaml, feeds.yaml and desk.yaml of a folder and check them against each other.

    Raises:
        ConfigurationError: with every fault of all three.
    """
    if not directory.is_dir():
        advice = (
            f"Set {PREFIX}CONFIG_DIR to a folder, or copy the shipped one: cp -r {shipped_path('config')} {directory}"
        )
        raise ConfigurationError([Fault(file=str(directory), problem="there is no such folder", advice=advice)])
    positions, positions_shape = _read_positions(directory / "positions.yaml")
    feeds, feeds_shape = _read_feeds(directory / "feeds.yaml")
    desk, desk_shape = _read_desk(directory / "desk.yaml")
    check_references(positions, desk)
    documents = [positions, feeds, desk]
    known = _known_holders(positions)
    named = {shape.name: _holder(shape) for shape in _sound(documents, positions_shape).holders} or known
    return Configuration(
        holders=tuple(named.values()),
        positions=_positions(_sound(documents, positions_shape), known),
        feeds=_feeds(_sound(documents, feeds_shape)),
        desk=_desk(_sound(documents, desk_shape)),
    )


def _sound(documents: list[Document], shape: Known | None) -> Known:
    faults = [fault for document in documents for fault in document.faults]
    if faults or shape is None:
        raise ConfigurationError(sorted(faults, key=lambda fault: (fault.file, fault.line)))
    return shape


def _read(path: Path, text: str | None) -> Document:
    shipped = shipped_path("config") / path.name
    advice = f"Copy the shipped one: cp {shipped} {path}" if shipped != path and shipped.is_file() else ""
    return read_document(path, text, advice=advice)


def _read_positions(path: Path, text: str | None = None) -> tuple[Document, PositionsFile | None]:
    document = _read(path, text)
    shape = validated(document, PositionsFile)
    check_positions(document)
    return document, shape


def _read_feeds(path: Path, text: str | None = None) -> tuple[Document, FeedsFile | None]:
    document = _read(path, text)
    shape = validated(document, FeedsFile)
    check_feeds(document)
    return document, shape


def _read_desk(path: Path) -> tuple[Document, DeskFile | None]:
    document = _read(path, None)
    shape = validated(document, DeskFile)
    check_desk(document)
    return document, shape


def _known_holders(document: Document) -> dict[str, Holder]:
    """Return the shipped holders for a file that has none of its own."""
    shipped = shipped_path("config") / "positions.yaml"
    if document.data.get("holders") or not shipped.is_file():
        return {}
    other, shape = _read_positions(shipped)
    return {shape.name: _holder(shape) for shape in _sound([other], shape).holders}


def _holder(shape: HolderShape) -> Holder:
    return Holder(
        name=shape.name,
        aliases=tuple(shape.aliases),
        voices=tuple(
            Voice(name=v.name, aliases=tuple(v.aliases), role=v.role, since=v.since, until=v.until)
            for v in shape.voices
        ),
    )


def _positions(file: PositionsFile, known: Mapping[str, Holder]) -> tuple[Position, ...]:
    holders = {**known, **{shape.name: _holder(shape) for shape in file.holders}}
    return tuple(
        Position(
            id=shape.id,
            holder=holders.get(shape.holder) or Holder(name=shape.holder),
            topic=shape.topic,
            baseline=shape.baseline,
            since=shape.since,
            paraphrases=tuple(shape.paraphrases),
            source=shape.source or shape.document,
            channel=shape.channel,
        )
        for shape in file.positions
    )


def _feeds(file: FeedsFile) -> tuple[Feed, ...]:
    return tuple(Feed(**{**shape.model_dump(), "outlet": shape.outlet or shape.name}) for shape in file.feeds)


def _desk(file: DeskFile) -> Desk:
    alert = {**file.alert.model_dump(), "alert_at_by_position": MappingProxyType(dict(file.alert.alert_at_by_position))}
    return Desk(
        default_channel=file.default_channel,
        channels=MappingProxyType(dict(file.channels)),
        mention_group=file.mention_group,
        alert=AlertPolicy(**alert),
        dispatch=_dispatch(file.dispatch),
        poll=_poll(file.poll),
        daily=_daily(file.daily),
    )


def _dispatch(shape: DispatchShape) -> DispatchPolicy:
    quiet = shape.quiet and QuietHours(
        start=time.fromisoformat(shape.quiet.start),
        end=time.fromisoformat(shape.quiet.end),
        zone=shape.quiet.zone,
        contradictions_pass=shape.quiet.contradictions_pass,
    )
    return DispatchPolicy(**{**shape.model_dump(), "quiet": quiet})


def _daily(shape: DailyShape | None) -> DailyPolicy | None:
    if shape is None:
        return None
    return DailyPolicy(at=time.fromisoformat(shape.at), zone=shape.zone, quiet_days=shape.quiet_days)


def _poll(shape: PollShape) -> PollPolicy:
    given = shape.model_dump(exclude={"contact"})
    agent = POLL.user_agent.replace("contact not configured", shape.contact) if shape.contact else POLL.user_agent
    return PollPolicy(**{**given, "allowed_networks": tuple(shape.allowed_networks), "user_agent": agent})

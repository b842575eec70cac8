"""Every fault of a configuration file at once: its shape, and what its parts must be to each other.

The checks across values read the plain data, not the validated models, so that one misspelt key hides no other fault.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Collection, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError

from bot.config.files import Document, Where, nearest
from bot.config.models import ALERT, DISPATCH, FORMS, POLL, Shape, keys_at

Model = TypeVar("Model", bound=Shape)

_WORDS = {
    "missing": "is missing",
    "string_type": "should be text",
    "float_type": "should be a number",
    "finite_number": "should be a number",
    "int_type": "should be a whole number",
    "int_from_float": "should be a whole number",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "list_type": "should be a list",
    "dict_type": "should be a mapping",
    "model_type": "should be a mapping",
    "too_short": "is empty",
    "string_too_short": "is empty",
    "string_too_long": "is too long",
}


def validated(document: Document, shape: type[Model]) -> Model | None:
    """Return the file's content in its shape; None, with the faults recorded, where it does not fit."""
    if document.faults and not document.data:
        return None
    try:
        return shape.model_validate(document.data)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=True):
            where = tuple(part for part in detail["loc"] if part != "[key]")
            problem, advice = _explain(detail, where, shape)
            document.fault(where, problem, advice)
        return None


def _explain(detail: Mapping[str, Any], where: Where, shape: type[Shape]) -> tuple[str, str]:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return "is not a known key", nearest(str(where[-1]), keys_at(shape, where[:-1]))
    if kind in {"missing", "too_short", "string_too_short"}:
        return _WORDS[kind], ""
    if kind == "value_error":
        words = str(context["error"])
    elif kind == "string_pattern_mismatch":
        words = FORMS.get(context["pattern"], "has a form that is not allowed")
    elif kind == "literal_error":
        words = f"should be {context['expected']}"
    else:
        words = _WORDS.get(kind) or _plain(detail["msg"])
    return f"{words}, not {_shown(value)}", ""


def _plain(message: str) -> str:
    words = message.replace("Input should", "should")
    return words.replace("less than or equal to", "at most").replace("greater than or equal to", "at least")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return f"«{text if len(text) <= 60 else text[:59] + '…'}»"


def check_positions(document: Document) -> None:
    """Record duplicate ids and names, holders that the file does not know, and terms of office that end before they begin."""
    _no_duplicates(document, "positions", "id")
    _no_duplicates(document, "holders", "name")
    holders = document.items("holders")
    owner: dict[str, str] = {}
    for index, holder in enumerate(holders):
        name = str(holder.get("name", ""))
        for alias in [name, *_texts(holder.get("aliases"))]:
            if owner.setdefault(alias.casefold(), name) != name:
                document.fault(
                    ("holders", index, "aliases"),
                    f"«{alias}» is already a name of {owner[alias.casefold()]}",
                    "Leave it with the holder that news means by it.",
                )
        for turn, voice in enumerate(document.items("holders", index, "voices")):
            since, until = str(voice.get("since") or ""), str(voice.get("until") or "9999")
            if since > until:
                document.fault(("holders", index, "voices", turn, "until"), f"{until} is before since, {since}")
    names = [str(holder.get("name", "")) for holder in holders]
    for index, position in enumerate(document.items("positions")):
        named = position.get("holder")
        if names and isinstance(named, str) and named not in names:
            advice = nearest(named, names)
            document.fault(("positions", index, "holder"), f"«{named}» is not among the holders of this file", advice)


def check_feeds(document: Document) -> None:
    """Record addresses that stand twice."""
    _no_duplicates(document, "feeds", "url")


def check_desk(document: Document) -> None:
    """Record limits in the wrong order, an unknown default channel and an unknown time zone."""
    alert, digest = _number(document, "alert", "alert_at"), _number(document, "alert", "digest_at")
    if alert is not None and digest is not None and digest > alert:
        document.fault(
            ("alert", "digest_at"), f"{digest:g} is above alert_at, {alert:g}", "Lower it, or raise alert_at."
        )
    for low, high in (("fastest_s", "slowest_s"), ("first_retry_s", "longest_retry_s")):
        section = "poll" if low == "fastest_s" else "dispatch"
        first, last = _number(document, section, low), _number(document, section, high)
        if first is not None and last is not None and first > last:
            document.fault((section, low), f"{first:g} is above {high}, {last:g}")
    channels = document.data.get("channels")
    default = document.data.get("default_channel")
    if isinstance(channels, dict) and channels and isinstance(default, str) and default not in channels:
        document.fault(("default_channel",), f"«{default}» is not among the channels", nearest(default, channels))
    dispatch = document.data.get("dispatch")
    quiet = dispatch.get("quiet") if isinstance(dispatch, dict) else None
    zone = quiet.get("zone") if isinstance(quiet, dict) else None
    if isinstance(zone, str):
        _check_zone(document, zone, ("dispatch", "quiet", "zone"))
    daily = document.data.get("daily")
    if isinstance(daily, dict) and isinstance(daily.get("zone"), str):
        _check_zone(document, daily["zone"], ("daily", "zone"))


def check_references(positions: Document, desk: Document) -> None:
    """Record channels and positions that one file names and the other does not know."""
    channels = desk.data.get("channels")
    for index, position in enumerate(positions.items("positions")):
        channel = position.get("channel")
        if isinstance(channels, dict) and isinstance(channel, str) and channel and channel not in channels:
            advice = nearest(channel, channels)
            positions.fault(
                ("positions", index, "channel"), f"«{channel}» is not among the channels of desk.yaml", advice
            )
    ids = [str(position.get("id", "")) for position in positions.items("positions")]
    alert = desk.data.get("alert")
    overrides = alert.get("alert_at_by_position") if isinstance(alert, dict) else None
    for name in overrides if ids and isinstance(overrides, dict) else ():
        if name not in ids:
            desk.fault(
                ("alert", "alert_at_by_position", name), "is not a position of positions.yaml", nearest(name, ids)
            )


def _no_duplicates(document: Document, section: str, key: str) -> None:
    first: dict[str, int] = {}
    for index, item in enumerate(document.items(section)):
        value = item.get(key)
        if not isinstance(value, str):
            continue
        same = address(value) if key == "url" else value
        if same in first:
            line = document.lines.get((section, first[same]), 0)
            document.fault(
                (section, index, key), f"«{value}» stands twice (first on line {line})", "Remove one of them."
            )
        first.setdefault(same, index)


def address(url: str) -> str:
    """Return what two spellings of one feed address have in common."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return url
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}?{parts.query}"


def _check_zone(document: Document, zone: str, where: tuple[str | int, ...]) -> None:
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        advice = nearest(zone, zoneinfo.available_timezones())
        document.fault(
            where,
            f"«{zone}» is not a time zone",
            advice if advice.startswith("Did") else "Write an IANA name, such as Europe/Berlin.",
        )


def _number(document: Document, section: str, key: str) -> float | None:
    inside = document.data.get(section)
    policy = {"alert": ALERT, "dispatch": DISPATCH, "poll": POLL}[section]
    value = inside.get(key, getattr(policy, key)) if isinstance(inside, dict) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _texts(value: object) -> Collection[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

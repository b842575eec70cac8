"""An entry's date: read where it can be, repaired where it must be, and replaced by the time of discovery where it lies.

feedparser's own dates are not used: it reads CEST as UTC, month 13 as next January and a Unix time as 1699.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from bot.domain import DateConfidence

AHEAD = timedelta(hours=24)
EARLIEST = datetime(1990, 1, 2, tzinfo=UTC)
MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan", "feb mär mar", "", "apr", "may mai", "jun", "jul", "aug", "sep", "oct okt", "nov", "dec dez"), 1
    )
    for name in names.split()
} | {"mar": 3, "mär": 3, "märz": 3}
ZONES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "mez": 1, "met": 1, "cest": 2, "mesz": 2,
    "mest": 2, "eet": 2, "eest": 3, "msk": 3, "msd": 4, "trt": 3, "samt": 4, "yekt": 5, "pkt": 5, "ist": 5.5, "npt": 5.75,
    "novt": 7, "ict": 7, "wib": 7, "hkt": 8, "sgt": 8, "awst": 8, "kst": 9, "jst": 9, "aest": 10, "aedt": 11, "nzst": 12,
    "nzdt": 13, "art": -3, "brt": -3, "ast": -4, "adt": -3, "est": -5, "edt": -4, "et": -5, "cst": -6, "cdt": -5, "ct": -6,
    "mst": -7, "mdt": -6, "mt": -7, "pst": -8, "pdt": -7, "pt": -8, "akst": -9, "akdt": -8, "hst": -10, "sast": 2, "eat": 3,
    "gst": 4, "irst": 3.5, "idt": 3,
}  # fmt: skip
CLOCK = r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[ap]\.?m\.?)?"
ZONE = r"\s*(?P<zone>[+-]\d{1,2}:?\d{0,2}|[A-Za-z]{1,5})?(?:\s*(?P<further>[+-]\d{1,2}:?\d{0,2}))?(?:\s*\([^)]*\))?"
FORMS = (
    re.compile(
        r"^(?P<year>\d{4})[-/.]?(?P<month>\d{2})[-/.]?(?P<day>\d{2})(?:[T\s,]+" + CLOCK + ZONE + r")?\s*$", re.IGNORECASE
    ),
    re.compile(
        r"^(?:[^\W\d]+\.?,?\s+)?(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?[\s-]+(?P<name>[^\W\d]{3,9})\.?,?[\s-]+(?P<year>\d{4}|\d{2})"
        r"(?:,?\s+(?:at\s+)?" + CLOCK + ZONE + r")?\s*$",
        re.IGNORECASE,
    ),
    re.compile(
        r"^(?:[^\W\d]+\.?,?\s+)?(?P<name>[^\W\d]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})"
        r"(?:,?\s+(?:at\s+|-\s+)?" + CLOCK + ZONE + r")?\s*$",
        re.IGNORECASE,
    ),
    re.compile(  # asctime: Wed Nov 25 18:54:53 UTC 2026
        r"^(?:[^\W\d]+\.?,?\s+)?(?P<name>[^\W\d]{3,9})\.?\s+(?P<day>\d{1,2})\s+" + CLOCK
        + r"\s*(?P<zone>[A-Za-z]{1,5}|[+-]\d{4})?\s+(?P<year>\d{4})\s*$",
        re.IGNORECASE,
    ),
    re.compile(r"^(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?:[\s,]+" + CLOCK + ZONE + r")?\s*$", re.IGNORECASE),
    re.compile(r"^(?P<year>\d{4})(?:-(?P<month>\d{2}))?\s*$"),
)  # fmt: skip
USUAL = re.compile(r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|UTC|\+0000)")
"""What most feeds write, read at a fraction of the cost."""
TWO_DIGIT_PIVOT = 70
LONGEST = 120


def read(raw: str) -> tuple[datetime, bool] | None:
    """Return the moment that `raw` names and whether its zone is stated; None where it names none that exists."""
    text = " ".join(raw.replace("\u200e", "").split())
    if not text or len(text) > LONGEST:
        return None
    if re.fullmatch(r"\d{9,10}(?:\.\d+)?|\d{13}", text):
        number = float(text) / (1000.0 if len(text) == 13 else 1.0)
        return datetime.fromtimestamp(number, UTC), True
    if text[:4].isdigit() and len(text) > 10:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            stated = moment.tzinfo is not None
            return _in_utc(moment if stated else moment.replace(tzinfo=UTC), stated=stated)
    usual = USUAL.fullmatch(text)
    read_at_once = _usual(usual) if usual else None
    if read_at_once is not None:
        return read_at_once
    for form in FORMS:
        found = form.match(text)
        if found:
            return _moment(found.groupdict())
    return None


def resolve(raws: tuple[str, ...], now: datetime) -> tuple[datetime, str, DateConfidence]:
    """Return an entry's date, the raw text it came from, and how far it may be trusted.

    `raws` are the entry's dates, best first. A date up to a day ahead becomes `now`; later ones, and ones before 1990, are
    not believed.
    """
    for raw in raws:
        found = read(raw)
        if found is None:
            continue
        moment, stated = found
        if moment > now + AHEAD or moment < EARLIEST:
            continue
        if moment > now:
            return now, raw, DateConfidence.REPAIRED
        return moment, raw, DateConfidence.STATED if stated else DateConfidence.REPAIRED
    return now, next((raw for raw in raws if raw), ""), DateConfidence.FIRST_SEEN


def _usual(found: re.Match[str]) -> tuple[datetime, bool] | None:
    day, month, year, hour, minute, second = found.group(1, 2, 3, 4, 5, 6)
    try:
        moment = datetime(int(year), MONTHS[month.lower()], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except (ValueError, KeyError):
        return None
    return moment, True


def _moment(parts: dict[str, str | None]) -> tuple[datetime, bool] | None:
    year = int(parts.get("year") or 0)
    if year < 100:
        year += 1900 if year >= TWO_DIGIT_PIVOT else 2000
    month = _month(parts)
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    half = (parts.get("half") or "").lower()
    if half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    offset = _offset(parts.get("further") or parts.get("zone") or "")
    midnight = hour == 24 and minute == 0 and second == 0
    try:
        moment = datetime(
            year, month, int(parts.get("day") or 1), 0 if midnight else hour, minute, min(second, 59),
            tzinfo=timezone(offset or timedelta()),
        )  # fmt: skip
        return _in_utc(moment + timedelta(days=midnight), stated=offset is not None)
    except (ValueError, OverflowError):
        return None


def _in_utc(moment: datetime, *, stated: bool) -> tuple[datetime, bool] | None:
    try:
        return moment.astimezone(UTC), stated
    except (ValueError, OverflowError):  # the first and last days of the calendar
        return None


def _month(parts: dict[str, str | None]) -> int:
    name = parts.get("name")
    if name is None:
        return int(parts.get("month") or 1)
    return MONTHS.get(name.lower()[:3], 0)


def _offset(zone: str) -> timedelta | None:
    """Return a zone's distance from UTC, None where it is not stated or unknown."""
    text = zone.lower()
    if not text:
        return None
    if text[0] in "+-":
        digits = text[1:].replace(":", "")
        hours, minutes = (digits, "0") if len(digits) <= 2 else (digits[:-2], digits[-2:])
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        if offset >= timedelta(hours=15) or int(minutes) > 59:
            return None
        return -offset if text[0] == "-" else offset
    return timedelta(hours=ZONES[text]) if text in ZONES else None

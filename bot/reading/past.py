"""When it was: the date of an account of the past, as far as a sentence names it."""

from __future__ import annotations

import re
from datetime import date, timedelta

from bot.reading.mode import is_past

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_DATE = re.compile(
    r"\b(?:(?:(?P<before>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?)?"
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b\.?"
    r"(?:\s+(?P<after>\d{1,2})(?:st|nd|rd|th)?\b)?,?\s+(?:of\s+)?)?(?<!\d)(?P<year>(?:19|20)\d\d)\b(?!\d|s\b|[.,]\d)",
    re.IGNORECASE,
)
_AGO = re.compile(
    rf"(?<![\w-])(?P<number>\d{{1,2}}|an?|{'|'.join(_NUMBERS)})\s+(?P<unit>years?|decades?|months?)\s+ago\b|"
    r"\blast (?P<last>year|month)\b",
    re.IGNORECASE,
)


def past_date(text: str, when: date) -> str:
    """Return the date of the account of the past that `text` gives: YYYY, YYYY-MM or YYYY-MM-DD, as far as it is named.

    The latest of several years before `when`, the article's day; where none is named, the year or month that "three years ago",
    "last year" or "last month" mean by it. "" where the text tells of no past or does not date it.
    """
    if not is_past(text, when):
        return ""
    named = [found for found in map(_named, _DATE.finditer(text)) if int(found[:4]) < when.year]
    if named:
        latest = max(found[:4] for found in named)
        return max((found for found in named if found[:4] == latest), key=len)
    ago = _AGO.search(text)
    return _reckoned(ago, when) if ago else ""


def _named(match: re.Match[str]) -> str:
    year, month = match.group("year"), match.group("month")
    if month is None:
        return year
    number = _MONTHS.index(month[:3].lower()) + 1
    day = int(match.group("before") or match.group("after") or 0)
    try:
        return date(int(year), number, day).isoformat()
    except ValueError:
        return f"{year}-{number:02}"


def _reckoned(match: re.Match[str], when: date) -> str:
    if match.group("last"):
        before = when.replace(day=1) - timedelta(days=1)
        return str(when.year - 1) if match.group("last").lower() == "year" else before.isoformat()[:7]
    word, unit = match.group("number").lower(), match.group("unit").lower()
    count = int(word) if word.isdigit() else 1 if word in {"a", "an"} else _NUMBERS.index(word) + 1
    if unit.startswith("month"):
        months = when.year * 12 + when.month - 1 - count
        return f"{months // 12}-{months % 12 + 1:02}"
    return str(when.year - count * (10 if unit.startswith("decade") else 1))

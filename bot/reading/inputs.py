"""Articles that are handed in: plain text, HTML, or JSON with one article, an array of them, or one a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from bot.domain import Article, identify
from bot.errors import InputError
from bot.ports import Abstained, Extractor
from bot.reading.page import looks_like_html

LONGEST_KEY = 200

_JSON = re.compile(r"\ufeff?\s*(?:\{|\[\s*\{)")


def read_articles(
    data: bytes, name: str, *, extractor: Extractor, now: datetime, url: str = ""
) -> Iterator[tuple[str, Article | InputError]]:
    """Yield (document, article) from the bytes of `name`, which is also the document where an article has no id of its own.

    Plain text keeps every character where it is, so that offsets count in what was given. An article without a date is taken
    to be of `now`; a live page gives each of its items. One of many articles that cannot be read comes as the InputError in
    its place. Raises InputError for bytes that are no text, a file's one JSON object that is no article, and pages that hold
    none.
    """
    text = _decode(data, name)
    if _JSON.match(text):
        yield from _from_json(text, name, now)
    elif looks_like_html(text):
        yield from _from_page(text, name, extractor, now=now, url=url)
    else:
        yield name, _article(name, {"text": text, "url": url}, now)


def _decode(data: bytes, name: str) -> str:
    if not data.strip():
        raise InputError(f"{name}: is empty; text, HTML or JSON is expected.")
    if b"\0" in data[:8192] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{name}: is a binary file; text, HTML or JSON is expected.")
    for encoding in ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{name}: is not text in UTF-8, UTF-16 or Windows-1252.")


def _from_json(text: str, name: str, now: datetime) -> Iterator[tuple[str, Article | InputError]]:
    """Read one object that fills the file, an array of objects, or one object a line."""
    text = text.removeprefix("\ufeff")
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as fault:
        if text.lstrip().startswith("["):
            raise InputError(f"{name}: not JSON ({fault}).") from None
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield _from_line(line, f"{name}:{number}", now)
        return
    if isinstance(whole, dict):
        document = _document(whole, name)
        yield document, _article(document, _checked(whole, name), now)
        return
    for index, raw in enumerate(whole):
        yield _one_of_many(raw, f"{name}[{index}]", now)


def _from_line(line: str, place: str, now: datetime) -> tuple[str, Article | InputError]:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as fault:
        return place, InputError(f"{place}: not JSON ({fault}).")
    return _one_of_many(raw, place, now)


def _one_of_many(raw: object, place: str, now: datetime) -> tuple[str, Article | InputError]:
    if not isinstance(raw, dict):
        return place, InputError(f"{place}: expected an article as a JSON object.")
    document = _document(raw, place)
    try:
        return document, _article(document, _checked(raw, place), now)
    except InputError as fault:
        return document, fault


def _document(raw: dict[str, Any], place: str) -> str:
    return str(raw["id"])[:LONGEST_KEY] if raw.get("id") not in (None, "") else place


def _checked(raw: dict[str, Any], place: str) -> dict[str, Any]:
    if not isinstance(raw.get("text"), str):
        raise InputError(f"{place}: an article needs the key 'text' with a string.")
    for key in ("title", "url", "outlet", "author"):
        if raw.get(key) is not None and not isinstance(raw[key], str):
            raise InputError(f"{place}: the key {key!r} must be a string.")
    return raw


def _article(document: str, raw: dict[str, Any], now: datetime) -> Article:
    published = _moment(raw.get("published"), document) or now
    return Article(
        id=identify("handed in", document, raw["text"]),
        url=raw.get("url") or "",
        title=raw.get("title") or "",
        text=raw["text"],
        published=published,
        outlet=raw.get("outlet") or "",
        author=raw.get("author") or "",
    )


def _from_page(
    page: str, name: str, extractor: Extractor, *, now: datetime, url: str
) -> Iterator[tuple[str, Article | InputError]]:
    """Yield the article of a page, or the items of a live one, numbered from 1."""
    found = extractor.extract(page, url=url)
    if isinstance(found, Abstained):
        raise InputError(f"{name}: no article in this page ({found.reason}). {found.detail}".strip())
    whole = Article(
        id=identify("handed in", name, found.text),
        url=found.canonical_url or url,
        title=found.title,
        text=found.text,
        published=found.published or now,
        outlet=found.outlet,
        author=found.author,
        language=found.language or "en",
    )
    if not found.items:
        yield name, whole
    for number, item in enumerate(found.items, 1):
        yield (
            f"{name}#{number}",
            replace(
                whole,
                id=identify("handed in", name, number, item.text),
                url=item.url or whole.url,
                title=item.title or whole.title,
                text=item.text,
                published=item.published or whole.published,
            ),
        )


def _moment(value: object, place: str) -> datetime | None:
    """Return the aware time that `value` says (ISO 8601 or as in mail), None for none; naive times count as UTC."""
    if value in (None, ""):
        return None
    text = str(value).strip()
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(text)
        except (ValueError, TypeError):
            continue
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC) if timedelta(0) <= aware - datetime(1, 1, 2, tzinfo=UTC) else None
    raise InputError(f"{place}: the date {text!r} is not like 2026-02-10T09:00:00Z.")

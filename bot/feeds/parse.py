"""From the bytes of a feed to what it says. Runs inside the fence (`worker.py`): it may be slow, or never come back.

In order: decode; JSON Feed; well-formed XML by our own reader; the same after mending what is usually wrong (bare ampersands,
HTML's entities, text around the document); feedparser for what is broken in other ways; single items where even that
found fewer than there are.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html.entities import html5
from typing import Any
from xml.etree.ElementTree import ParseError

from bot.feeds import jsonfeed, xmlfeed
from bot.feeds.encoding import decode
from bot.feeds.parsed import NotAFeed, ParsedEntry, ParsedFeed
from bot.feeds.plain import to_line, to_text

FEED_START = re.compile(r"<(?:\w{1,20}:)?(?:rss|rdf|feed|channel|item|entry)[\s>/]", re.IGNORECASE)
DOCUMENT_START = re.compile(r"<(?:\w{1,20}:)?(?:rss|rdf|feed)[\s>]", re.IGNORECASE)
DOCUMENT_END = re.compile(r"</(?:\w{1,20}:)?(?:rss|rdf|feed)\s*>", re.IGNORECASE)
SPACE = re.compile(r"\s+")
HTML_START = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
ITEM = re.compile(r"<((?:\w{1,20}:)?(?:item|entry))(?:\s[^>]*)?>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
ITEM_START = re.compile(r"<(?:\w{1,20}:)?(?:item|entry)(?:\s[^>]*)?>", re.IGNORECASE)
OPAQUE = re.compile(r"<!\[CDATA\[(?:.*?\]\]>|.*(\Z))|<!--(?:.*?-->|.*(\Z))", re.DOTALL)
"""What is opened and never closed goes on to the end, so that no opening is looked through twice; a group says so."""
REFERENCE = re.compile(
    r"<!\[CDATA\[(?:.*?\]\]>|.*)|<!--(?:.*?-->|.*)|&(#\d{1,8};|#[xX][0-9a-fA-F]{1,7};|[A-Za-z][A-Za-z0-9]{1,31};)?",
    re.DOTALL,
)
ENTITY_DECLARATION = re.compile(r"<!ENTITY\b", re.IGNORECASE)
XML_NAMES = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})
LINK = re.compile(r"<link\b[^>]{0,2000}>", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""([\w-]{1,20})\s*=\s*(?:"([^"]{0,2000})"|'([^']{0,2000})'|([^\s>"']{1,2000}))""")
LOGIN = re.compile(
    r"""type\s*=\s*["']?password|<title>[^<]{0,80}(?:log[ -]?in|sign[ -]?in|consent|captcha|just a moment)""",
    re.IGNORECASE,
)
MOST_SINGLE = 5000
MOST_LINKS = 20


def parse(body: bytes, content_type: str = "") -> ParsedFeed | NotAFeed:
    """Return what `body` is. Every input has an answer, except those that exceed the fence's limits."""
    text = decode(body, content_type).strip()
    if not text:
        return NotAFeed(kind="empty", problem="the answer has no content")
    if text[0] in "{[":
        return jsonfeed.read(text)
    found = _well_formed(text)
    if isinstance(found, ParsedFeed):
        return found
    if found == "html" or not FEED_START.search(text) or (_begins_html(text) and not DOCUMENT_START.search(text)):
        return _no_feed(text)
    return _broken(text)


def _well_formed(text: str) -> ParsedFeed | str:
    """Return the feed, the name of the root element where that is none, or "" where the XML cannot be mended."""
    if ENTITY_DECLARATION.search(text[:100_000]):
        return ""
    for damage in ("", "mended before reading"):
        document = _mended(text) if damage else text
        try:
            found = xmlfeed.read(document.encode("utf-8"))
        except (ParseError, RecursionError, ValueError):
            continue
        return replace(found, damage=damage) if isinstance(found, ParsedFeed) else found
    return ""


def _mended(text: str) -> str:
    start, ends = DOCUMENT_START.search(text), list(DOCUMENT_END.finditer(text))
    inner = text[start.start() if start else 0 : ends[-1].end() if ends else len(text)]
    return mend_references(inner)


def mend_references(text: str) -> str:
    """Return XML text whose bare ampersands are escaped and whose HTML entities are numbers; CDATA and comments stay."""
    return REFERENCE.sub(_reference, text)


def _reference(found: re.Match[str]) -> str:
    name = found.group(1)
    if not found.group(0).startswith("&"):
        return found.group(0)
    if name is None:
        return "&amp;"
    if name in XML_NAMES:
        return f"&{name}"
    if name[0] == "#":
        code = int(name[2:-1], 16) if name[1] in "xX" else int(name[1:-1])
        legal = code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
        return f"&{name}" if legal else ""
    letter = html5.get(name)
    return "".join(f"&#{ord(part)};" for part in letter) if letter else f"&amp;{name}"


def _broken(text: str) -> ParsedFeed | NotAFeed:
    """Read with feedparser, and item by item where that finds fewer items than the document has."""
    mended = mend_references(text)
    document = _feedparser(text if ENTITY_DECLARATION.search(text[:100_000]) else mended)
    entries = tuple(_entry(entry) for entry in document.entries)
    plain = OPAQUE.sub(lambda found: found[0] if found.lastindex else "", mended)
    expected = len(ITEM_START.findall(plain))
    if len(entries) < min(expected, MOST_SINGLE):
        single = _item_by_item(mended)
        entries = single if len(single) > len(entries) else entries
    head = document.feed
    version = document.get("version") or ("unknown" if entries else "")
    if not version:
        return _no_feed(text)
    return ParsedFeed(
        format=version,
        title=to_line(_string(head.get("title"))),
        site=_string(head.get("link")),
        language=_string(head.get("language")),
        ttl_s=xmlfeed.minutes(_string(head.get("ttl"))),
        damage="not well-formed",
        entries=entries,
    )


def _feedparser(text: str) -> Any:
    import feedparser

    headers = {"content-type": "application/xml; charset=utf-8"}
    body = text.encode("utf-8", "replace")
    try:
        return feedparser.parse(body, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  feedparser stumbles over some damage (KeyError, ValueError); items are then read singly
        return feedparser.FeedParserDict(entries=[], feed=feedparser.FeedParserDict())


def _item_by_item(text: str) -> tuple[ParsedEntry, ...]:
    root = re.search(r"<(?:\w{1,20}:)?(?:rss|rdf|feed)\b[^>]{0,5000}>", text, re.IGNORECASE)
    spaces = " ".join(re.findall(r"""xmlns(?::\w+)?\s*=\s*(?:"[^"]*"|'[^']*')""", root.group(0))) if root else ""
    entries: list[ParsedEntry] = []
    for count, found in enumerate(ITEM.finditer(text)):
        if count >= MOST_SINGLE:
            break
        document = f'<rss version="2.0" {spaces}><channel>{found.group(0)}</channel></rss>'
        try:
            read = xmlfeed.read(document.encode("utf-8", "replace"))
            entries += read.entries if isinstance(read, ParsedFeed) else ()
        except (ParseError, RecursionError, ValueError):
            entries += [_entry(entry) for entry in _feedparser(document).entries]
    return tuple(entries)


def _entry(entry: Any) -> ParsedEntry:
    """Return feedparser's entry in our words; its parsed dates are left alone, its raw ones taken."""
    entry = dict(entry)  # without the aliases that feedparser's own dictionary makes up
    bodies = [_string(part.get("value")) for part in entry.get("content") or () if isinstance(part, dict)]
    body = next((text for text in (*bodies, _string(entry.get("summary"))) if text.strip()), "")
    dates = (_string(entry.get(name)) for name in ("published", "created", "updated"))
    return ParsedEntry(
        guid=_string(entry.get("id")),
        url=_string(entry.get("feedburner_origlink")) or _string(entry.get("link")),
        title=to_line(_string(entry.get("title"))),
        text=to_text(body),
        author=to_line(_string(entry.get("author"))),
        dates=tuple(dict.fromkeys(date[:200] for date in dates if date)),
    )


def _string(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _begins_html(text: str) -> bool:
    """Whether HTML is the first thing after white space, comments and processing instructions."""
    at = 0
    while True:
        space = SPACE.match(text, at)
        at = space.end() if space else at
        end = text.find("-->", at) + 3 if text.startswith("<!--", at) else 0
        end = text.find("?>", at) + 2 if text.startswith("<?", at) else end
        if end <= at:
            return HTML_START.match(text, at) is not None
        at = end


def _no_feed(text: str) -> NotAFeed:
    looks_html = _begins_html(text) or re.search(r"<(?:html|body|head)\b", text[:20_000], re.IGNORECASE)
    if not looks_html:
        return NotAFeed(kind="not_a_feed", problem=f"neither RSS, Atom nor JSON Feed: it begins {text[:60]!r}")
    if LOGIN.search(text[:500_000]):
        return NotAFeed(kind="login_page", problem="a page that asks to log in or to consent", links=_links(text))
    return NotAFeed(kind="html", problem="a web page, not a feed", links=_links(text))


def _links(text: str) -> tuple[str, ...]:
    """Return the feeds that a page names in its head, in order."""
    links: list[str] = []
    for tag in LINK.findall(text[:1_000_000]):
        attributes = {name.lower(): a or b or c for name, a, b, c in ATTRIBUTE.findall(tag)}
        kind, relation = attributes.get("type", "").lower(), attributes.get("rel", "").lower().split()
        if "alternate" in relation and ("rss" in kind or "atom" in kind or "feed+json" in kind or "rdf" in kind):
            links.append(to_line(attributes.get("href", "")))
    return tuple(dict.fromkeys(link for link in links if link))[:MOST_LINKS]

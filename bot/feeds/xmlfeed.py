"""Reads well-formed RSS (0.9 to 2.0, RDF) and Atom (0.3, 1.0) straight from the XML tree.

Most feeds are well-formed, and expat with what a desk needs of them costs a fiftieth of feedparser, whose quirks with dates
and ampersands then do not matter either. Whatever this reader does not know for certain it leaves to feedparser.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, XMLParser

from bot.feeds.parsed import ParsedEntry, ParsedFeed
from bot.feeds.plain import BLOCKS, HIDDEN, to_line, to_text

ATOM = frozenset({"http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#", "http://www.w3.org/2005/atom"})
RSS = frozenset(
    {
        "", "http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/", "http://channel.netscape.com/rdf/simple/0.9/",
        "http://purl.org/net/rss1.1#", "http://backend.userland.com/rss2", "http://backend.userland.com/rss",
        "http://blogs.law.harvard.edu/tech/rss", "http://backend.userland.com/rss091", "http://my.netscape.com/publish/formats/rss-0.91.dtd",
        "http://purl.org/rss/1.0/modules/rss091/", "http://cyber.law.harvard.edu/rss/rss.html",
    }
)  # fmt: skip
DUBLIN_CORE = frozenset(
    {"http://purl.org/dc/elements/1.1/", "http://purl.org/dc/elements/1.0/", "http://purl.org/dc/terms/"}
)
CONTENT = "http://purl.org/rss/1.0/modules/content/"
XHTML = "http://www.w3.org/1999/xhtml"
FEEDBURNER = "http://rssnamespace.org/feedburner/ext/1.0"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
MEDIA = "http://search.yahoo.com/mrss/"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
ITEMS = frozenset({"item", "entry"})
DATES = ("published", "pubdate", "issued", "created", "date", "updated", "modified", "lastmod", "lastbuilddate")
BODIES = (
    "encoded",
    "content",
    "body",
    "div",
    "fulltext",
    "fullitem",
    "description",
    "summary",
    "subtitle",
    "abstract",
    "tagline",
)
RSS_VERSIONS = {
    "0.90": "rss090",
    "0.91": "rss091u",
    "0.92": "rss092",
    "0.93": "rss093",
    "0.94": "rss094",
    "2.0": "rss20",
}


def read(document: bytes) -> ParsedFeed | str:
    """Return the feed in a UTF-8 XML document, or the name of its root element (lower case) where that is no feed.

    Raises:
        xml.etree.ElementTree.ParseError: The document is not well-formed.
        RecursionError: Content is nested too deep to be text.
    """
    parser = XMLParser(encoding="utf-8")  # noqa: S314  in the fenced process; declared entities never come here
    parser.feed(document)
    root = parser.close()
    space, name = _split(root.tag)
    if name not in ("rss", "rdf", "feed", "entry", "channel"):
        return name
    spaces = ATOM | RSS | {space}
    base = root.get(XML_BASE, "")
    channel = next((child for child in root if _split(child.tag)[1] == "channel"), root)
    items = [root] if name == "entry" else list(_items(root, spaces))
    head = _Fields(channel, spaces, urljoin(base, channel.get(XML_BASE, "")))
    return ParsedFeed(
        format=_format(root, space, name),
        title=to_line(head.text("title")),
        site=head.link(),
        language=head.raw("language") or root.get(XML_LANG, ""),
        ttl_s=minutes(head.raw("ttl")),
        entries=tuple(_entry(item, spaces, base) for item in items),
    )


def minutes(raw: str) -> float | None:
    """Return a TTL in seconds, None where it is missing, nonsense or not positive."""
    text = raw.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        return None
    return float(text) * 60.0 or None


def _items(root: Element, spaces: frozenset[str]) -> Iterator[Element]:
    """Yield the items, wherever they stand; what an item quotes of another feed's is no item."""
    quoted: set[Element] = set()
    for element in root.iter():
        if element is not root and _is_item(element, spaces) and element not in quoted:
            quoted.update(inner for inner in element.iter() if inner is not element and _is_item(inner, spaces))
            yield element


def _is_item(element: Element, spaces: frozenset[str]) -> bool:
    space, name = _split(element.tag) if isinstance(element.tag, str) else ("", "")
    return name in ITEMS and space in spaces


def _entry(item: Element, spaces: frozenset[str], base: str) -> ParsedEntry:
    fields = _Fields(item, spaces, urljoin(base, item.get(XML_BASE, "")))
    guid_element = fields.first("guid", "id", "identifier")
    guid = (guid_element.text or "").strip() if guid_element is not None else ""
    guid = guid or item.get(f"{{{RDF}}}about", "") or item.get("about", "")
    link = fields.link() or (urljoin(base, item.get("href", "").strip()) if item.get("href") else "")
    permalink = guid_element is None or (guid_element.get("isPermaLink") or "true").strip().lower() != "false"
    if not link and permalink and guid.lower().startswith(("http://", "https://")):
        link = guid
    return ParsedEntry(
        guid=guid,
        url=link,
        title=to_line(fields.text("title") or fields.text("extra-title")),
        text=fields.body(),
        author=to_line(fields.author()),
        dates=fields.dates(),
    )


class _Fields:
    """An item's or channel's children by local name, those of unknown vocabularies left out."""

    def __init__(self, element: Element, spaces: frozenset[str], base: str) -> None:
        self._base = base
        self._children: dict[str, list[Element]] = {}
        self._orig_link = ""
        for child in element:
            if not isinstance(child.tag, str):
                continue
            space, name = _split(child.tag)
            if (
                space in spaces
                or space in DUBLIN_CORE
                or (space == CONTENT and name == "encoded")
                or (space == XHTML and name in ("body", "div"))
            ):
                self._children.setdefault(name, []).append(child)
            elif space == FEEDBURNER and name == "origlink":
                self._orig_link = (child.text or "").strip()
            elif space in (ITUNES, MEDIA) and name in ("author", "summary", "description", "title"):
                self._children.setdefault(f"extra-{name}", []).append(child)

    def first(self, *names: str) -> Element | None:
        for name in names:
            for child in self._children.get(name, ()):
                if child.text and child.text.strip():
                    return child
        return None

    def raw(self, *names: str) -> str:
        found = self.first(*names)
        return (found.text or "").strip() if found is not None else ""

    def text(self, name: str) -> str:
        """Return the content of the first child called `name` that has any."""
        for child in self._children.get(name, ()):
            content = _content(child)
            if content.strip():
                return content
        return ""

    def body(self) -> str:
        for name in (*BODIES, "extra-description", "extra-summary"):
            text = to_text(self.text(name))
            if text:
                return text
        return ""

    def author(self) -> str:
        for child in self._children.get("author", ()):
            name = next((part for part in child if _split(part.tag)[1] == "name"), None)
            found = ((name.text if name is not None else child.text) or "").strip()
            if found:
                return found
        return self.raw("creator", "managingeditor", "extra-author")

    def dates(self) -> tuple[str, ...]:
        found = (self.raw(name)[:200] for name in DATES)
        return tuple(dict.fromkeys(date for date in found if date))

    def link(self) -> str:
        if self._orig_link:
            return urljoin(self._base, self._orig_link)
        best, score = "", 0
        for child in self._children.get("link", ()):
            href = (child.get("href") or child.text or "").strip()
            rank = _rank(child) if href else 0
            if rank > score:
                best, score = urljoin(urljoin(self._base, child.get(XML_BASE, "")), href), rank
        elsewhere = next((child.get("src", "").strip() for child in self._children.get("content", ())), "")
        return best or (urljoin(self._base, elsewhere) if elsewhere else "")


def _rank(link: Element) -> int:
    """Return how likely a link is to be the article: 0 for what is surely something else."""
    relation = (link.get("rel") or "alternate").strip().lower()
    if relation != "alternate":
        return 1 if relation in ("related", "via", "bookmark", "canonical") else 0
    kind = (link.get("type") or "text/html").lower()
    return 3 if "html" in kind else 2


def _content(element: Element) -> str:
    mode = (element.get("mode") or "").lower()
    kind = (element.get("type") or "").lower()
    binary = "/" in kind and "html" not in kind and "xml" not in kind and not kind.startswith("text/")
    if mode == "base64" or binary:
        return _from_base64(element.text or "")
    return "".join(_markup(element)) if len(element) else element.text or ""


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return text


def _markup(element: Element) -> Iterator[str]:
    """Yield the inner mark-up of `element` with only what `to_text` looks at: names of blocks and hidden parts."""
    yield _escaped(element.text)
    for child in element:
        name = _split(child.tag)[1] if isinstance(child.tag, str) else ""
        shown = name in BLOCKS or name in HIDDEN
        if shown:
            yield f"<{name}>"
        yield from _markup(child)
        if shown:
            yield f"</{name}>"
        yield _escaped(child.tail)


def _escaped(text: str | None) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;") if text else ""


def _split(tag: str) -> tuple[str, str]:
    if tag.startswith("{"):
        space, _, name = tag[1:].partition("}")
        return space, name.lower()
    return "", tag.lower()


def _format(root: Element, space: str, name: str) -> str:
    if name in ("feed", "entry"):
        return "atom10" if space == "http://www.w3.org/2005/Atom" else "atom03" if space in ATOM else "atom"
    if name == "rdf":
        inner = {_split(child.tag)[0] for child in root if isinstance(child.tag, str)}
        return "rss090" if any("simple/0.9" in inside for inside in inner) else "rss10"
    if name == "channel":
        return "rss11" if "rss1.1" in space else "rss"
    return RSS_VERSIONS.get(root.get("version", "").strip(), "rss")

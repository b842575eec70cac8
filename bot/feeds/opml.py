"""OPML, the lists of feeds that readers exchange: read with a report line by line, and written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from bot.core.addresses import identity, origin_of
from bot.domain import Feed
from bot.feeds.encoding import decode
from bot.feeds.parse import mend_references

LARGEST = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlLine:
    """What became of one outline, or of the file. `outcome` is "feed", "duplicate", "refused" or "broken"."""

    line: int
    outcome: str
    name: str = ""
    url: str = ""
    problem: str = ""


@dataclass(slots=True)
class _Reading:
    feeds: list[Feed] = field(default_factory=list)
    lines: list[OpmlLine] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)


def read(body: bytes) -> tuple[list[Feed], list[OpmlLine]]:
    """Return the feeds of an OPML file, each once, and a line about every outline that names one.

    A file that breaks off gives what comes before, and a line that says where. Declared entities are not expanded.
    """
    if len(body) > LARGEST:
        return [], [OpmlLine(line=0, outcome="broken", problem=f"over {LARGEST:,} bytes")]
    text = mend_references(re.sub(r"<!DOCTYPE[^>\[]*(?:\[.*?\])?\s*>", "", decode(body), count=1, flags=re.DOTALL))
    reading = _Reading()
    parser = expat.ParserCreate("utf-8")

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag.lower() == "outline":
            _outline(
                reading, {name.lower(): value.strip() for name, value in attributes.items()}, parser.CurrentLineNumber
            )

    def end(tag: str) -> None:
        if tag.lower() == "outline":
            reading.folders.pop()

    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        problem = f"not well-formed from here on: {expat.ErrorString(error.code)}"
        reading.lines.append(OpmlLine(line=error.lineno, outcome="broken", problem=problem))
    if not reading.lines:
        reading.lines.append(OpmlLine(line=0, outcome="broken", problem="no outline names a feed (xmlUrl)"))
    return reading.feeds, reading.lines


def _outline(reading: _Reading, attributes: dict[str, str], line: int) -> None:
    url = re.sub(r"^feed:(?://)?(?=https?:)", "", attributes.get("xmlurl", "")).replace("feed://", "https://", 1)
    name = attributes.get("title") or attributes.get("text") or url
    reading.folders.append("" if url else name)
    if not url:
        return
    if not origin_of(url):
        reading.lines.append(
            OpmlLine(line=line, outcome="refused", name=name, url=url, problem="no http or https address")
        )
        return
    if identity(url) in reading.seen:
        reading.lines.append(
            OpmlLine(line=line, outcome="duplicate", name=name, url=url, problem="named above already")
        )
        return
    reading.seen.add(identity(url))
    language = re.sub(r"[^A-Za-z-]", "", attributes.get("language", ""))[:16].lower()
    reading.feeds.append(Feed(url=url, name=name, outlet=name, language=language or "en"))
    reading.lines.append(OpmlLine(line=line, outcome="feed", name=name, url=url))


def write(feeds: Iterable[Feed], *, title: str = "Walkback") -> bytes:
    """Return an OPML 2.0 file of `feeds`."""
    outlines = "".join(
        f'    <outline type="rss" text={_quoted(feed.name)} title={_quoted(feed.name)} xmlUrl={_quoted(feed.url)}'
        f" language={_quoted(feed.language)}/>\n"
        for feed in feeds
    )
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n  <head><title>{_quoted(title)[1:-1]}</title></head>\n'
    return f"{head}  <body>\n{outlines}  </body>\n</opml>\n".encode()


def _quoted(text: str) -> str:
    return quoteattr(re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text))

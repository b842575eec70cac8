"""Mark-up to plain text, for titles and for an entry's own content: paragraphs apart, no scripts, entities read.

Runs in the parser's process: what it is given may be made to hurt.
"""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

BLOCKS = frozenset(
    """
    address article aside blockquote br dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p
    pre section table td th tr ul
    """.split()  # noqa: SIM905  a list of words is read, not parsed
)
HIDDEN = frozenset({"script", "style", "template", "noscript", "iframe", "svg", "math", "object", "head"})
MARKUP = re.compile(r"<[A-Za-z/!][^<>]*>|&[A-Za-z#][A-Za-z0-9]*;")


def to_text(markup: str) -> str:
    """Return the text of HTML or of plain text, with one blank line between blocks."""
    if not MARKUP.search(markup):
        return _tidy(markup)
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return _tidy("".join(reader.pieces))


def to_line(markup: str) -> str:
    """Return a title's text on one line. Escaped mark-up inside titles is read once more, as aggregators do."""
    text = markup
    if "<" in text and re.search(r"</?(?:b|i|em|strong|span|a|p|div|sup|sub|br|u|font)\b[^<>]*>", text, re.IGNORECASE):
        text = re.sub(r"</?[A-Za-z][^<>]*>", "", text)
    if "&" in text:
        text = unescape(text)
    return " ".join(text.split())


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in re.split(r"\n\s*\n|\x00", text))
    return "\n\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden: list[str] = []

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """Take a marked section that the library knows no word for as a comment, as browsers do; it would raise."""
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            return self.rawdata.find(">", i) + 1 or -1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in HIDDEN:
            self._hidden.append(tag)
        elif tag in BLOCKS:
            self.pieces.append("\x00")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in BLOCKS:
            self.pieces.append("\x00")

    def handle_endtag(self, tag: str) -> None:
        if tag in HIDDEN:
            if tag in self._hidden:
                while self._hidden.pop() != tag:
                    pass
        elif tag in BLOCKS:
            self.pieces.append("\x00")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(data)

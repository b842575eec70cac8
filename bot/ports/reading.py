"""What the stages ask of reading: text out of pages, and who says what in it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain import Article, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveItem:
    """One dated item of a live page. "" and None for what it does not say."""

    text: str
    title: str = ""
    published: datetime | None = None
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What a page says about itself, and its text without furniture. "" and None where it does not say."""

    text: str
    title: str = ""
    author: str = ""
    outlet: str = ""
    canonical_url: str = ""
    published: datetime | None = None
    language: str = ""
    items: tuple[LiveItem, ...] = ()
    """Of a live page: its dated items, each an article of its own; `text` has them one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstained:
    """Why a page or text is not read: `reason` is a short stable word (consent_wall, language, ...), `detail` says more."""

    reason: str
    detail: str = ""


class Extractor(Protocol):
    """Gets the text out of a page."""

    def extract(self, page: str, *, url: str) -> Extracted | Abstained:
        """Return the text of an HTML page, or why there is none. Never raises for any input."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence's place: character offsets into the text, and the index of its paragraph from 0.

    `answers` are the sentences of the question that it answers in an interview, by their index.
    """

    start: int
    end: int
    paragraph: int
    answers: tuple[int, ...] = ()


class Reader(Protocol):
    """Splits articles and finds who says what."""

    def sentences(self, text: str) -> tuple[Sentence, ...]:
        """Return the sentences of `text` in order, not overlapping. Cheap: no parse."""
        ...

    def read(self, article: Article, wanted: Collection[int] | None = None) -> tuple[Statement, ...]:
        """Return one statement per sentence, or per sentence whose index is in `wanted`; only those passages are parsed."""
        ...

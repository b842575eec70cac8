"""What the stages ask of the edges. Each concrete part is built and joined in `app.py`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.domain import Article, Delivery, Statement


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
    """A sentence's place: character offsets into the text, and the index of its paragraph from 0."""

    start: int
    end: int
    paragraph: int


class Reader(Protocol):
    """Splits articles and finds who says what."""

    def sentences(self, text: str) -> tuple[Sentence, ...]:
        """Return the sentences of `text` in order, not overlapping. Cheap: no parse."""
        ...

    def read(self, article: Article, wanted: Collection[int] | None = None) -> tuple[Statement, ...]:
        """Return one statement per sentence, or per sentence whose index is in `wanted`; only those passages are parsed."""
        ...


class PairScorer(Protocol):
    """The cross-encoder: how statements stand to claims."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns of `score` are, in order."""
        ...

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Return one row of logits per (claim, evidence), shape (pairs, len(names))."""
        ...


class Embedder(Protocol):
    """Sentence embeddings for topics."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (texts, width)."""
        ...


class PostOutcomeKind(StrEnum):
    """How a post ended. `doubtful`: it may be on screen; `mend`: a person must act; `bug`: the message itself is wrong."""

    POSTED = "posted"
    RETRY = "retry"
    DOUBTFUL = "doubtful"
    MEND = "mend"
    BUG = "bug"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOutcome:
    """What came of a post. `ref` names the message when posted; `retry_after_s` is what the other side asked for, or None."""

    kind: PostOutcomeKind
    ref: str = ""
    reason: str = ""
    retry_after_s: float | None = None


class Notifier(Protocol):
    """Shows alerts to the desk: Slack, or the console where there is no token."""

    def post(self, delivery: Delivery) -> PostOutcome:
        """Show one delivery. Faults that can be expected are outcomes, never exceptions."""
        ...

    def find(self, delivery: Delivery) -> str | None:
        """Return the ref of this delivery's message if it is already on screen, else None."""
        ...

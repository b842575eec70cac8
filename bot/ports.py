"""What the stages ask of the edges. Each concrete part is built and joined in `app.py`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.domain import Article, Delivery, Statement


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture to be shown, in PNG. `alt` says in words what it shows, for whoever does not see it."""

    png: bytes
    title: str
    alt: str


class WishKind(StrEnum):
    """What somebody at the desk can ask for."""

    CONFIRM = "confirm"
    REJECT = "reject"
    MERGE = "merge"
    MUTE = "mute"
    UNMUTE = "unmute"
    TRACK = "track"
    UNDO = "undo"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line that somebody wants tracked, in words. `topics` are other names of the topic; `source` may be ""."""

    holder: str
    topic: str
    baseline: str
    since: date
    source: str = ""
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What `by` asks for. `subject` is a shift's key, a position's id (mute, unmute) or a verdict's id (undo).

    `wording` belongs to a confirmation, `reason` to a rejection, `into` (a shift's key) to a merger, `hours` to a mute and
    `line` to a tracking.
    """

    kind: WishKind
    by: str
    subject: str = ""
    wording: str = ""
    reason: str = ""
    into: str = ""
    hours: float = 24.0
    line: NewLine | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of a wish, in a sentence for whoever had it; `done` is False where it was refused or came second."""

    done: bool
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several things to choose from."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSheet:
    """An alert as somebody decides on it. `standing` says who decided what already, `draft` is a wording for the new line."""

    key: str
    position_id: str
    headline: str
    baseline: str
    since: date
    words: str
    opened_at: datetime
    draft: str = ""
    standing: str = ""
    same_as: tuple[Choice, ...] = ()
    """Earlier shifts of the same position, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSheet:
    """A tracked position: its line, what moved it last, and how it moved lately.

    `trend` has one entry a week, the oldest first: how many shifts went toward the other side less how many went away from
    it, None where there was no shift. `quiet_days` is None where nothing was ever said.
    """

    id: str
    holder: str
    topic: str
    baseline: str
    since: date
    revision: int
    last_shift: str = ""
    last_shift_at: datetime | None = None
    trend: tuple[int | None, ...] = ()
    quiet_days: int | None = None
    muted_until: datetime | None = None
    muted_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One statement with what the bot made of it. `decision` is alert, digest or silent; `reason` says why."""

    headline: str
    words: str
    probability: float
    decision: str
    reason: str
    url: str = ""
    outlet: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSheet:
    """How a feed is. `problem` is "" where its last poll went well."""

    name: str
    problem: str = ""
    last_success_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSheet:
    """How everything stands: what is tracked, read, open, doubtful, and on its way."""

    lines: tuple[LineSheet, ...]
    feeds: tuple[FeedSheet, ...]
    open_alerts: tuple[AlertSheet, ...]
    review: tuple[Finding, ...]
    """Near misses of the last days, the nearest first."""
    articles_today: int = 0
    waiting: int = 0
    troubled: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the bot made of an article or a text. `problem` says why there is nothing more to tell, "" where there is."""

    title: str
    url: str = ""
    problem: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A position's way: its lines from the newest on, and what was said on it, the newest first."""

    line: LineSheet
    lines: tuple[tuple[date, str], ...]
    findings: tuple[Finding, ...]


class DeskDoor(Protocol):
    """What the conversation with the desk asks. Each answer is whole: nobody need know where it is kept."""

    def act(self, wish: Wish, now: datetime) -> Told:
        """Carry a wish out. Two people with the same wish get one outcome, and both are told which."""
        ...

    def alert(self, key: str, now: datetime) -> AlertSheet | None:
        """Return an alert by its shift's key, None for an unknown one."""
        ...

    def desk(self, now: datetime) -> DeskSheet:
        """Return how everything stands."""
        ...

    def why(self, link: str, now: datetime) -> Reading:
        """Return what became of an article by its address."""
        ...

    def check(self, text: str, now: datetime) -> Reading:
        """Return what a text does to the tracked lines. Slow: it is read as an article is; nothing is kept."""
        ...

    def history(self, position_id: str, now: datetime) -> History | None:
        """Return a position's way, None for an unknown one."""
        ...

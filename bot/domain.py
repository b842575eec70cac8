"""The nouns of Walkback, in the order in which an article becomes an alert.

Feed -> Entry -> Article -> Statement -> Candidate -> Assessment -> Shift -> Alert -> Delivery. Each is a frozen value; times are
aware and in UTC; an id is derived from what it names (`identify`), so that the same thing met twice has the same id. An entry
lives between the parser (`feeds.parsed`) and its article, and has no noun here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


def identify(*parts: object) -> str:
    """Return a stable 20-character id of `parts`: hexadecimal of SHA-256 over their texts, separated by NUL."""
    return hashlib.sha256("\0".join(str(part) for part in parts).encode()).hexdigest()[:20]


def text_hash(text: str) -> str:
    """Return the hexadecimal SHA-256 of `text` in UTF-8, as the corpus labels and the store cite it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Relation(StrEnum):
    """What a statement does to a position; the last four are shifts. The order is that of every probability vector."""

    UNRELATED = "unrelated"
    CONSISTENT = "consistent"
    SOFTENING = "softening"
    HARDENING = "hardening"
    CONTRADICTION = "contradiction"
    NEW_OFFER = "new_offer"

    @property
    def is_shift(self) -> bool:
        """Whether the desk is alerted to it."""
        return self not in (Relation.UNRELATED, Relation.CONSISTENT)

    @property
    def is_harder(self) -> bool:
        """Whether the holder goes further than the line rather than away from it."""
        return self is Relation.HARDENING


class Mode(StrEnum):
    """How something is said."""

    ASSERTION = "assertion"
    QUESTION = "question"
    HYPOTHETICAL = "hypothetical"
    DENIAL = "denial"
    COMMITMENT = "commitment"
    OPPONENT = "opponent"
    HISTORY = "history"


class Certainty(StrEnum):
    """Whether words are the holder's own or an official document's (stated), or secondhand (reported)."""

    STATED = "stated"
    REPORTED = "reported"


class DateConfidence(StrEnum):
    """How far an entry's date may be trusted."""

    STATED = "stated"
    REPAIRED = "repaired"
    FIRST_SEEN = "first_seen"


class ArticleState(StrEnum):
    """Where an article stands; `skipped` and `failed` carry a reason."""

    PENDING = "pending"
    ASSESSED = "assessed"
    SKIPPED = "skipped"
    FAILED = "failed"


class DeliveryState(StrEnum):
    """Where a delivery stands. `posting` was claimed; `doubtful` may be on screen already and is looked up first."""

    PENDING = "pending"
    POSTING = "posting"
    DOUBTFUL = "doubtful"
    POSTED = "posted"
    HELD = "held"
    DEAD = "dead"


class Decision(StrEnum):
    """What the desk's policy makes of an assessment."""

    ALERT = "alert"
    DIGEST = "digest"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as the desk configures it. `first_run` is "silent" (fill the ledger, post nothing) or "post"."""

    url: str
    name: str
    outlet: str = ""
    language: str = "en"
    first_run: str = "silent"
    full_text: bool = False
    """Whether entries carry the whole article, so that the linked page is not fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A text to read. Offsets of statements count characters of `text`."""

    id: str
    url: str
    title: str
    text: str
    published: datetime
    outlet: str = ""
    author: str = ""
    language: str = "en"
    revision: int = 0
    silent: bool = False
    """Whether it only fills the ledger: its alerts are not posted (a feed's first run)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A person or body that speaks for a holder, from `since` until `until` (both inclusive, None for open)."""

    name: str
    aliases: tuple[str, ...] = ()
    role: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a position: a state, institution, company or person, with its other names and its voices."""

    name: str
    aliases: tuple[str, ...] = ()
    voices: tuple[Voice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The line that a holder is on record as holding on a topic: one revision of the ledger."""

    id: str
    holder: Holder
    topic: str
    baseline: str
    since: date
    paraphrases: tuple[str, ...] = ()
    source: str = ""
    channel: str = ""
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One to three consecutive sentences with who said them.

    `start` and `end` are character offsets into the article's text, and `text` is what stands there; `before` and `after`
    are the neighbouring sentences ("" at the ends). `speaker` is the resolved name or "" where nobody is cited, `holder` whom
    the speaker speaks for by the desk's configuration or "". `source_start`, `source_end` and `cue` say where the text names
    the source and with which word, None and "" where it does not. `outsider` says of a speaker for no holder that he knows
    a holder's mind from outside alone: an analyst, an opponent, somebody who was in office once, an interviewer.
    """

    id: str
    article_id: str
    start: int
    end: int
    text: str
    before: str = ""
    after: str = ""
    speaker: str = ""
    holder: str = ""
    outsider: bool = False
    attributed: bool = False
    mode: Mode = Mode.ASSERTION
    certainty: Certainty = Certainty.REPORTED
    cue: str = ""
    source_start: int | None = None
    source_end: int | None = None
    past_date: str = ""
    """When what the statement tells was, in an account of the past: YYYY, YYYY-MM or YYYY-MM-DD, "" where it is none or undated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A statement that touches a tracked topic. `similarity` is the cosine of statement and topic, in [-1, 1]."""

    statement: Statement
    position: Position
    similarity: float
    title: str = ""
    published: datetime | None = None


def shift_probability(probabilities: Mapping[Relation, float]) -> float:
    """Return the probability of any shift, in [0, 1], of those of the relations."""
    return sum(p for relation, p in probabilities.items() if relation.is_shift)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The classifier's judgement of one candidate. `probabilities` has the six relations and sums to 1."""

    candidate: Candidate
    relation: Relation
    probabilities: dict[Relation, float]
    evidence: str
    reason: str
    model: str

    @property
    def shift_probability(self) -> float:
        """Probability that the statement is any shift, in [0, 1]."""
        return shift_probability(self.probabilities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the policy decided about an assessment, and why, in words that are stored and shown."""

    decision: Decision
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One outlet's report of a shift."""

    outlet: str
    title: str
    url: str
    published: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What is shown to the desk about one shift. `key` names the shift, never an article, and is the same for ever."""

    key: str
    assessment: Assessment
    article_title: str
    article_url: str
    outlet: str
    published: datetime
    accounts: tuple[Account, ...] = field(default=())
    """Further outlets' reports, without the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An alert on its way to one channel. `payload` is what goes out (JSON object); `ref` names the posted message."""

    id: str
    alert_key: str
    channel: str
    payload: dict[str, object]
    state: DeliveryState
    attempts: int
    not_before: datetime
    ref: str = ""
    reason: str = ""
    created_at: datetime | None = None
    """Since when it can be on screen."""

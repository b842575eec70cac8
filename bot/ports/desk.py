"""What the conversation with the desk asks, and what it is answered: wishes, and sheets that show how things stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from bot.domain import Relation


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
    LABEL = "label"


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
    """What `by` asks for. `subject` is a shift's key, a position's id (mute, unmute), a verdict's (undo), an assessment's (label).

    `wording` belongs to a confirmation, `reason` to a rejection, `into` (a shift's key) to a merger, `hours` to a mute, `line`
    to a tracking and `relation` to a label.
    """

    kind: WishKind
    by: str
    subject: str = ""
    wording: str = ""
    reason: str = ""
    into: str = ""
    hours: float = 24.0
    line: NewLine | None = None
    relation: Relation = Relation.UNRELATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of a wish, in a sentence for whoever had it; `done` is False where it was refused or came second.

    `verdict` names what was filed, for an UNDO; "" where nothing was.
    """

    done: bool
    told: str
    verdict: str = ""


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
    """One statement with what the bot made of it. `decision` is alert, digest or silent; `reason` says why.

    `id` is the assessment's, for a LABEL, and `line` the one that it is held against; "" where nobody is asked to judge.
    """

    headline: str
    words: str
    probability: float
    decision: str
    reason: str
    url: str = ""
    outlet: str = ""
    at: datetime | None = None
    id: str = ""
    line: str = ""


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
    """What the desk would teach the bot most by judging, the most useful first."""
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

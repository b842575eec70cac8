"""What delivery asks of whatever shows alerts to the desk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.domain import Delivery


class PostOutcomeKind(StrEnum):
    """How a post ended. `doubtful`: it may be on screen; `mend`: a person must act; `bug`: the message itself is wrong."""

    POSTED = "posted"
    RETRY = "retry"
    DOUBTFUL = "doubtful"
    MEND = "mend"
    BUG = "bug"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOutcome:
    """What came of a post. `ref` names the message when posted; `retry_after_s` is what the other side asked for, or None.

    `detail` is what the other side said of the reason beside its code, in words for a person, "" for nothing.
    """

    kind: PostOutcomeKind
    ref: str = ""
    reason: str = ""
    retry_after_s: float | None = None
    detail: str = ""

    @property
    def told(self) -> str:
        """The reason with its detail: "missing_scope (Slack asks for channels:read)"."""
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


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

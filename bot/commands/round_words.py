"""What `once` did, in words for somebody who does it for the first time; and how it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from bot.commands.output import counted
from bot.core.dispatch import DOUBT, MEND, RATE_LIMITED, RETRY, Kind
from bot.domain import DeliveryState
from bot.slack.codes import advice_on
from bot.store.backlog import Waits

REASONS_TOLD = 4
GAVE_UP = "gave up"
SILENT = (
    "for the first time, in silence: that fills the ledger and alerts to nothing, so that a new desk is not told last "
    "week's news.\nWhat it would have told: `walkback replay store:`. A feed that has `first_run: post` in feeds.yaml "
    "before its first reading alerts at once."
)
NO_TURN = "not its turn yet; one message a second goes to a channel, and this command waits a minute at most"
_KINDS = {
    Kind.ALERT: "alert",
    Kind.REPLY: "further report",
    Kind.DIGEST: "digest",
    Kind.DAILY: "daily digest",
    Kind.PICTURE: "picture of what was said so far",
    Kind.RENEWAL: "alert brought up to date",
}
_SEVERAL = {Kind.PICTURE: "pictures of what was said so far", Kind.RENEWAL: "alerts brought up to date"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTold:
    """One round.

    `not_read` counts articles that were not judged by reason, `first_read` feeds that were read in silence, `shown` messages
    that came on screen by kind.
    """

    counts: Mapping[str, int]
    problems: Mapping[str, str] = field(default_factory=dict)
    not_read: Mapping[str, int] = field(default_factory=dict)
    first_read: int = 0
    shown: Mapping[Kind, int] = field(default_factory=dict)
    backlog: Sequence[Waits] = ()
    shown_in: str = "this terminal"

    @property
    def exit_code(self) -> int:
        """3 where every feed failed, or what shows alerts did not take one; 1 where some feeds failed; else 0."""
        polled, failed = self.counts["feeds_polled"], self.counts["feeds_failed"]
        if any(is_hindered(row) for row in self.backlog) or (failed and failed == polled):
            return 3
        return 1 if failed else 0

    def lines(self) -> Iterator[str]:
        """Yield the account for people, a sentence or two a line."""
        yield from (f"{url}: {problem}" for url, problem in self.problems.items())
        yield from self._feeds()
        yield from self._articles()
        yield from self._alerts()
        yield from waiting_lines(self.backlog, self.shown_in)

    def _feeds(self) -> Iterator[str]:
        polled, failed = self.counts["feeds_polled"], self.counts["feeds_failed"]
        if not failed:
            yield f"Feeds: {polled} read."
        else:
            read = f"Feeds: {polled - failed} of {polled} read; {failed} could not be, see above"
            yield f"{read}; `walkback feeds check` says what to do."
        if self.first_read:
            yield f"{counted(self.first_read, 'feed was', 'feeds were')} read {SILENT}"

    def _articles(self) -> Iterator[str]:
        yield f"Articles: {self.counts['new_articles']} new, {self.counts['assessed']} compared with the tracked lines."
        if self.not_read:
            reasons = sorted(self.not_read.items(), key=lambda one: -one[1])
            told = [f"{reason.replace('_', ' ')} ({n})" for reason, n in reasons[:REASONS_TOLD]]
            more = len(reasons) - len(told)
            rest = f" and {counted(more, 'further reason')}: `walkback doctor`" if more else ""
            yield f"Passed over, by reason: {', '.join(told)}{rest}."
        if failed := self.counts["failed"]:
            articles = counted(failed, "attempt")
            yield f"{articles} to compare an article ended in a fault of the bot, logged above; each article gets five."

    def _alerts(self) -> Iterator[str]:
        alerts, further = self.counts["alerts"], self.counts["further_accounts"]
        joined = f", {counted(further, 'further report')} of a shift that was alerted to before" if further else ""
        yield f"Alerts: {alerts or 'none'}{' new' if alerts else ''}{joined}."
        if self.shown:
            yield f"Shown in {self.shown_in}: {_listed(self.shown)}."


def is_hindered(row: Waits) -> bool:
    """Whether it waits, or was given up, because what shows alerts did not take it, and not by the desk's own choice."""
    if row.state is DeliveryState.DEAD:
        return True
    return row.reason.startswith((MEND, RETRY, DOUBT, RATE_LIMITED, GAVE_UP))


def waiting_lines(backlog: Sequence[Waits], shown_in: str) -> Iterator[str]:
    """Yield what waits for each channel and why, and what to do about it."""
    for channel, alike in groupby(sorted(backlog, key=lambda row: row.channel), lambda row: row.channel):
        rows = list(alike)
        dead = [row for row in rows if row.state is DeliveryState.DEAD]
        hindered = [row for row in rows if is_hindered(row) and row not in dead]
        untried = [row for row in rows if not row.reason and row not in dead]
        if hindered:  # what was not tried yet stands behind what was
            yield _hindered(channel, hindered, [*hindered, *untried], shown_in)
        elif untried:
            yield f"{_what(untried)} for {channel}: {NO_TURN}."
        chosen = [row for row in rows if row not in dead and row not in hindered and row not in untried]
        for reason, of_it in groupby(sorted(chosen, key=lambda row: row.reason), lambda row: row.reason):
            yield f"{_what(list(of_it))} for {channel}: {reason}."
        for row in dead:
            yield f"{counted(row.n, _KINDS[row.kind])} for {channel} given up: {row.reason}. `walkback doctor` names it."


def _hindered(channel: str, hindered: Sequence[Waits], rows: Sequence[Waits], shown_in: str) -> str:
    reason = min((row.reason for row in hindered), key=lambda text: not text.startswith(MEND))
    for prefix in (MEND, RETRY, DOUBT):
        reason = reason.removeprefix(prefix)
    advice = f" {advice_on(reason)}." if any(row.reason.startswith(MEND) for row in hindered) else ""
    first = f"{_what(rows)} for {channel}, since {shown_in} did not take what was tried: {reason}.{advice}"
    return f"{first}\nNothing is lost: it goes out with the next `walkback once` or `walkback run` that is let through."


def _what(rows: Sequence[Waits]) -> str:
    """Return how much waits: "2 alerts, 1 further report wait"."""
    kinds = {kind: sum(row.n for row in rows if row.kind is kind) for kind in _KINDS}
    return f"{_listed(kinds)} {'waits' if sum(kinds.values()) == 1 else 'wait'}"


def _listed(kinds: Mapping[Kind, int]) -> str:
    return ", ".join(
        counted(kinds[kind], one, _SEVERAL.get(kind, "")) for kind, one in _KINDS.items() if kinds.get(kind)
    )

"""The deliveries that a judged article makes: an alert of its own, or a report in the thread of an earlier one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.core.card import About, alert_record, reply_record
from bot.core.dispatch import Kind, priority
from bot.domain import Account, Alert, Article, Assessment, Candidate, Position, identify
from bot.store import deliveries
from bot.store.assessments import TimelineEntry
from bot.store.shifts import ShiftRecord

OUTLETS_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a thread is told of one account. `says` and `heading` as in `core.card.reply_record`.

    `tag` names the occasion, of which a thread is told once; "" where the account bears the shift out and is counted.
    """

    account: Account
    says: str = ""
    heading: str = ""
    tag: str = ""


class Messages:
    """Makes deliveries in the caller's transaction.

    Args:
        channel_for: The channel of a position's alerts.
        mention_for: The user group that a position's alerts call, "" for none.
    """

    def __init__(self, *, channel_for: Callable[[Position], str], mention_for: Callable[[Position], str]) -> None:
        self._channel_for = channel_for
        self._mention_for = mention_for

    def channel(self, position: Position) -> str:
        """Return where a position's alerts go."""
        return self._channel_for(position)

    def alert(self, connection: Connection, key: str, alert: Alert, now: datetime, about: About = About.SHIFT) -> None:
        """Alert the desk; once for a key."""
        position = alert.assessment.candidate.position
        deliveries.add(
            connection,
            alert_key=key,
            position_id=position.id,
            channel=self._channel_for(position),
            payload=alert_record(alert, mention=self._mention_for(position), about=about),
            priority=priority(alert.assessment.relation, alert.assessment.shift_probability),
            now=now,
        )

    def reply(
        self,
        connection: Connection,
        record: ShiftRecord,
        entries: Sequence[TimelineEntry],
        position: Position,
        reply: Reply,
        now: datetime,
    ) -> bool:
        """Tell the thread of a shift's alert, whose message shows what it comes to; False where that was told before.

        `entries` are the shift's accounts so far, at least one.
        """
        first = opener(record, entries)
        later = {entry.article_url: entry for entry in reversed(entries) if entry.article_url != first.article_url}
        accounts = [account_from(entry) for entry in reversed(later.values())]
        if not reply.tag:
            accounts.append(reply.account)
        alert = replace(alert_from(record.key, first, position), accounts=tuple(accounts[:OUTLETS_SHOWN]))
        about = About(record.kind)
        payload = reply_record(alert, reply.account, says=reply.says, heading=reply.heading, about=about)
        return deliveries.add(
            connection,
            alert_key=identify("reply", record.key, reply.tag or reply.account.url),
            position_id=position.id,
            channel=self._channel_for(position),
            payload=payload,
            priority=priority(first.relation, alert.assessment.shift_probability),
            now=now,
            kind=Kind.REPLY,
            parent_key=record.key,
        )


def opener(record: ShiftRecord, entries: Sequence[TimelineEntry]) -> TimelineEntry:
    """Return the account that opened a shift, which its alert shows: the one with its words, else the earliest."""
    return next((entry for entry in entries if entry.statement.text == record.words), entries[0])


def alert_of(key: str, assessment: Assessment, article: Article) -> Alert:
    """Return the alert that an article makes."""
    return Alert(
        key=key,
        assessment=assessment,
        article_title=article.title,
        article_url=article.url,
        outlet=article.outlet,
        published=article.published,
    )


def alert_from(key: str, entry: TimelineEntry, position: Position) -> Alert:
    """Return the alert that an account on file made."""
    candidate = Candidate(
        statement=entry.statement,
        position=position,
        similarity=entry.similarity,
        title=entry.article_title,
        published=entry.published,
    )
    return Alert(
        key=key,
        assessment=entry.judged(candidate),
        article_title=entry.article_title,
        article_url=entry.article_url,
        outlet=entry.outlet,
        published=entry.published,
    )


def account_of(assessment: Assessment, article: Article) -> Account:
    """Return the account that an article gives."""
    return Account(
        outlet=article.outlet,
        title=article.title,
        url=article.url,
        published=article.published,
        text=assessment.candidate.statement.text,
    )


def account_from(entry: TimelineEntry) -> Account:
    """Return the account that is on file."""
    return Account(
        outlet=entry.outlet,
        title=entry.article_title,
        url=entry.article_url,
        published=entry.published,
        text=entry.statement.text,
    )

"""Assess: pending articles become statements, assessments, shifts and deliveries, an article in one transaction.

The slow work (reading, encoding) happens before the transaction opens. A crash in between leaves the claim to run out, and the
article is assessed again; every row's id is derived from its content, so that nothing is there twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, Engine

from bot.core.card import alert_record, reply_record
from bot.core.dispatch import Kind, priority
from bot.core.grouping import Grouped, OpenShift, group
from bot.core.policies import AlertPolicy
from bot.detection.featurizer import Featurizer
from bot.domain import (
    Account,
    Alert,
    Article,
    ArticleState,
    Assessment,
    Candidate,
    Decision,
    Position,
    Ruling,
    identify,
)
from bot.stages.judge import ArticleJudge, JudgedArticle
from bot.store import articles, assessments, deliveries, positions, shifts, tallies
from bot.store.assessments import Judged, TimelineEntry
from bot.store.engine import snapshot, transaction

log = structlog.get_logger()

STAGE = "assess"
LEASE_S = 300.0
FIRST_RUN = "first run of the feed: the ledger is filled, nothing is posted"
KNOWN = "another account of a shift that the desk was told of"
KNOWN_SILENTLY = "another account of a shift that was on record before the desk was to be told"
OUTLETS_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessReport:
    """What one round did: articles by outcome, alerts made, accounts added to earlier alerts."""

    outcomes: Counter[str] = field(default_factory=Counter)
    alerts: int = 0
    accounts: int = 0

    @property
    def articles(self) -> int:
        """How many articles were taken up."""
        return sum(self.outcomes.values())


class Assess:
    """The stage that judges.

    Args:
        engine: The store.
        make_judge: Builds the judge for the positions in force; called again when the ledger has moved.
        configured: The desk's positions.
        featurizer: For likening a statement to the shifts on record.
        policy: The desk's thresholds.
        channel_for: The channel of a position's alerts.
        mention_for: The user group that a position's alerts call, "" for none.
        batch: How many articles a round claims.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        make_judge: Callable[[Sequence[Position]], ArticleJudge],
        configured: Sequence[Position],
        featurizer: Featurizer,
        policy: AlertPolicy,
        channel_for: Callable[[Position], str],
        mention_for: Callable[[Position], str] = lambda _: "",
        batch: int = 8,
    ) -> None:
        self._engine = engine
        self._make_judge = make_judge
        self._configured = tuple(configured)
        self._featurizer = featurizer
        self._policy = policy
        self._channel_for = channel_for
        self._mention_for = mention_for
        self._batch = batch
        self._in_force: tuple[Position, ...] = ()
        self._judge: ArticleJudge | None = None

    def recover(self) -> int:
        """Take up at once what an earlier process left claimed; only where no other process assesses. Return how much."""
        with transaction(self._engine) as connection:
            return articles.release_all(connection)

    def run_once(self, now: datetime) -> AssessReport:
        """Claim pending articles and assess them one by one; a failure concerns its article alone."""
        with transaction(self._engine) as connection:
            claimed = articles.claim_pending(connection, now, self._batch, LEASE_S)
        report = AssessReport()
        if not claimed:
            return report
        judge = self._current_judge()
        for article in claimed:
            try:
                made = self._assess(judge, article, now)
            except (
                Exception
            ) as fault:  # the boundary of an article: it is counted, tried again, and put aside after five
                log.exception("article_failed", article=article.id, url=article.url)
                report.outcomes["failed"] += 1
                with transaction(self._engine) as connection:
                    tallies.count(connection, now.date(), STAGE, "failed", type(fault).__name__)
                continue
            report.outcomes["skipped" if made is None else "assessed"] += 1
            alerts, accounts = made or (0, 0)
            report = replace(report, alerts=report.alerts + alerts, accounts=report.accounts + accounts)
        return report

    def _current_judge(self) -> ArticleJudge:
        """Return a judge for the positions in force, made anew only where the ledger has moved."""
        with snapshot(self._engine) as connection:
            in_force = positions.with_ledger(self._configured, positions.current(connection))
        if self._judge is None or in_force != self._in_force:
            self._judge, self._in_force = self._make_judge(in_force), in_force
        return self._judge

    def _assess(self, judge: ArticleJudge, article: Article, now: datetime) -> tuple[int, int] | None:
        """Return how many alerts and further accounts an article gave, None where it was not read."""
        judged = judge.judge(article, now)
        with transaction(self._engine) as connection:
            if judged.abstained:
                reason = judged.abstained.reason
                articles.mark(connection, article.id, ArticleState.SKIPPED, reason, now)
                tallies.count(connection, now.date(), STAGE, "skipped", reason)
                return None
            made = self._commit(connection, judged, now)
            articles.mark(connection, article.id, ArticleState.ASSESSED, "", now)
        log.info(
            "article_assessed",
            article=article.id,
            url=article.url,
            sentences=judged.sentences,
            candidates=len(judged.assessments),
            alerts=made[0],
            accounts=made[1],
        )
        return made

    def _commit(self, connection: Connection, judged: JudgedArticle, now: datetime) -> tuple[int, int]:
        """Save what was found and make its deliveries; return how many alerts and further accounts that gave."""
        found = judged.assessments
        assessments.save_statements(
            connection, {a.candidate.statement.id: a.candidate.statement for a, _ in found}.values()
        )
        alerts = accounts = 0
        here: dict[str, str] = {}
        for assessment, ruling in found:
            if ruling.decision is not Decision.ALERT:
                self._save(connection, assessment, ruling, None, now)
                continue
            grouped = self._group(connection, assessment, here, now)
            outcome, told = self._alert(connection, judged.article, assessment, ruling, grouped, now)
            alerts += outcome == "alert"
            accounts += outcome == "account"
            self._save(connection, assessment, told, grouped.key, now)
        tallies.count(connection, now.date(), STAGE, "assessed", "candidates found" if found else "no tracked topic")
        for reason, n in judged.dropped.items():
            if n:
                tallies.count(connection, now.date(), STAGE, "dropped", reason, n)
        return alerts, accounts

    def _save(
        self, connection: Connection, assessment: Assessment, ruling: Ruling, shift_key: str | None, now: datetime
    ) -> None:
        judged = Judged(assessment=assessment, ruling=ruling, shift_key=shift_key)
        assessments.save_assessments(connection, [judged], now)
        tallies.count(connection, now.date(), STAGE, ruling.decision.value, assessment.relation.value)

    def _group(self, connection: Connection, assessment: Assessment, here: dict[str, str], now: datetime) -> Grouped:
        """Find the shift on record that the statement belongs to; an article makes one for a position, by its strongest words."""
        position, words = assessment.candidate.position, assessment.candidate.statement.text
        if position.id in here:
            return Grouped(key=here[position.id], is_new=False, reason="told in the same article")
        since = now - timedelta(days=self._policy.known_for_days)
        known = [
            OpenShift(key=s.key, revision=s.position_revision, relation=s.relation, words=s.words)
            for s in shifts.recent(connection, position.id, since)
        ]
        vectors = self._featurizer.vectors([words, *(shift.words for shift in known)])
        similar = list(zip(known, (float(c) for c in vectors[1:] @ vectors[0]), strict=True))
        grouped = group(
            position_id=position.id,
            revision=position.revision,
            relation=assessment.relation,
            words=words,
            similar=similar,
        )
        here[position.id] = grouped.key
        return grouped

    def _alert(
        self,
        connection: Connection,
        article: Article,
        assessment: Assessment,
        ruling: Ruling,
        grouped: Grouped,
        now: datetime,
    ) -> tuple[str, Ruling]:
        """Open the shift with an alert, or add the article to the alert that the desk has; return what came of it."""
        position = assessment.candidate.position
        record = shifts.get(connection, grouped.key)
        if record is None:
            shifts.save(connection, _opened(grouped.key, assessment, now, alerted=not article.silent))
            if article.silent:
                return "silent", Ruling(decision=Decision.SILENT, reason=f"{ruling.reason}; {FIRST_RUN}")
            self._post(connection, grouped.key, _alert_of(grouped.key, assessment, article), now)
            return "alert", ruling
        shifts.touch(connection, grouped.key, now)
        if not record.alerted or article.silent:
            return "silent", Ruling(decision=Decision.SILENT, reason=f"{ruling.reason}; {KNOWN_SILENTLY}")
        entries = assessments.for_shift(connection, grouped.key)
        if any(entry.article_url == article.url for entry in entries):
            return "same", Ruling(decision=Decision.SILENT, reason=f"{ruling.reason}; {grouped.reason}")
        self._reply(connection, grouped.key, entries, position, _account_of(assessment, article), now)
        return "account", Ruling(decision=Decision.ALERT, reason=f"{ruling.reason}; {KNOWN}")

    def _post(self, connection: Connection, key: str, alert: Alert, now: datetime) -> None:
        position = alert.assessment.candidate.position
        deliveries.add(
            connection,
            alert_key=key,
            position_id=position.id,
            channel=self._channel_for(position),
            payload=alert_record(alert, mention=self._mention_for(position)),
            priority=priority(alert.assessment.relation, alert.assessment.shift_probability),
            now=now,
        )

    def _reply(
        self,
        connection: Connection,
        key: str,
        entries: Sequence[TimelineEntry],
        position: Position,
        account: Account,
        now: datetime,
    ) -> None:
        """Tell of one more outlet in the thread of the alert, whose message shows the count from now on."""
        first = entries[0]
        later = {entry.article_url: entry for entry in reversed(entries) if entry.article_url != first.article_url}
        accounts = (*(_account_from(entry) for entry in reversed(later.values())), account)[:OUTLETS_SHOWN]
        alert = replace(_alert_from(key, first, position), accounts=accounts)
        deliveries.add(
            connection,
            alert_key=identify("reply", key, account.url),
            position_id=position.id,
            channel=self._channel_for(position),
            payload=reply_record(alert, account),
            priority=priority(first.relation, alert.assessment.shift_probability),
            now=now,
            kind=Kind.REPLY,
            parent_key=key,
        )


def _opened(key: str, assessment: Assessment, now: datetime, *, alerted: bool) -> shifts.ShiftRecord:
    position = assessment.candidate.position
    return shifts.ShiftRecord(
        key=key,
        position_id=position.id,
        position_revision=position.revision,
        relation=assessment.relation,
        words=assessment.candidate.statement.text,
        opened_at=now,
        last_seen_at=now,
        alerted=alerted,
    )


def _alert_of(key: str, assessment: Assessment, article: Article) -> Alert:
    return Alert(
        key=key,
        assessment=assessment,
        article_title=article.title,
        article_url=article.url,
        outlet=article.outlet,
        published=article.published,
    )


def _alert_from(key: str, entry: TimelineEntry, position: Position) -> Alert:
    """Return the alert that a shift's first account made."""
    candidate = Candidate(
        statement=entry.statement,
        position=position,
        similarity=entry.similarity,
        title=entry.article_title,
        published=entry.published,
    )
    assessment = Assessment(
        candidate=candidate,
        relation=entry.relation,
        probabilities=entry.probabilities,
        evidence=entry.evidence,
        reason=entry.reason,
        model=entry.model,
    )
    return Alert(
        key=key,
        assessment=assessment,
        article_title=entry.article_title,
        article_url=entry.article_url,
        outlet=entry.outlet,
        published=entry.published,
    )


def _account_of(assessment: Assessment, article: Article) -> Account:
    return Account(
        outlet=article.outlet,
        title=article.title,
        url=article.url,
        published=article.published,
        text=assessment.candidate.statement.text,
    )


def _account_from(entry: TimelineEntry) -> Account:
    return Account(
        outlet=entry.outlet,
        title=entry.article_title,
        url=entry.article_url,
        published=entry.published,
        text=entry.statement.text,
    )

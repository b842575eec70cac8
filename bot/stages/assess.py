"""Assess: pending articles become statements, assessments, shifts and deliveries, an article in one transaction.

The slow work (reading, encoding) happens before the transaction opens. A crash in between leaves the claim to run out, and the
article is assessed again; every row's id is derived from its content, so that nothing is there twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import zip_longest

import structlog
from sqlalchemy import Connection, Engine

from bot.core.policies import AlertPolicy
from bot.detection.featurizer import Featurizer
from bot.domain import Article, ArticleState, Position
from bot.errors import StoreError
from bot.stages.announce import Announce, unannounced
from bot.stages.cases import Taken
from bot.stages.copies import Copies
from bot.stages.judge import ArticleJudge, JudgedArticle
from bot.stages.ledger import STAGE, Ledger
from bot.stages.messages import Messages
from bot.store import articles, positions, tallies
from bot.store.engine import snapshot, take_turns, transaction

log = structlog.get_logger()

LEASE_S = 300.0
JUDGES_KEPT = 4
"""Judges of lines that held at several times; most articles are of today, and need one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessReport:
    """What one round did: articles by outcome, alerts made, accounts added to earlier alerts, and what spoke against those."""

    outcomes: Counter[str] = field(default_factory=Counter)
    alerts: int = 0
    accounts: int = 0
    disputes: int = 0

    @property
    def articles(self) -> int:
        """How many articles were taken up."""
        return sum(self.outcomes.values())


class Assess:
    """The stage that judges.

    Args:
        engine: The store.
        make_judge: Builds the judge for some lines; called again when the ledger has moved, and for lines of another day.
        configured: The desk's positions; those that only the ledger has are added.
        featurizer: For likening a statement to the shifts on record.
        policy: The desk's thresholds.
        channel_for: The channel of a position's alerts.
        mention_for: The user group that a position's alerts call, "" for none.
        batch: How many articles a round claims.
        announce: Told of the channels that got something to deliver, in the transaction that wrote it.
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
        announce: Announce = unannounced,
    ) -> None:
        self._engine = engine
        self._make_judge = make_judge
        self._configured = tuple(configured)
        messages = Messages(channel_for=channel_for, mention_for=mention_for)
        self._ledger = Ledger(featurizer=featurizer, policy=policy, messages=messages)
        self._batch = batch
        self._announce = announce
        self._copies = Copies(engine, policy)
        self._in_force: tuple[Position, ...] = ()
        self._judges: dict[tuple[Position, ...], ArticleJudge] = {}
        self._judge_in_force: ArticleJudge | None = None

    def recover(self) -> int:
        """Take up at once what an earlier process left claimed; only where no other process assesses. Return how much."""
        with transaction(self._engine) as connection:
            return articles.release_all(connection)

    def run_once(self, now: datetime, *, only: Collection[str] | None = None) -> AssessReport:
        """Claim pending articles and assess them one by one; a failure concerns its article alone.

        `only` names the ids to look among, None for all.
        """
        with transaction(self._engine) as connection:
            claimed = articles.claim_pending(connection, now, self._batch, LEASE_S, only=only)
        report = AssessReport()
        if not claimed:
            return report
        self._read_ledger()
        for article, following in zip_longest(claimed, claimed[1:]):
            try:
                made = self._assess(article, following, now)
            except StoreError:
                raise  # nothing to do with the article
            except (
                Exception
            ) as fault:  # the boundary of an article: it is counted, tried again, and put aside after five
                log.exception("article_failed", article=article.id, url=article.url)
                report.outcomes["failed"] += 1
                with transaction(self._engine) as connection:
                    _begin(connection, following)
                    tallies.count(connection, now.date(), STAGE, "failed", type(fault).__name__)
                continue
            report.outcomes["skipped" if made is None else "assessed"] += 1
            if made:
                report = _with(report, made)
        return report

    def _read_ledger(self) -> None:
        """Take the lines in force from the ledger; judges of others are forgotten."""
        with snapshot(self._engine) as connection:
            in_force = positions.in_force(connection, self._configured)
        if in_force != self._in_force:
            self._judges, self._in_force, self._judge_in_force = {}, in_force, None

    def _lines(self, article: Article) -> tuple[Position, ...]:
        """Return the lines that held when the article appeared: what was said then is measured by what was held then."""
        day = article.published.date()
        if not any(position.since > day and position.revision > 1 for position in self._in_force):
            return self._in_force
        with snapshot(self._engine) as connection:
            return positions.as_of(connection, self._in_force, day)

    def _judge(self, lines: tuple[Position, ...]) -> ArticleJudge:
        # As for nearly every article: to look thousands of lines up takes longer than to judge.
        if lines is self._in_force:
            self._judge_in_force = self._judge_in_force or self._make_judge(lines)
            return self._judge_in_force
        if lines not in self._judges:
            while len(self._judges) >= JUDGES_KEPT:
                del self._judges[next(iter(self._judges))]
            self._judges[lines] = self._make_judge(lines)
        return self._judges[lines]

    def _assess(self, article: Article, following: Article | None, now: datetime) -> Taken | None:
        """Return what an article gave, None where it was not read; `following` is begun when its end is stored."""
        lines = self._lines(article)
        judged, copy = self._copies.judge(self._judge(lines), article, lines, now)  # only what no copy of it had
        with transaction(self._engine) as connection:
            # One article may be in two hands, where the first was taken for dead; and two articles may tell of one shift.
            take_turns(connection, *{f"position {a.candidate.position.id}" for a, _ in judged.assessments})
            _begin(connection, following)
            if not articles.is_pending(connection, article.id):
                return None
            if judged.abstained:
                reason = judged.abstained.reason
                articles.mark(connection, article.id, ArticleState.SKIPPED, reason, now)
                tallies.count(connection, now.date(), STAGE, "skipped", reason)
                return None
            made = self._ledger.take(connection, judged, {position.id: position for position in self._in_force}, now)
            _count(connection, judged, now)
            if made.channels:
                self._announce(connection, sorted(made.channels))
            self._copies.save(connection, copy, now)
            articles.mark(connection, article.id, ArticleState.ASSESSED, "", now)
        log.info(
            "article_assessed",
            article=article.id,
            url=article.url,
            sentences=judged.sentences,
            candidates=len(judged.assessments),
            alerts=made.alerts,
            accounts=made.accounts,
            disputes=made.disputes,
        )
        return made


def _begin(connection: Connection, article: Article | None) -> None:
    if article is not None:
        articles.begin(connection, article.id)


def _count(connection: Connection, judged: JudgedArticle, now: datetime) -> None:
    outcome = "candidates found" if judged.assessments else "no tracked topic"
    dropped = {(now.date(), STAGE, "dropped", reason): n for reason, n in judged.dropped.items()}
    tallies.count_all(connection, {(now.date(), STAGE, "assessed", outcome): 1, **dropped})


def _with(report: AssessReport, made: Taken) -> AssessReport:
    return replace(
        report,
        alerts=report.alerts + made.alerts,
        accounts=report.accounts + made.accounts,
        disputes=report.disputes + made.disputes,
    )
